// Reading: nothing jumps, pages open where one goes on reading, and only what was looked at counts as read.

import assert from 'node:assert/strict';
import test from 'node:test';
import { eventually } from './portal.js';
import { composer, entry, newest, numbered, post, readOf, talk, texts, top, write } from './talk.js';

/** @typedef {import('./portal.js').Visit} Visit */

/** Scrolls as a wheel or a finger does, in steps. @param {Visit} visit @param {number} by in pixels */
async function scroll(visit, by) {
  for (let left = Math.abs(by); left > 0; left -= 200) {
    await visit.locator('#log').evaluate((log, step) => log.scrollBy(0, step), Math.sign(by) * Math.min(200, left));
    await visit.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  }
}

/** The first message that stands in the middle of the log. @param {Visit} visit */
const middle = (visit) => visit.locator('#log').evaluate((log) => {
  const { top, bottom } = log.getBoundingClientRect();
  const found = [...log.querySelectorAll('.entry')].find((one) => one.getBoundingClientRect().top > (top + bottom) / 2);
  return found?.querySelector('.say')?.textContent?.trim() ?? '';
});

/** Checks that nothing moves what is being read, meanwhile and after. @param {Visit} visit @param {string} what @param {() => Promise<unknown>} work */
async function unmoved(visit, what, work) {
  const text = await middle(visit);
  const before = await top(visit, text);
  await visit.evaluate((id) => {
    const found = document.getElementById(id);
    const begin = found?.getBoundingClientRect().top ?? 0;
    const state = { farthest: 0, isOver: false };
    const look = () => {
      state.farthest = Math.max(state.farthest, Math.abs((found?.getBoundingClientRect().top ?? Infinity) - begin));
      if (!state.isOver) requestAnimationFrame(look);
    };
    Object.assign(window, { watched: state });
    look();
  }, await entry(visit, text).locator('.message').getAttribute('id') ?? '');
  await work();
  const after = await top(visit, text);
  const farthest = await visit.evaluate(() => {
    const { watched } = /** @type {any} */ (window);
    watched.isOver = true;
    return watched.farthest;
  });
  assert.ok(Math.abs(after - before) < 1.5, `${what}: “${text}” moved from ${before} to ${after}`);
  assert.ok(farthest < 1.5, `${what}: “${text}” was ${farthest} pixels away for a moment`);
}

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
    assert.match(await reader.title(), /^\(\d+\)/);
    await reader.goto('/messages');
    const row = reader.locator(`#rows li:has(a[href="${path}"])`);
    assert.equal(await row.locator('[data-count]').innerText(), '40');
    await reader.goto(path);
    const line = await reader.locator('#new').boundingBox();
    const log = await reader.locator('#log').boundingBox();
    assert.ok(line && log && line.y >= log.y - 1 && line.y < log.y + 150, `the line is at ${line?.y}, the log at ${log?.y}`);
    assert.ok((await top(reader, `${unread} 1`)) > line.y);
    // What is beyond the screen is not read.
    await eventually('some to be read', async () => (await readOf(writer, name)) > 60);
    assert.ok((await readOf(writer, name)) < (await newest(writer)));

    // Older ones come in above.
    await scroll(reader, -1200);
    await unmoved(reader, 'older messages', () =>
      eventually('older messages', async () => (await texts(reader, read)).length === 60));

    const linked = await entry(writer, `${read} 20`).locator('.message').getAttribute('data-id');
    await reader.goto(`${path}?message=${linked}#message-${linked}`);
    const box = await entry(reader, `${read} 20`).boundingBox();
    assert.ok(box && box.y > log.y && box.y < log.y + log.height - 40, 'the linked message is in sight');
    // From there an own message leads back to the newest.
    await write(reader, `${who} from afar`);
    await entry(reader, `${who} from afar`).and(reader.locator(':not(.sending)')).waitFor();
    await entry(reader, last).waitFor();
    await eventually('all between', async () => (await texts(reader, unread)).length === 40);
    assert.ok((await top(reader, `${who} from afar`)) > (await top(reader, last)), 'behind all others');
  });
}

