// Every page in every state for everyone: what axe-core finds, narrow and zoomed pages, targets for thumbs, motion.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import test from 'node:test';
import { Beginning, Tour } from './tour.js';

/** @typedef {import('./portal.js').Visit} Visit */
/** @typedef {import('./tour.js').Stop} Stop */

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core finds, in a few words each. @param {Visit} visit @param {string[]} [rules] all where none are named */
async function ask(visit, rules) {
  await visit.evaluate(axe);
  /** @type {{ id: string, nodes: { html: string, failureSummary?: string }[] }[]} */
  const found = await visit.evaluate(async (rules) => {
    const options = rules ? { runOnly: { type: 'rule', values: rules } } : {};
    // @ts-expect-error It was put there a moment ago.
    const { violations } = await globalThis.axe.run(document, { ...options, resultTypes: ['violations'] });
    return violations;
  }, rules);
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).slice(0, 3).join(' | ')}`);
}

/** Everything that makes the page or one of its parts scroll sideways, or is cut off. @param {Visit} visit */
const tooWide = (visit) => visit.evaluate(() => {
  const width = document.documentElement.clientWidth;
  const may = (/** @type {Element} */ element) => /auto|scroll/.test(getComputedStyle(element).overflowX) && element.matches('pre, .pick, .tabs, nav.menu');
  const found = [];
  for (const element of document.querySelectorAll('body, body *')) {
    if (!element.checkVisibility({ visibilityProperty: true }) || element.closest('pre, .pick, .tabs, nav.menu') && !may(element)) continue;
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    const isUnseen = style.clipPath !== 'none' || element.closest('.unseen, .skip');
    if (!isUnseen && box.width > 0 && (box.right > width + 1 || box.left < -1)) found.push(`out of sight: ${element.outerHTML.slice(0, 120)}`);
    const scrolls = /auto|scroll/.test(style.overflowX) && element.scrollWidth > element.clientWidth + 1;
    if (scrolls && !may(element)) found.push(`scrolls sideways: ${element.outerHTML.slice(0, 120)}`);
  }
  return found.slice(0, 3);
});

/** What is smaller to a thumb than 44 × 44 px. Links within a sentence are exempt (WCAG 2.2, 2.5.8). @param {Visit} visit */
const tooSmall = (visit) => visit.evaluate(() => {
  const found = [];
  for (const element of document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')) {
    if (!element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    if (element.matches('.skip, p a:not(.button, .tap), dd a, .say a, p button.link')) continue;
    const target = element.closest('label') ?? element;
    target.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
    const box = target.getBoundingClientRect();
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    const hits = (/** @type {number} */ dx, /** @type {number} */ dy) => {
      const hit = document.elementFromPoint(x + dx, y + dy);
      return hit !== null && (target.contains(hit) || hit.contains(target) && hit.matches('label, a, button'));
    };
    // What lies at the edge of its part cannot be asked for points beyond: there the box counts.
    const tall = box.height >= 43.5 || (hits(0, -21) && hits(0, 21));
    const wide = box.width >= 43.5 || (hits(-21, 0) && hits(21, 0));
    if (!tall || !wide) found.push(`${Math.round(box.width)} × ${Math.round(box.height)}: ${element.outerHTML.slice(0, 120)}`);
  }
  return found.slice(0, 4);
});

test('every page is there for everyone', async (t) => {
  const tour = await Tour.start(t);
  /** @type {Record<'axe' | 'narrow' | 'zoomed' | 'small', string[]>} */
  const found = { axe: [], narrow: [], zoomed: [], small: [] };
  /** @param {Visit} visit @param {Stop} stop @param {boolean} phone */
  const check = async (visit, stop, phone) => {
    /** @param {keyof typeof found} kind @param {string} look @param {string[]} problems */
    const note = (kind, look, problems) => found[kind].push(...problems.map((problem) => `${stop.name} (${look}) ${problem}`));
    await Tour.go(visit, stop);
    note('axe', phone ? 'phone' : 'desktop', await ask(visit));
    await visit.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    note('axe', 'dark', await ask(visit, ['color-contrast']));
    await visit.emulateMedia({ colorScheme: 'light' });
    const size = visit.viewportSize() ?? { width: 0, height: 0 };
    if (phone) note('small', 'phone', await tooSmall(visit));
    await visit.setViewportSize(phone ? { width: 320, height: 640 } : { width: size.width / 2, height: size.height / 2 });
    note(phone ? 'narrow' : 'zoomed', phone ? '320 px' : '200 %', await tooWide(visit));
    await visit.setViewportSize(size);
  };
  const everywhere = async (/** @type {boolean} */ phone) => {
    const visits = await tour.visits({ phone });
    for (const stop of tour.stops()) await check(visits[stop.who], stop, phone);
  };
  await Promise.all([everywhere(true), everywhere(false)]);
  const beginning = await Beginning.start(t);
  const first = await beginning.portal.visit({ phone: true });
  for (const stop of beginning.before()) await check(first, stop, true);
  await beginning.setUp(first);
  for (const stop of beginning.after()) await check(first, stop, true);

  await t.test('axe-core finds nothing, in light and dark', () => assert.deepEqual(found.axe, []));
  await t.test('nothing scrolls sideways or is cut off at 320 px', () => assert.deepEqual(found.narrow, []));
  await t.test('nothing scrolls sideways or is cut off at 200 % zoom', () => assert.deepEqual(found.zoomed, []));
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
    const shown = await jane.evaluate(() => [...document.querySelectorAll('.entry')].map((entry) => {
      const [name, time, say] = ['header b', 'header time', '.say'].map((part) => /** @type {HTMLElement} */ (entry.querySelector(part)));
      const style = getComputedStyle(say);
      return { name: name.getBoundingClientRect().width > 20, time: getComputedStyle(time).opacity === '1', ink: style.color, paper: style.backgroundColor };
    }));
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
    const theme = async (/** @type {string} */ path) => (await (await jane.request.get(path)).text()).match(/<html [^>]*data-theme="(\w+)"/)?.[1];
    await jane.goto('/messages');
    assert.equal(await theme('/messages'), undefined);
    await jane.getByRole('button', { name: 'Switch between light and dark' }).click();
    for (const path of ['/messages', '/nowhere', '/sign-in/link/abc']) assert.equal(await theme(path), 'dark', path);
    await jane.goto('/profile');
    assert.ok(await jane.getByRole('radio', { name: 'Dark' }).isChecked());
    await jane.getByRole('radio', { name: 'As the device' }).check();
    assert.equal(await theme('/profile'), undefined);
    await jane.goto(tour.at.talk);
    await jane.getByRole('link', { name: 'Close the details' }).click();
    await jane.getByRole('complementary', { name: 'Details' }).waitFor({ state: 'hidden' });
    assert.match(await (await jane.request.get(tour.at.talk)).text(), /<html [^>]*class="[^"]*\bdetails-closed\b/);
  });

  await t.test('nothing moves for those who want no motion', async () => {
    const jane = await tour.portal.visit();
    await jane.context().addCookies(await tour.hands.jane.visit.context().cookies());
    await jane.emulateMedia({ reducedMotion: 'reduce' });
    for (const path of [tour.at.talk, '/messages/new', '/clients', '/profile']) {
      await jane.goto(path);
      const moving = await jane.evaluate(() => [...document.querySelectorAll('*')].filter((element) => {
        const style = getComputedStyle(element);
        const lasts = (/** @type {string} */ times) => times.split(',').some((time) => parseFloat(time) > 0);
        return lasts(style.transitionDuration) || lasts(style.animationDuration) || style.scrollBehavior === 'smooth';
      }).map((element) => element.outerHTML.slice(0, 100)));
      assert.deepEqual(moving, [], path);
    }
  });
});
