// Scrolls a conversation like a person, and checks that nothing else moves it.

import assert from 'node:assert/strict';
import { patience } from './portal.js';
import { entry, top } from './talk.js';

/** @typedef {import('./portal.js').Visit} Visit */

/** Scrolls in steps, like a wheel or a finger. @param {Visit} visit @param {number} by in pixels */
export async function scroll(visit, by) {
  for (let left = Math.abs(by); left > 0; left -= 200) {
    await visit
      .locator('#log')
      .evaluate((log, step) => log.scrollBy(0, step), Math.sign(by) * Math.min(200, left));
    await visit.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
    );
  }
}

/** The text of the first message below the middle of the log. @param {Visit} visit */
export const middle = (visit) =>
  visit.locator('#log').evaluate((log) => {
    const { top, bottom } = log.getBoundingClientRect();
    const found = [...log.querySelectorAll('.entry')].find(
      (one) => one.getBoundingClientRect().top > (top + bottom) / 2,
    );
    return found?.querySelector('.say')?.textContent?.trim() ?? '';
  });

/** Asserts that what is being read does not move during `work`. @param {Visit} visit @param {string} what @param {() => Promise<unknown>} work */
export async function unmoved(visit, what, work) {
  const text = await middle(visit);
  const before = await top(visit, text);
  await visit.evaluate(
    (id) => {
      const found = document.getElementById(id);
      const begin = found?.getBoundingClientRect().top ?? 0;
      const state = { farthest: 0, isOver: false };
      const look = () => {
        state.farthest = Math.max(
          state.farthest,
          Math.abs((found?.getBoundingClientRect().top ?? Infinity) - begin),
        );
        if (!state.isOver) requestAnimationFrame(look);
      };
      Object.assign(window, { watched: state });
      look();
    },
    (await entry(visit, text).locator('.message').getAttribute('id')) ?? '',
  );
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

/**
 * What was seen while scrolling through a conversation.
 * @typedef {object} Way
 * @property {string[]} seen the visible texts, each once, in order of appearance
 * @property {number} most the most entries in the document at a time
 * @property {number} farthest the largest distance of a visible message from where scrolling alone puts it, in pixels
 * @property {number[]} frames the duration of each frame in milliseconds, sorted
 */

/**
 * Scrolls by one step per frame until a text is visible, and measures every painted frame.
 * @param {Visit} visit @param {number} by pixels a step @param {string} until @returns {Promise<Way>}
 */
export function glide(visit, by, until) {
  return visit.evaluate(
    async ({ by, until, patience }) => {
      const log = /** @type {HTMLElement} */ (document.getElementById('log'));
      const painted = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      const textOf = (/** @type {Element} */ one) => one.querySelector('.say')?.textContent?.trim() ?? '';
      const inSight = () => {
        const { top, bottom } = log.getBoundingClientRect();
        return [...document.querySelectorAll('#entries > .entry')].filter((one) => {
          const box = one.getBoundingClientRect();
          return box.bottom > top && box.top < bottom;
        });
      };
      /** @type {Set<string>} */
      const seen = new Set();
      /** @type {number[]} */
      const frames = [];
      let [most, farthest, moved] = [0, 0, performance.now()];
      while (!seen.has(until)) {
        const here = inSight();
        const texts = here.map(textOf);
        if (by < 0) texts.reverse();
        texts.forEach((text) => seen.add(text));
        most = Math.max(most, document.querySelectorAll('#entries > .entry').length);
        const watched = here[here.length >> 1];
        const before = watched?.getBoundingClientRect().top ?? 0;
        const room = by < 0 ? log.scrollHeight - log.clientHeight + log.scrollTop : -log.scrollTop;
        // At an end there is nothing to scroll until more has been loaded.
        const step = room < 2 ? 0 : Math.sign(by) * Math.min(Math.abs(by), Math.max(1, Math.floor(room) - 1));
        log.scrollBy(0, step);
        const begin = performance.now();
        if (step) moved = begin;
        if (begin - moved > patience) throw new Error(`“${until}” does not come: ${[...seen].slice(-3)}`);
        for (let frame = 0; frame < 2; frame += 1) {
          await painted();
          if (watched?.isConnected)
            farthest = Math.max(farthest, Math.abs(watched.getBoundingClientRect().top - before + step));
        }
        frames.push((performance.now() - begin) / 2);
      }
      return { seen: [...seen], most, farthest, frames: frames.sort((one, other) => one - other) };
    },
    { by, until, patience },
  );
}
