// Accessibility checks of a page: axe-core, overflow, and the size of touch targets.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/** @typedef {import('./portal.js').Visit} Visit */

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The violations that axe-core finds, in a few words each. @param {Visit} visit */
export async function ask(visit) {
  await visit.evaluate(axe);
  /** @type {{ id: string, nodes: { html: string, failureSummary?: string }[] }[]} */
  const found = await visit.evaluate(async () => {
    // No rule in use reads stylesheets, so they need not be fetched again.
    // @ts-expect-error The line above defines it.
    const { violations } = await globalThis.axe.run(document, {
      resultTypes: ['violations'],
      preload: { assets: ['media'] },
    });
    return violations;
  });
  return found.map(
    ({ id, nodes }) =>
      `${id}: ${nodes
        .map(({ html }) => html.slice(0, 160))
        .slice(0, 3)
        .join(' | ')}`,
  );
}

/** Elements that make the page or one of its parts scroll sideways, or are cut off. @param {Visit} visit */
export const tooWide = (visit) =>
  visit.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const may = (/** @type {Element} */ element) =>
      /auto|scroll/.test(getComputedStyle(element).overflowX) &&
      element.matches('pre, .pick, .tabs, nav.menu');
    const found = [];
    for (const element of document.querySelectorAll('body, body *')) {
      if (
        !element.checkVisibility({ visibilityProperty: true }) ||
        (element.closest('pre, .pick, .tabs, nav.menu') && !may(element))
      )
        continue;
      const box = element.getBoundingClientRect();
      const style = getComputedStyle(element);
      const isUnseen = style.clipPath !== 'none' || element.closest('.unseen, .skip');
      if (!isUnseen && box.width > 0 && (box.right > width + 1 || box.left < -1))
        found.push(`out of sight: ${element.outerHTML.slice(0, 120)}`);
      const scrolls = /auto|scroll/.test(style.overflowX) && element.scrollWidth > element.clientWidth + 1;
      if (scrolls && !may(element)) found.push(`scrolls sideways: ${element.outerHTML.slice(0, 120)}`);
    }
    return found.slice(0, 3);
  });

/** Touch targets smaller than 44 × 44 px. Links within a sentence are exempt (WCAG 2.2, 2.5.8). @param {Visit} visit */
export const tooSmall = (visit) =>
  visit.evaluate(() => {
    const found = [];
    for (const element of document.querySelectorAll(
      'a[href], button, input:not([type=hidden]), select, textarea, summary',
    )) {
      if (!element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
      if (element.matches('.skip, p a:not(.button, .tap), dd a, .say a, p button.link')) continue;
      const target = element.closest('label') ?? element;
      target.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
      const box = target.getBoundingClientRect();
      const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
      const hits = (/** @type {number} */ dx, /** @type {number} */ dy) => {
        const hit = document.elementFromPoint(x + dx, y + dy);
        return (
          hit !== null && (target.contains(hit) || (hit.contains(target) && hit.matches('label, a, button')))
        );
      };
      // Points outside of a scrolled part cannot be hit, so at its edge the box counts.
      const tall = box.height >= 43.5 || (hits(0, -21) && hits(0, 21));
      const wide = box.width >= 43.5 || (hits(-21, 0) && hits(21, 0));
      if (!tall || !wide)
        found.push(
          `${Math.round(box.width)} × ${Math.round(box.height)}: ${element.outerHTML.slice(0, 120)}`,
        );
    }
    return found.slice(0, 4);
  });
