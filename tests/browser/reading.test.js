// Reading: nothing jumps, pages open at the first unread message, and only visible messages count as read.

import assert from 'node:assert/strict';
import test from 'node:test';
import { eventually } from './portal.js';
import { scroll, unmoved } from './scroll.js';
import { composer, entry, newest, numbered, post, readOf, talk, texts, top, write } from './talk.js';

// Only the full build of the browser has background tabs.
process.env.CHROMIUM ??= '/usr/bin/chromium';

for (const who of /** @type {const} */ (['jane', 'maya'])) {
  test(`opens at the first unread; older pages move nothing; a linked message is shown (${who === 'jane' ? 'desktop' : 'phone'})`, async (t) => {
    const { path, ...people } = await talk(t);
    const [reader, writer] = who === 'jane' ? [people.jane, people.maya] : [people.maya, people.jane];
    const name = who === 'jane' ? 'Jane Lee' : 'Maya Okafor';
    const [read, unread] = [`read by ${who}`, `unread by ${who}`];
    const last = `${unread} 40`;
    await post(writer, path, numbered(read, 60));
    await entry(reader, `${read} 60`).waitFor();
    await eventually('all read', async () => (await readOf(writer, name)) === (await newest(writer)));
    await reader.goto('/profile');
    await post(writer, path, numbered(unread, 40));
    await eventually('the count in the title', async () => /^\(\d+\)/.test(await reader.title()));
    await reader.goto('/messages');
    const row = reader.locator(`#rows li:has(a[href="${path}"])`);
    assert.equal(await row.locator('[data-count]').innerText(), '40');
    await reader.goto(path);
    const line = await reader.locator('#new').boundingBox();
    const log = await reader.locator('#log').boundingBox();
    assert.ok(
      line && log && line.y >= log.y - 1 && line.y < log.y + 150,
      `the line is at ${line?.y}, the log at ${log?.y}`,
    );
    assert.ok((await top(reader, `${unread} 1`)) > line.y);
    // Messages outside of the screen are not read.
    await eventually('some to be read', async () => (await readOf(writer, name)) > 60);
    assert.ok((await readOf(writer, name)) < (await newest(writer)));

    // Older messages are inserted above.
    await scroll(reader, -1200);
    await unmoved(reader, 'older messages', () =>
      eventually('older messages', async () => (await texts(reader, read)).length === 60),
    );

    const linked = await entry(writer, `${read} 20`).locator('.message').getAttribute('data-id');
    await reader.goto(`${path}?message=${linked}#message-${linked}`);
    const box = await entry(reader, `${read} 20`).boundingBox();
    assert.ok(box && box.y > log.y && box.y < log.y + log.height - 40, 'the linked message is in sight');
    // Sending a message from there leads back to the newest.
    await write(reader, `${who} from afar`);
    await entry(reader, `${who} from afar`).and(reader.locator(':not(.sending)')).waitFor();
    await entry(reader, last).waitFor();
    await eventually('all between', async () => (await texts(reader, unread)).length === 40);
    assert.ok((await top(reader, `${who} from afar`)) > (await top(reader, last)), 'behind all others');
  });
}

test('m6: a hidden or unfocused window reads nothing; being seen moves the read position and the counts everywhere', async (t) => {
  const { portal, jane, maya } = await talk(t);
  const list = await portal.tab(maya);
  await list.goto('/profile');
  await maya.locator('#log').evaluate((log) => (log.scrollTop = 0));
  const begin = await newest(jane);
  await eventually('everything read', async () => (await readOf(jane, 'Maya Okafor')) === begin);
  const counted = async () => Number(await list.locator('[data-unread] [data-count]').textContent());
  const unread = Number((await (await maya.request.get('/messages/counts')).json()).unread);
  await eventually('the count', async () => (await counted()) === unread);
  /** @param {boolean} isSeen @param {boolean} hasFocus */
  const look = (isSeen, hasFocus) =>
    maya.evaluate(
      ([isSeen, hasFocus]) => {
        Object.defineProperty(document, 'visibilityState', {
          value: isSeen ? 'visible' : 'hidden',
          configurable: true,
        });
        document.hasFocus = () => Boolean(hasFocus);
        document.dispatchEvent(new Event('visibilitychange'));
        if (hasFocus) window.dispatchEvent(new Event('focus'));
      },
      [isSeen, hasFocus],
    );
  await look(false, false);
  await write(jane, 'while hidden');
  await entry(maya, 'while hidden').waitFor();
  await maya.locator('#new').waitFor();
  await look(true, false);
  await write(jane, 'while unfocused');
  await entry(maya, 'while unfocused').waitFor();
  await eventually('the count', async () => (await counted()) === unread + 2);
  assert.match(await list.title(), new RegExp(`^\\(${unread + 2}\\) `));
  assert.equal(await readOf(jane, 'Maya Okafor'), begin, 'neither has been read');
  assert.equal(await entry(jane, 'while unfocused').locator('.seen', { hasText: 'Maya' }).count(), 0);
  await look(true, true);
  await entry(jane, 'while unfocused').locator('.seen', { hasText: 'Maya Okafor' }).waitFor();
  assert.equal(await readOf(jane, 'Maya Okafor'), begin + 2);
  await eventually('the count', async () => (await counted()) === unread);

  // Another tab covers the conversation.
  await maya.reload();
  const session = await maya.context().newCDPSession(maya);
  await session.send('Emulation.setFocusEmulationEnabled', { enabled: false });
  await list.bringToFront();
  await maya.waitForFunction(() => !document.hasFocus() || document.visibilityState === 'hidden');
  await write(jane, 'behind another tab');
  await entry(maya, 'behind another tab').waitFor();
  await write(jane, 'and another');
  await entry(maya, 'and another').waitFor();
  assert.ok((await readOf(jane, 'Maya Okafor')) <= begin + 2, 'not read behind another tab');
  await maya.bringToFront();
  await entry(jane, 'and another').locator('.seen', { hasText: 'Maya Okafor' }).waitFor();
});

test('m8: typing shows and goes', async (t) => {
  const { jane, maya } = await talk(t);
  await composer(jane).pressSequentially('Hm');
  await maya.getByText('Jane Lee is typing').waitFor();
  await maya.getByText('Jane Lee is typing').waitFor({ state: 'detached', timeout: 9000 });
  await composer(jane).pressSequentially('m');
  await maya.getByText('Jane Lee is typing').waitFor();
  await write(jane, 'Said');
  await entry(maya, 'Said').waitFor();
  assert.equal(await maya.getByText('is typing').count(), 0, 'gone with the message');
});
