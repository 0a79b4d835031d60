// Pictures of every page in every state, on a phone and a desktop, light and dark, to be looked at: `screenshots/`.
// Those of the README are made here too, under `screenshots/readme`, and copied to docs/screens by hand when they change.

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { Portal } from './portal.js';
import { Beginning, Tour } from './tour.js';

/** @typedef {import('./portal.js').Visit} Visit */
/** @typedef {import('./tour.js').Stop} Stop */

const folder = path.resolve(import.meta.dirname, 'screenshots');

/** Goes to a page and takes its picture in light and dark. @param {Visit} visit @param {Stop} stop @param {string} size */
async function picture(visit, stop, size) {
  await Tour.go(visit, stop);
  for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
    await visit.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await visit.screenshot({ path: path.join(folder, `${stop.name}-${size}-${colorScheme}.png`) });
  }
  await visit.emulateMedia({ colorScheme: 'light' });
  await stop.after?.(visit);
}

test('every page in every state has its picture', async (t) => {
  await mkdir(path.join(folder, 'readme'), { recursive: true });

  await t.test('of a portal that is in use', async (t) => {
    const tour = await Tour.start(t);
    const everywhere = async (/** @type {boolean} */ phone) => {
      const visits = await tour.visits({ phone });
      for (const stop of [...tour.stops(), ...tour.moments()]) await picture(visits[stop.who], stop, phone ? 'phone' : 'desktop');
    };
    await Promise.all([everywhere(true), everywhere(false)]);
  });

  await t.test('of a portal at its beginning', async (t) => {
    const beginning = await Beginning.start(t);
    const visits = [{ visit: await beginning.portal.visit({ phone: true }), size: 'phone' }, { visit: await beginning.portal.visit(), size: 'desktop' }];
    for (const { visit, size } of visits) {
      for (const stop of beginning.before()) await picture(visit, stop, size);
    }
    const [first, second] = visits;
    await beginning.setUp(first.visit);
    await second.visit.context().addCookies(await first.visit.context().cookies());
    for (const { visit, size } of visits) {
      for (const stop of beginning.after()) await picture(visit, stop, size);
    }
  });

  await t.test('of a conversation on paper', async (t) => {
    const portal = await Portal.start(t, 'demo');
    const jane = await portal.visit({ link: await portal.demoLink('admin') });
    await jane.getByRole('link', { name: /Northwind Bakery/ }).click();
    await jane.getByRole('heading', { name: 'Northwind Bakery', level: 1 }).waitFor();
    await jane.emulateMedia({ media: 'print' });
    await jane.setViewportSize({ width: 720, height: 1020 });
    await jane.screenshot({ path: path.join(folder, 'conversation-paper.png'), fullPage: true });
  });

  await t.test('of the README', async (t) => {
    const portal = await Portal.start(t, 'demo');
    const link = await portal.demoLink('admin');
    const desktop = await portal.visit({ link });
    const phone = await portal.visit({ phone: true, link: await portal.demoLink('client') });
    await desktop.setViewportSize({ width: 1280, height: 760 });
    /** @param {Visit} visit @param {string} name */
    const shoot = (visit, name) => visit.screenshot({ path: path.join(folder, 'readme', `${name}.png`) });
    const busy = await portal.visit({ phone: true, link: await portal.signInLink('jane@harborlee.example') });
    await busy.goto('/messages');
    await shoot(busy, 'list-phone');
    await phone.goto('/messages');
    await phone.getByRole('link', { name: /Lease at 12 Mill Street/ }).click();
    await phone.getByRole('textbox', { name: /^Message to/ }).waitFor();
    await shoot(phone, 'conversation-phone');
    await desktop.getByRole('link', { name: /Purchase of MV Astrid/ }).click();
    await desktop.getByRole('textbox', { name: /^Message to/ }).waitFor();
    await shoot(desktop, 'conversation-light');
    await desktop.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    await shoot(desktop, 'conversation-dark');
    await desktop.emulateMedia({ colorScheme: 'light' });
    await desktop.goto('/messages/new?find=bright');
    await desktop.getByRole('option', { name: /Brightwater Clinic/ }).click();
    await desktop.getByRole('region', { name: 'The channel' }).waitFor();
    await shoot(desktop, 'new-channel');
    await desktop.goto('/clients');
    await shoot(desktop, 'clients');
  });
});
