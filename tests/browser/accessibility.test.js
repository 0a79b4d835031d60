// Every page in every state for everyone: what axe-core finds, narrow and zoomed pages, targets for thumbs, motion.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import test from 'node:test';
import { Tour } from './tour.js';

/** @typedef {import('./portal.js').Visit} Visit */

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
  for (const phone of [true, false]) {
    const visits = await tour.visits({ phone });
    for (const stop of tour.stops()) {
      const visit = visits[stop.who];
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
    }
  }
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
