// Navigation: filtering and finding channels, drafts, unread counts, and searching messages.

import assert from 'node:assert/strict';
import test from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { eventually, follow, Portal } from './portal.js';
import { composer, entry, kept, numbered, post, talk, write } from './talk.js';

/** @typedef {import('./portal.js').Visit} Visit */

/** The channels in the list, by their titles. @param {Visit} visit */
const titles = (visit) => visit.locator('#rows .name').allInnerTexts();

/** @param {Visit} visit @param {string} title */
const row = (visit, title) =>
  visit.locator('#rows li').filter({ has: visit.locator('.name', { hasText: new RegExp(`^${title}$`) }) });

/** The unread count according to the module, the window title and the icon. @param {Visit} visit */
const counted = (visit) =>
  visit.evaluate(() => {
    const badge = document.querySelector('[data-unread]');
    const figure = badge?.hasAttribute('hidden')
      ? 0
      : Number(badge?.querySelector('[data-count]')?.textContent);
    const icon = document.querySelector('link[rel=icon]')?.getAttribute('href') ?? '';
    return {
      module: figure,
      title: Number(document.title.match(/^\((\d+)\) /)?.[1] ?? 0),
      isMarked: icon.startsWith('data:image/png'),
    };
  });

test('the list of channels, on a desktop and on a phone', async (t) => {
  const portal = await Portal.start(t, 'demo');
  const maya = await portal.visit({ link: await portal.demoLink('client') });
  const desktop = await portal.visit({ link: await portal.demoLink('admin') });
  const phone = await portal.visit({ phone: true });
  await phone.context().addCookies(await desktop.context().cookies());

  for (const [jane, size] of /** @type {[Visit, string][]} */ ([
    [desktop, 'desktop'],
    [phone, 'phone'],
  ])) {
    await t.test(`m8: filters, search by name, and a draft that waits (${size})`, async () => {
      await jane.goto('/messages');
      const all = await titles(jane);
      await jane.locator('.pick').getByText('Projects').click();
      await jane.waitForFunction((count) => document.querySelectorAll('#rows li').length < count, all.length);
      const projects = await titles(jane);
      assert.ok(
        projects.includes('Purchase of MV Astrid') && !projects.includes('Walter Brandt'),
        String(projects),
      );
      const chip = await jane.locator('.pick [aria-current]').boundingBox();
      assert.ok(
        chip && chip.x >= 0 && chip.x + chip.width <= (size === 'phone' ? 390 : 560),
        'the chosen filter is in sight',
      );
      await jane.locator('.pick').getByText('Unread').click();
      await eventually(
        'only what is unread',
        async () => (await jane.locator('#rows li:not(.unread)').count()) === 0,
      );
      await jane.locator('.pick').getByText('All', { exact: true }).click();
      await eventually('all of them', async () => (await titles(jane)).length === all.length);

      await jane.getByRole('searchbox', { name: 'Find a channel' }).fill('brandt');
      await eventually('the one', async () => String(await titles(jane)) === 'Walter Brandt');
      await row(jane, 'Walter Brandt').click();
      await jane.waitForURL(/\/messages\/[0-9a-f-]{36}/);
      await composer(jane).fill(`half a thought on a ${size}`);
      // A storage request that has just started is lost when the page is left.
      await eventually('the draft on the device', async () =>
        (await kept(jane, 'drafts')).includes(`half a thought on a ${size}`),
      );
      await jane.goto('/messages');
      await row(jane, 'Walter Brandt').getByText(`Draft: half a thought on a ${size}`).waitFor();
      await jane.reload();
      await follow(row(jane, 'Walter Brandt').getByText(`Draft: half a thought on a ${size}`));
      await eventually(
        'the draft',
        async () => (await composer(jane).inputValue()) === `half a thought on a ${size}`,
      );
      await composer(jane).fill('');
      await eventually('no draft on the device', async () => (await kept(jane, 'drafts')).length === 0);
      await jane.goto('/messages');
      await row(jane, 'Walter Brandt').waitFor();
      assert.equal(await jane.getByText('Draft:').count(), 0);
    });

    await t.test(
      `m6: what is unread is counted in the list, at the module, in the title and on the icon (${size})`,
      async () => {
        await jane.goto('/messages');
        const before = await counted(jane);
        await maya.goto('/messages');
        await follow(maya.getByRole('link', { name: /Harbor & Lee/ }).last());
        await write(maya, `for Jane on a ${size}`);
        // The icon changes once its image is decoded, a moment after the counts.
        const isTold = async (/** @type {Visit} */ page) =>
          isDeepStrictEqual(await counted(page), {
            module: before.module + 1,
            title: before.module + 1,
            isMarked: true,
          });
        await eventually('one more, in every place', () => isTold(jane));
        const first = jane.locator('#rows li').first();
        assert.match(
          await first.innerText(),
          new RegExp(`Maya Okafor[^]*for Jane on a ${size}\\s+1\\s+unread`),
          'first in the list, with its words and its count',
        );

        // Also on a page without a channel list.
        const profile = await portal.tab(jane);
        await profile.goto('/profile');
        await eventually('the same there', () => isTold(profile));

        // Everything is read on another device: open pages are updated.
        await maya.goto('/profile');
        await jane.evaluate(async () => {
          for (const row of document.querySelectorAll('#rows li.unread')) {
            if (!(row instanceof HTMLElement)) continue;
            await fetch(`/messages/${row.dataset.channel}/read`, {
              method: 'POST',
              headers: { 'content-type': 'application/json', accept: 'application/json' },
              body: JSON.stringify({ position: Number(row.dataset.last) }),
            });
          }
        });
        for (const page of [jane, profile]) {
          await eventually('nothing unread', async () => (await counted(page)).module === 0);
          assert.deepEqual(await counted(page), { module: 0, title: 0, isMarked: false });
        }
        assert.equal(await jane.locator('#rows li.unread').count(), 0);
        await profile.close();
      },
    );
  }
});

