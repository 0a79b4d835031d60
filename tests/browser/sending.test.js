// Sending: the message is shown at once, and replaced by the real one from the response or the live update.

import assert from 'node:assert/strict';
import test from 'node:test';
import { eventually } from './portal.js';
import { composer, entry, kept, talk, texts, write } from './talk.js';

/** A gate that holds requests back. */
function gate() {
  /** @type {() => void} */
  let open = () => {};
  const opened = new Promise((/** @type {(value: void) => void} */ resolve) => (open = resolve));
  return { open, opened };
}

/** Marks the element of an entry, to check later that it is still the same. @param {import('playwright-core').Locator} found */
const mark = (found) => found.evaluate((element) => element.setAttribute('data-test', 'same'));

for (const who of /** @type {const} */ (['jane', 'maya'])) {
  test(`a message stands there before the answer, becomes sent, then seen (${who === 'jane' ? 'desktop' : 'phone'})`, async (t) => {
    const { path, ...people } = await talk(t);
    const [sender, reader] = who === 'jane' ? [people.jane, people.maya] : [people.maya, people.jane];
    await reader.goto('/profile');
    const answer = gate();
    await sender.route(`**${path}`, async (route) => {
      if (route.request().method() === 'POST') await answer.opened;
      await route.continue();
    });
    const text = `at once from ${who}`;
    await write(sender, text);
    assert.equal(await composer(sender).inputValue(), '');
    const bubble = entry(sender, text);
    await bubble.waitFor();
    assert.match((await bubble.getAttribute('class')) ?? '', /\bown\b.*\bsending\b/);
    const parts = (/** @type {Element} */ found) =>
      [...found.querySelectorAll('.message, .message *:not(p)')].map((part) =>
        `${part.tagName}.${part.className}`.replace(' plain', ''),
      );
    const before = await bubble.evaluate(parts);
    await mark(bubble);
    answer.open();
    const sent = bubble.and(sender.locator(':not(.sending)'));
    await sent.waitFor();
    assert.equal(
      await sent.getAttribute('data-test'),
      'same',
      'the entry has stayed, only the message in it is the real one',
    );
    assert.deepEqual(
      await sent.evaluate((found) =>
        [...found.querySelectorAll('.message, .message *:not(p)')].map(
          (part) => `${part.tagName}.${part.className}`,
        ),
      ),
      before,
      'both come from one template',
    );
    assert.equal(await bubble.locator('.seen').count(), 0);
    await reader.goto(path);
    await bubble.locator('.seen', { hasText: who === 'jane' ? 'Maya Okafor' : 'Jane Lee' }).waitFor();
    assert.equal((await texts(sender, text)).length, 1);
  });
}

test('m2: answer or event first, it is one message', async (t) => {
  const { jane, maya, path } = await talk(t);

  // The event comes first: the response is held back.
  const answer = gate();
  await jane.route(`**${path}`, async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    const response = await route.fetch();
    await answer.opened;
    await route.fulfill({ response });
  });
  await write(jane, 'event first');
  await entry(jane, 'event first').and(jane.locator(':not(.sending)')).waitFor();
  await mark(entry(jane, 'event first'));
  const answered = jane.waitForResponse(
    (response) => response.request().method() === 'POST' && response.url().endsWith(path),
  );
  answer.open();
  await answered;
  await jane.unrouteAll({ behavior: 'wait' });
  await write(jane, 'after it');
  await entry(jane, 'after it').and(jane.locator(':not(.sending)')).waitFor();
  assert.equal(await entry(jane, 'event first').getAttribute('data-test'), 'same');
  assert.deepEqual(await texts(jane, 'event first'), ['event first']);

  // The response comes first: there is no stream.
  await maya.context().route('**/live?*', (route) => route.abort('internetdisconnected'));
  await maya.evaluate(() => window.dispatchEvent(new Event('online')));
  await write(maya, 'answer first');
  await entry(maya, 'answer first').and(maya.locator(':not(.sending)')).waitFor();
  await mark(entry(maya, 'answer first'));
  await maya.context().unrouteAll({ behavior: 'ignoreErrors' });
  await write(jane, 'the stream is back');
  await entry(maya, 'the stream is back').waitFor();
  assert.equal(await entry(maya, 'answer first').getAttribute('data-test'), 'same');
  assert.deepEqual(await texts(maya, 'answer first'), ['answer first']);
  maya.forgive();
});

test('what is refused says why, and offers Retry and Delete, in every tab and after a reload', async (t) => {
  const { portal, jane, maya, path } = await talk(t);
  const long = `too long ${'x'.repeat(10_000)}`;
  await write(jane, long);
  const refused = jane.locator('.entry.refused');
  await refused.locator('.fate', { hasText: /10,?000/ }).waitFor();
  await write(jane, 'others go on');
  await entry(maya, 'others go on').waitFor();
  await jane.reload();
  await refused.getByRole('button', { name: 'Retry' }).click();
  await refused.locator('.fate', { hasText: /10,?000/ }).waitFor();
  const second = await portal.tab(jane);
  await second.goto(path);
  await second.locator('.entry.refused').waitFor();
  await refused.getByRole('button', { name: 'Delete' }).click();
  await refused.waitFor({ state: 'detached' });
  await second.locator('.entry.refused').waitFor({ state: 'detached' });
  await eventually('nothing on the device', async () => (await kept(jane, 'outbox')).length === 0);
  await jane.reload();
  await entry(jane, 'others go on').waitFor();
  assert.equal(await refused.count(), 0);

  // Refused once, accepted on the second attempt.
  await jane.route(`**${path}`, (route) =>
    route.request().method() === 'POST'
      ? route.fulfill({ status: 409, json: { code: 'conflict', message: 'Not just now.' } })
      : route.continue(),
  );
  await write(jane, 'try again');
  await refused.locator('.fate', { hasText: 'Not just now.' }).waitFor();
  await jane.unrouteAll();
  await refused.getByRole('button', { name: 'Retry' }).click();
  await entry(maya, 'try again').waitFor();
  await refused.waitFor({ state: 'detached' });
  assert.deepEqual(await texts(jane, 'try again'), ['try again']);
  [jane, second].forEach((visit) => visit.forgive());
});

test('a day stands above its first message, and nowhere once that was sent or taken back', async (t) => {
  const { jane } = await talk(t);
  // A day without messages; what the portal accepts still gets the real date.
  await jane.clock.setFixedTime(Date.now() + 3 * 86_400_000);
  const days = jane.locator('#log .day');
  const before = await days.count();
  await write(jane, `too long for a day ${'x'.repeat(10_000)}`);
  const refused = jane.locator('.entry.refused');
  await refused.waitFor();
  assert.equal(await days.count(), before + 1, 'the day of what is refused');
  await refused.getByRole('button', { name: 'Delete' }).click();
  await refused.waitFor({ state: 'detached' });
  assert.equal(await days.count(), before, 'taken back');

  await write(jane, 'on the day');
  await entry(jane, 'on the day').and(jane.locator(':not(.sending)')).waitFor();
  const last = await jane.locator('#log :is(.entry, .day)').last().getAttribute('class');
  assert.match(last ?? '', /\bentry\b/, 'nothing beneath what was sent');
  jane.forgive();
});
