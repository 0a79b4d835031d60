// Long conversations: nothing jumps, the document stays small, and the scroll position survives a long absence.

import assert from 'node:assert/strict';
import test from 'node:test';
import { eventually } from './portal.js';
import { glide, middle, scroll, unmoved } from './scroll.js';
import { composer, entry, numbered, post, talk, texts, top, write } from './talk.js';

/** @typedef {import('./portal.js').Visit} Visit */

/** The most messages that may be in the document at a time. */
const bearable = 600;

/** Asserts that two lists are equal, and reports the first difference. @param {string[]} found @param {string[]} wanted */
function alike(found, wanted) {
  const at = wanted.findIndex((text, index) => found[index] !== text);
  assert.equal(found[at], wanted[at], `the ${at + 1}. of ${found.length}`);
  assert.equal(found.length, wanted.length);
}

/** Edits a message by a request, without the composer. @param {Visit} visit @param {string} path @param {string} id @param {string} text */
const edit = (visit, path, id, text) =>
  visit.evaluate(
    async ([address, text]) => {
      const answer = await fetch(address, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify({ text }),
      });
      if (!answer.ok) throw new Error(String(answer.status));
    },
    [`${path}/messages/${id}/edit`, text],
  );

test('a thousand messages: what is read never jumps, and what is far from the screen leaves the document', async (t) => {
  const { jane, maya, path } = await talk(t);
  const thousand = numbered('thousand', 1000);
  await jane.goto('/profile');
  const edited = (await post(jane, path, thousand))[989] ?? '';
  /** @type {string[]} */
  const before = [];
  for (const [reader, other, size] of /** @type {[Visit, Visit, string][]} */ ([
    [jane, maya, 'desktop'],
    [maya, jane, 'phone'],
  ])) {
    await t.test(size, async (t) => {
      await reader.goto(path);
      await entry(reader, 'thousand 1000').waitFor();
      await reader.locator('#log').evaluate((log) => (log.scrollTop = 0));

      const up = await glide(reader, -500, 'thousand 1');
      const [first] = await texts(reader, 'thousand');
      assert.equal(first, 'thousand 1');
      alike(up.seen.filter((text) => text.startsWith('thousand')).reverse(), thousand);
      assert.ok(up.farthest < 1.5, `on the way up something moved by ${up.farthest} pixels`);
      assert.ok(up.most < bearable, `${up.most} messages were in the document`);
      assert.equal(await entry(reader, 'thousand 1000').count(), 0, 'the newest have left the document');

      // Printing includes everything.
      const inDocument = () => reader.locator('#entries > .entry').count();
      await reader.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
      assert.ok((await inDocument()) >= 1000);
      await reader.evaluate(() => window.dispatchEvent(new Event('afterprint')));
      await eventually('few messages in the document', async () => (await inDocument()) < bearable);

      // Changes outside of the document are visible when the user gets there.
      const fresh = numbered(`fresh for ${size}`, 20);
      await glide(reader, 400, 'thousand 60');
      await unmoved(reader, 'new messages', async () => {
        await post(other, path, fresh);
        await eventually('the button', async () =>
          (await reader.locator('#newest').innerText()).startsWith('20'),
        );
        thousand[989] = `thousand 990, edited for ${size}`;
        await edit(jane, path, edited, thousand[989]);
      });
      const down = await glide(reader, 500, `fresh for ${size} 20`);
      assert.ok(down.farthest < 1.5, `on the way down something moved by ${down.farthest} pixels`);
      assert.ok(down.most < bearable, `${down.most} messages were in the document`);
      const begin = thousand.indexOf(down.seen[0] ?? '');
      alike(
        down.seen.filter((text) => /^(thousand|fresh)/.test(text)),
        [...thousand.slice(begin), ...before, ...fresh],
      );
      before.push(...fresh);

      // The button skips everything in between, and so does sending a message.
      await glide(reader, -700, 'thousand 300');
      await reader.locator('#newest').click();
      await reader.locator('#newest').waitFor({ state: 'hidden' });
      const box = await entry(reader, `fresh for ${size} 20`).boundingBox();
      const log = await reader.locator('#log').boundingBox();
      assert.ok(box && log && box.y + box.height <= log.y + log.height && box.y > log.y, 'at the newest');
      assert.deepEqual(await texts(reader, `fresh for ${size}`), fresh);
      await glide(reader, -700, 'thousand 500');
      await write(reader, `from afar on a ${size}`);
      await entry(reader, `from afar on a ${size}`).and(reader.locator(':not(.sending)')).waitFor();
      assert.ok(
        (await top(reader, `from afar on a ${size}`)) > (await top(reader, `fresh for ${size} 20`)),
        'behind all others',
      );
      const middling = (/** @type {number[]} */ frames) => frames[frames.length >> 1]?.toFixed(1);
      t.diagnostic(
        `a frame: median ${middling(up.frames)} ms up, ${middling(down.frames)} ms down; at most ${Math.max(up.most, down.most)} messages in the document`,
      );
    });
  }
});

for (const who of /** @type {const} */ (['jane', 'maya'])) {
  test(`m4: a long absence: more than the server tells again, and the place is kept (${who === 'jane' ? 'desktop' : 'phone'})`, async (t) => {
    const { portal, path, ...people } = await talk(t);
    const [reader, writer] = who === 'jane' ? [people.jane, people.maya] : [people.maya, people.jane];
    await reader.context().route('**/live?*', (route) => route.abort('internetdisconnected'));
    await reader.evaluate(() => window.dispatchEvent(new Event('online')));
    await eventually('the reader to be away', async () => (await portal.streams()) === 1);
    await post(writer, path, numbered(`old for ${who}`, 100));
    await reader.reload();
    await reader.locator('#unread-from').waitFor();
    await scroll(reader, -600);
    await composer(reader).fill('half a sentence');
    const place = await middle(reader);
    const offset = await top(reader, place);
    await reader.evaluate(() => document.body.classList.add('same-page'));

    await writer.goto('/profile');
    // Well over a thousand, because the newest ones may already be on their way to open streams and do not count as missed.
    await post(writer, path, numbered(`missed by ${who}`, 1100), 5);
    await reader.context().unrouteAll({ behavior: 'ignoreErrors' });
    await reader.evaluate(() => window.dispatchEvent(new Event('online')));
    await reader.waitForFunction(() => !document.body.classList.contains('same-page'), null, {
      timeout: 40_000,
    });
    await entry(reader, place).waitFor();
    await eventually(
      `“${place}” at ${offset}`,
      async () => Math.abs((await top(reader, place)) - offset) < 2,
    );
    assert.equal(await composer(reader).inputValue(), 'half a sentence');
    await composer(reader).fill('');
    reader.forgive();
    writer.forgive();
  });
}
