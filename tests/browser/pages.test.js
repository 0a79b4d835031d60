// Every page in every state, on phone and desktop, light and dark: screenshots and accessibility checks.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { ask, tooSmall, tooWide } from './inspect.js';
import { moments } from './moments.js';
import { Portal, follow } from './portal.js';
import { Tour } from './tour.js';
import { Beginning } from './tour_beginning.js';

/** @typedef {import('./portal.js').Visit} Visit */
/** @typedef {import('./tour.js').Stop} Stop */

const folder = path.resolve(import.meta.dirname, 'screenshots');

/**
 * Whether screenshots and axe-core cover each page in both sizes and both schemes. Otherwise they cover each page once,
 * alternating between a dark phone and a light desktop. All other checks cover both sizes either way.
 */
const isLong = process.env.PORTAL_TEST_LONG === 'yes';
const schemes = /** @type {const} */ (['light', 'dark']);

test('every page in every state has its picture and is there for everyone', async (t) => {
  await mkdir(folder, { recursive: true });
  const tour = await Tour.start(t);
  /** @type {Record<'axe' | 'narrow' | 'zoomed' | 'small', string[]>} */
  const found = { axe: [], narrow: [], zoomed: [], small: [] };
  /** @param {Visit} visit @param {Stop} stop @param {boolean} phone @param {number} index of the stop */
  const check = async (visit, stop, phone, index) => {
    /** @param {keyof typeof found} kind @param {string} look @param {string[]} problems */
    const note = (kind, look, problems) =>
      found[kind].push(...problems.map((problem) => `${stop.name} (${look}) ${problem}`));
    const look = phone ? 'phone' : 'desktop';
    // Set before the page does anything: a running transition would continue.
    await visit.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    await Tour.go(visit, stop);
    const isTurn = phone === (index % 2 === 0);
    for (const colorScheme of isLong ? schemes : isTurn ? [schemes[Number(phone)]] : []) {
      await visit.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await visit.screenshot({ path: path.join(folder, `${stop.name}-${look}-${colorScheme}.png`) });
      note('axe', `${look}, ${colorScheme}`, await ask(visit));
    }
    await visit.emulateMedia({ colorScheme: 'light' });
    const size = visit.viewportSize() ?? { width: 0, height: 0 };
    if (phone) note('small', look, await tooSmall(visit));
    await visit.setViewportSize(
      phone ? { width: 320, height: 640 } : { width: size.width / 2, height: size.height / 2 },
    );
    note(phone ? 'narrow' : 'zoomed', phone ? '320 px' : '200 %', await tooWide(visit));
    await visit.setViewportSize(size);
    await stop.undo?.(visit);
  };
  const everywhere = async (/** @type {boolean} */ phone) => {
    const visits = await tour.visits({ phone });
    const stops = [...tour.stops(), ...moments(tour)];
    for (const [index, stop] of stops.entries()) await check(visits[stop.who], stop, phone, index);
  };
  await Promise.all([everywhere(true), everywhere(false)]);
  const beginning = await Beginning.start(t);
  const [onPhone, onDesktop] = [
    await beginning.portal.visit({ phone: true }),
    await beginning.portal.visit(),
  ];
  const onBoth = async (/** @type {Stop[]} */ stops) => {
    for (const [index, stop] of stops.entries()) {
      await Promise.all([check(onPhone, stop, true, index), check(onDesktop, stop, false, index)]);
    }
  };
  await onBoth(beginning.before());
  await beginning.setUp(onPhone);
  await onDesktop.context().addCookies(await onPhone.context().cookies());
  await onBoth(beginning.after());

  await t.test('axe-core finds nothing, in light and dark', () => assert.deepEqual(found.axe, []));
  await t.test('nothing scrolls sideways or is cut off at 320 px', () => assert.deepEqual(found.narrow, []));
  await t.test('nothing scrolls sideways or is cut off at 200 % zoom', () =>
    assert.deepEqual(found.zoomed, []),
  );
  await t.test('on a phone every target is at least 44 × 44 px', () => assert.deepEqual(found.small, []));

  await t.test('one can write at 200 % zoom on a small desktop', async () => {
    const jane = await tour.portal.visit();
    await jane.context().addCookies(await tour.hands.jane.visit.context().cookies());
    await jane.setViewportSize({ width: 640, height: 360 });
    await jane.goto(tour.at.talk);
    const composer = await jane.getByRole('textbox', { name: /^Message to/ }).boundingBox();
    const log = await jane.locator('#log').boundingBox();
    assert.ok(composer && composer.y + composer.height <= 360, 'the composer is in sight');
    assert.ok(log && log.height >= 120, `room to read: ${log?.height}`);
  });

  await t.test('on paper a conversation is names, times and text, black on white', async () => {
    const jane = await tour.portal.visit({ dark: true });
    await jane.context().addCookies(await tour.hands.jane.visit.context().cookies());
    await jane.goto(tour.at.talk);
    await jane.locator('.entry.own .say').first().waitFor();
    await jane.emulateMedia({ media: 'print' });
    for (const part of ['.side', '.list', '.about', '.write', '.talk > .bar .tap', '.entry .actions']) {
      assert.equal(await jane.locator(part).filter({ visible: true }).count(), 0, `${part} is not printed`);
    }
    const shown = await jane.evaluate(() =>
      [...document.querySelectorAll('.entry')].map((entry) => {
        const [name, time, say] = ['header b', 'header time', '.say'].map(
          (part) => /** @type {HTMLElement} */ (entry.querySelector(part)),
        );
        const style = getComputedStyle(say);
        return {
          name: name.getBoundingClientRect().width > 20,
          time: getComputedStyle(time).opacity === '1',
          ink: style.color,
          paper: style.backgroundColor,
        };
      }),
    );
    assert.ok(shown.length > 8);
    for (const { name, time, ink, paper } of shown) {
      assert.ok(name && time);
      assert.match(ink, /^(rgb\(0, 0, 0\)|oklch\(0\.35 0 0\))$/);
      assert.equal(paper, 'rgba(0, 0, 0, 0)');
    }
    const log = await jane.locator('#log').evaluate((log) => getComputedStyle(log).overflow);
    assert.equal(log, 'visible', 'the whole of it is printed');
  });

  await t.test('the choice of light or dark is in the page before any script runs', async () => {
    const jane = await tour.portal.visit();
    await jane.context().addCookies(await tour.hands.jane.visit.context().cookies());
    const theme = async (/** @type {string} */ path) =>
      (await (await jane.request.get(path)).text()).match(/<html [^>]*data-theme="(\w+)"/)?.[1];
    await jane.goto('/messages');
    assert.equal(await theme('/messages'), undefined);
    await jane.getByRole('button', { name: 'Switch between light and dark' }).click();
    for (const path of ['/messages', '/nowhere', '/sign-in/link/abc'])
      assert.equal(await theme(path), 'dark', path);
    await jane.goto('/profile');
    assert.ok(await jane.getByRole('radio', { name: 'Dark' }).isChecked());
    await jane.getByRole('radio', { name: 'As the device' }).check();
    assert.equal(await theme('/profile'), undefined);
    await jane.goto(tour.at.talk);
    await jane.getByRole('link', { name: 'Close the details' }).click();
    await jane.getByRole('complementary', { name: 'Details' }).waitFor({ state: 'hidden' });
    assert.match(
      await (await jane.request.get(tour.at.talk)).text(),
      /<html [^>]*class="[^"]*\bdetails-closed\b/,
    );
  });

  await t.test('nothing moves for those who want no motion', async () => {
    const jane = await tour.portal.visit();
    await jane.context().addCookies(await tour.hands.jane.visit.context().cookies());
    await jane.emulateMedia({ reducedMotion: 'reduce' });
    for (const path of [tour.at.talk, '/messages/new', '/clients', '/profile']) {
      await jane.goto(path);
      const moving = await jane.evaluate(() =>
        [...document.querySelectorAll('*')]
          .filter((element) => {
            const style = getComputedStyle(element);
            const lasts = (/** @type {string} */ times) =>
              times.split(',').some((time) => parseFloat(time) > 0);
            return (
              lasts(style.transitionDuration) ||
              lasts(style.animationDuration) ||
              style.scrollBehavior === 'smooth'
            );
          })
          .map((element) => element.outerHTML.slice(0, 100)),
      );
      assert.deepEqual(moving, [], path);
    }
  });
});

test('a conversation on paper has its picture', async (t) => {
  const portal = await Portal.start(t, 'demo');
  const jane = await portal.visit({ link: await portal.demoLink('admin') });
  await follow(jane.getByRole('link', { name: /Northwind Bakery/ }));
  await jane.getByRole('heading', { name: 'Northwind Bakery', level: 1 }).waitFor();
  await jane.emulateMedia({ media: 'print' });
  await jane.setViewportSize({ width: 720, height: 1020 });
  await jane.screenshot({ path: path.join(folder, 'conversation-paper.png'), fullPage: true });
});

test('the README has its pictures', async (t) => {
  await mkdir(path.join(folder, 'readme'), { recursive: true });
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
  await follow(phone.getByRole('link', { name: /Lease at 12 Mill Street/ }));
  await phone.getByRole('textbox', { name: /^Message to/ }).waitFor();
  await shoot(phone, 'conversation-phone');
  await follow(desktop.getByRole('link', { name: /Purchase of MV Astrid/ }));
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
