// States of pages that only occur while somebody uses them: a part of the tour.

import { write } from './talk.js';

/** @typedef {import('./portal.js').Visit} Visit */
/** @typedef {import('./tour.js').Stop} Stop */

/** @param {import('./tour.js').Tour} tour @returns {Stop[]} */
export function moments(tour) {
  const { at, hands } = tour;
  /** Cuts the connection, and makes the stream notice. @param {Visit} visit */
  const lose = async (visit) => {
    await visit.context().route(/\/(live|messages)\b/, (route) => route.abort('internetdisconnected'));
    await visit.evaluate(() => window.dispatchEvent(new Event('online')));
  };
  /** @param {Visit} visit */
  const backOnline = async (visit) => {
    await visit.context().unrouteAll({ behavior: 'ignoreErrors' });
    await visit.evaluate(() => window.dispatchEvent(new Event('online')));
    await visit.locator('#connection').waitFor({ state: 'hidden' });
    visit.problems.length = 0;
  };
  return [
    {
      name: 'conversation-unread',
      who: 'jane',
      path: at.mayas,
      prepare: async () => {
        for (const text of ['One more thing.', 'The oven is delivered on Friday. Who signs for it?'])
          await hands.maya.write(at.mayas, text);
      },
    },
    {
      name: 'conversation-actions',
      who: 'jane',
      path: at.mayas,
      act: async (visit) => {
        const own = visit.locator('.entry.own:has(.actions) .say').last();
        await own.hover();
        await own.click();
      },
    },
    {
      name: 'conversation-scrolled-up',
      who: 'jane',
      path: at.huge,
      act: async (visit) => {
        await visit.locator('#log').evaluate((log) => log.scrollTo(0, -log.scrollHeight));
        await visit.locator('#newest').waitFor();
      },
    },
    {
      name: 'conversation-editing',
      who: 'jane',
      path: at.mayas,
      act: async (visit) => {
        await visit.getByRole('textbox', { name: /^Message to/ }).press('ArrowUp');
        await visit.getByText('Editing your message').waitFor();
      },
    },
    {
      name: 'conversation-offline',
      who: 'jane',
      path: at.group,
      act: async (visit) => {
        await lose(visit);
        await write(visit, 'Written in a tunnel.');
        await visit.locator('[data-waiting]').waitFor();
        await visit.locator('#connection').waitFor();
      },
      undo: backOnline,
    },
    {
      name: 'conversation-refused',
      who: 'jane',
      path: at.group,
      act: async (visit) => {
        const answer = {
          status: 400,
          contentType: 'application/json',
          body: '{"code":"invalid","message":"This is longer than 10,000 characters.","field":"text"}',
        };
        await visit.route('**/messages/*', (route) =>
          route.request().method() === 'POST' ? route.fulfill(answer) : route.fallback(),
        );
        await write(visit, 'Far too long');
        await visit.locator('[data-refused]').waitFor();
      },
      undo: async (visit) => {
        await visit.locator('[data-discard]').click();
        await visit.unroute('**/messages/*');
        visit.problems.length = 0;
      },
    },
    {
      name: 'keys',
      who: 'jane',
      path: at.talk,
      act: async (visit) => {
        await visit.locator('#text').waitFor();
        await visit.keyboard.press('Control+/');
        await visit.locator('#keys').waitFor();
      },
    },
    {
      name: 'new-choosing',
      who: 'jane',
      path: '/messages/new',
      act: async (visit) => {
        await visit.getByRole('combobox').fill('calder');
        await visit.getByRole('option', { name: /Alice/ }).waitFor({ state: 'detached' });
        await visit.getByRole('combobox').press('ArrowDown');
      },
    },
  ];
}