test('m6: a hidden or unfocused window reads nothing; being seen moves the read position and the counts everywhere', async (t) => {
  const { portal, jane, maya, path } = await talk(t);
  const list = await portal.tab(maya);
  await list.goto('/profile');
  await maya.locator('#log').evaluate((log) => (log.scrollTop = 0));
  const begin = await newest(jane);
  await eventually('everything read', async () => (await readOf(jane, 'Maya Okafor')) === begin);
  const counted = async () => Number(await list.locator('[data-unread] [data-count]').textContent());
  const unread = Number((await (await maya.request.get('/messages/counts')).json()).unread);
  await eventually('the count', async () => (await counted()) === unread);
  /** @param {boolean} isSeen @param {boolean} hasFocus */
  const look = (isSeen, hasFocus) => maya.evaluate(([isSeen, hasFocus]) => {
    Object.defineProperty(document, 'visibilityState', { value: isSeen ? 'visible' : 'hidden', configurable: true });
    document.hasFocus = () => Boolean(hasFocus);
    document.dispatchEvent(new Event('visibilitychange'));
    if (hasFocus) window.dispatchEvent(new Event('focus'));
  }, [isSeen, hasFocus]);
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

  // A second tab in front of the conversation.
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

test('a thousand messages in two windows: nothing jumps, and a long absence keeps the place', async (t) => {
  const { portal, jane, maya, path } = await talk(t);
  await maya.context().route('**/live?*', (route) => route.abort('internetdisconnected'));
  await maya.evaluate(() => window.dispatchEvent(new Event('online')));
  await eventually('Maya to be away', async () => (await portal.streams()) === 1);
  await post(jane, path, numbered('old', 100));
  await maya.reload();
  await maya.locator('#unread-from').waitFor();
  await scroll(maya, -600);
  await composer(maya).fill('half a sentence');
  const place = await middle(maya);
  const offset = await top(maya, place);
  await maya.evaluate(() => document.body.classList.add('same-page'));

  // More happens than the server tells again: the page is loaded anew.
  await jane.goto('/profile');
  await post(jane, path, numbered('thousand', 1001));
  await maya.context().unrouteAll({ behavior: 'ignoreErrors' });
  await maya.waitForFunction(() => !document.body.classList.contains('same-page'), null, { timeout: 40_000 });
  await entry(maya, place).waitFor();
  await eventually('the place', async () => Math.abs((await top(maya, place)) - offset) < 2);
  assert.equal(await composer(maya).inputValue(), 'half a sentence');

  // Jane goes back until a thousand messages are on her page, and reads there.
  await jane.goto(path);
  await entry(jane, 'thousand 1001').waitFor();
  await eventually('a thousand messages', async () => {
    await jane.locator('#log').evaluate((log) => (log.scrollTop = log.clientHeight - log.scrollHeight + 100));
    return (await jane.locator('.entry').count()) >= 1000;
  });
  const there = await texts(jane, 'thousand');
  assert.deepEqual(there, numbered('thousand', 1001).slice(-there.length), 'in order, without a gap');
  await scroll(jane, 1000);
  await unmoved(jane, 'new messages', async () => {
    await post(maya, path, numbered('fresh', 20));
    await entry(jane, 'fresh 20').waitFor();
  });
  const button = jane.locator('#newest');
  assert.match(await button.innerText(), /20/);
  await unmoved(jane, 'an edit above', async () => {
    await jane.evaluate(() => document.querySelectorAll('.entry .say')[900]?.append(' with more words'.repeat(80)));
    await jane.waitForTimeout(200);
  });
  await button.click();
  await button.waitFor({ state: 'hidden' });
  const bottom = await entry(jane, 'fresh 20').boundingBox();
  assert.ok(bottom && bottom.y + bottom.height < 900, 'at the newest');
  const frames = await jane.evaluate(async () => {
    const log = /** @type {HTMLElement} */ (document.getElementById('log'));
    /** @type {number[]} */
    const took = [];
    let before = performance.now();
    for (let step = 0; step < 60; step += 1) {
      log.scrollBy(0, -400);
      await new Promise(requestAnimationFrame);
      took.push(performance.now() - before);
      before = performance.now();
    }
    return took.sort((one, other) => one - other);
  });
  t.diagnostic(`a frame while scrolling a thousand messages: median ${frames[30]?.toFixed(1)}, slowest ${frames[59]?.toFixed(1)} ms`);
  jane.forgive();
  maya.forgive();
});
