// Offline: messages wait on the device, survive a reload, and are sent once and in order.

import assert from 'node:assert/strict';
import test from 'node:test';
import { eventually, signIn } from './portal.js';
import { composer, entry, kept, talk, texts, write } from './talk.js';

for (const who of /** @type {const} */ (['jane', 'maya'])) {
  test(`three messages written while the server is stopped arrive once and in order, after closing the browser's page (${who === 'jane' ? 'desktop' : 'phone'})`, async (t) => {
    const { portal, path, ...people } = await talk(t);
    const [writer, reader] = who === 'jane' ? [people.jane, people.maya] : [people.maya, people.jane];
    const words = [`offline ${who} one`, `offline ${who} two`, `offline ${who} three`];
    await portal.stop('SIGKILL');
    for (const word of words) await write(writer, word);
    await entry(writer, words[2] ?? '')
      .locator('.fate', { hasText: 'Waiting for a connection' })
      .waitFor();
    assert.deepEqual(await texts(writer, `offline ${who}`), words);
    await composer(writer).fill('a thought not finished');
    await eventually('the draft on the device', async () =>
      (await kept(writer, 'drafts')).includes('a thought not finished'),
    );
    await writer.locator('#connection').waitFor();
    assert.ok(await composer(writer).isEnabled(), 'the composer is never switched off');
    assert.deepEqual(
      (await kept(writer, 'outbox')).map(({ text }) => text),
      words,
    );
    const context = writer.context();
    const again = await portal.tab(writer);
    await writer.close();

    await portal.begin();
    await again.goto(path);
    for (const visit of [again, reader]) {
      await entry(visit, words[2] ?? '')
        .and(visit.locator(':not(.sending):not(.waiting)'))
        .waitFor();
      await eventually('all three', async () => (await texts(visit, `offline ${who}`)).length === 3);
      assert.deepEqual(await texts(visit, `offline ${who}`), words);
    }
    assert.equal(await composer(again).inputValue(), 'a thought not finished', 'the draft is there as well');
    await eventually('an empty outbox', async () => (await kept(again, 'outbox')).length === 0);
    assert.equal(await reader.locator('#connection').isVisible(), false, 'the bar is gone');

    // The page that the server renders has each of them once, too.
    await reader.reload();
    assert.deepEqual(await texts(reader, `offline ${who}`), words);
    assert.equal(context.pages().length, 1);
    [reader, writer, again].forEach((visit) => visit.forgive());
  });
}

test('a reload with messages waiting, an answer that got lost: still once and in order, from whichever page is open', async (t) => {
  const { jane, maya, path } = await talk(t);
  let lost = 0;
  // The server gets the first message but its response is lost; the others are not sent at all.
  await maya.context().route(`**${path}`, async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    lost += 1;
    if (lost === 1) await route.fetch();
    return route.abort('connectionreset');
  });
  // Without the stream, which would report its arrival.
  await maya.context().route('**/live?*', (route) => route.abort());
  await maya.reload();
  for (const word of ['one', 'two', 'three']) await write(maya, `wait ${word}`);
  await entry(jane, 'wait one').waitFor();
  await eventually('a second try', async () => lost > 1);
  await eventually('all three on the device', async () => (await kept(maya, 'outbox')).length === 3);
  await maya.reload();
  await eventually('all three', async () => (await texts(maya, 'wait')).length === 3);
  assert.deepEqual(await texts(maya, 'wait'), ['wait one', 'wait two', 'wait three']);
  await maya.goto('/profile');
  await maya.context().unrouteAll({ behavior: 'ignoreErrors' });
  await maya.goto('/messages');
  await entry(jane, 'wait three').waitFor();
  assert.deepEqual(await texts(jane, 'wait'), ['wait one', 'wait two', 'wait three']);
  [jane, maya].forEach((visit) => visit.forgive());
});

test('several tabs of one browser send what waits once and in the order of writing', async (t) => {
  const { portal, jane, maya, path } = await talk(t);
  const second = await portal.tab(maya);
  await second.goto(path);
  const third = await portal.tab(maya);
  await third.goto('/messages');
  /** @type {string[]} */
  const sent = [];
  maya.context().on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith(path)) sent.push(request.postDataJSON().text);
  });
  await portal.stop();
  const words = ['one', 'two', 'three', 'four', 'five', 'six'];
  for (const [index, word] of words.entries()) await write(index % 2 ? second : maya, `tabs ${word}`);
  await entry(maya, 'tabs five').locator('.fate').waitFor();
  await entry(second, 'tabs six').locator('.fate').waitFor();
  sent.length = 0;
  await portal.begin();
  await entry(jane, 'tabs six').waitFor();
  const wanted = words.map((word) => `tabs ${word}`);
  for (const visit of [jane, maya, second]) {
    await eventually('all six', async () => (await texts(visit, 'tabs')).length === 6);
    assert.deepEqual(await texts(visit, 'tabs'), wanted);
    await visit.locator('.entry:is(.sending, .waiting)').waitFor({ state: 'detached' });
  }
  assert.deepEqual(
    sent.filter((text, index) => sent.lastIndexOf(text) === index),
    wanted,
  );
  [jane, maya, second, third].forEach((visit) => visit.forgive());
});

test('nobody else on the device is shown unsent text, or sends it', async (t) => {
  const { portal, jane, maya, path } = await talk(t);
  const stale = await portal.tab(maya);
  await stale.goto(path);
  let isHeld = true;
  await maya
    .context()
    .route(`**${path}`, (route) =>
      route.request().method() === 'POST' && isHeld ? route.abort('internetdisconnected') : route.continue(),
    );
  await write(maya, 'private words');
  await entry(maya, 'private words').locator('.fate', { hasText: 'Waiting' }).waitFor();
  await composer(maya).fill('private draft');
  await eventually('the draft on the device', async () =>
    (await kept(maya, 'drafts')).includes('private draft'),
  );
  await maya.goto('/profile');

  // A page of Maya's that is not told what happens next.
  await maya.context().route('**/live?*', (route) => route.abort());
  await stale.reload();
  const mine = await stale.locator('body').getAttribute('data-me');
  await signIn(maya, await portal.signInLink('jane@harborlee.example'));
  // Maya's old page tries to send: it is refused and reloads, and nothing is sent in Jane's name.
  const refused = stale.waitForResponse(
    (answer) => answer.request().method() === 'POST' && answer.url().endsWith(path),
  );
  isHeld = false;
  await stale.evaluate(() => window.dispatchEvent(new Event('online')));
  assert.equal((await refused).status(), 401);
  await stale.waitForFunction((me) => document.body.dataset.me !== me, mine);
  assert.deepEqual(await texts(stale, 'private'), []);
  assert.deepEqual(await texts(jane, 'private'), []);
  await maya.goto(path);
  await maya.locator('.entry').first().waitFor();
  assert.deepEqual(await texts(maya, 'private'), []);
  assert.equal(await composer(maya).inputValue(), '');
  await maya.goto('/messages');
  assert.equal(await maya.getByText('private').count(), 0);

  // Maya signs in again: her message is sent now.
  await maya.context().unrouteAll({ behavior: 'ignoreErrors' });
  await signIn(maya, await portal.signInLink('maya@northwind.example'));
  await maya.goto(path);
  await entry(jane, 'private words').and(jane.locator(':not(.own)')).waitFor();
  [jane, maya, stale].forEach((visit) => visit.forgive());
});