for (const who of /** @type {const} */ (['jane', 'maya'])) {
  test(`m8: words are found in a conversation, and lead to the message among its neighbours (${who === 'jane' ? 'desktop' : 'phone'})`, async (t) => {
    const { path, ...people } = await talk(t);
    const [reader, writer] = who === 'jane' ? [people.jane, people.maya] : [people.maya, people.jane];
    await writer.goto('/profile');
    await post(writer, path, [
      ...numbered(`before ${who}`, 60),
      `The needle of ${who} is here.`,
      ...numbered(`after ${who}`, 120),
    ]);
    await reader.goto(path);
    await follow(reader.getByRole('link', { name: 'Search in this channel' }));
    await reader.getByRole('searchbox', { name: 'Words in messages' }).fill(`needle ${who}`);
    await reader.keyboard.press('Enter');
    const found = reader.getByRole('region', { name: 'Messages found' }).getByRole('link');
    await found.first().waitFor();
    await reader.waitForLoadState();
    assert.equal(await found.count(), 1);
    await follow(found);
    const needle = entry(reader, `The needle of ${who} is here.`);
    await needle.waitFor();
    const [box, log] = [await needle.boundingBox(), await reader.locator('#log').boundingBox()];
    assert.ok(box && log && box.y > log.y && box.y + box.height < log.y + log.height, 'it is in sight');
    assert.match((await needle.getAttribute('class')) ?? '', /\blinked\b/);
    assert.notEqual(
      await needle.locator('.say').evaluate((say) => getComputedStyle(say).boxShadow),
      'none',
      'it is marked',
    );
    await entry(reader, `before ${who} 60`).waitFor();
    await entry(reader, `after ${who} 1`).waitFor();
    await reader.locator('#newest').click();
    await entry(reader, `after ${who} 120`).waitFor();
    await reader.locator('#newest').waitFor({ state: 'hidden' });
  });
}
