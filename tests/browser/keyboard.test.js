// Keyboard only: signing in, creating a channel, writing, editing, and moving through every page.

import assert from 'node:assert/strict';
import test from 'node:test';
import { Portal } from './portal.js';

/** @typedef {import('./portal.js').Visit} Visit */

/** The accessible text of the focused element. @param {Visit} visit */
const focused = (visit) =>
  visit.evaluate(() => {
    const element = document.activeElement;
    return (element?.getAttribute('aria-label') ?? element?.textContent ?? '').replace(/\s+/g, ' ').trim();
  });

/** Presses Tab until an element of this name has the focus. @param {Visit} visit @param {RegExp} name */
async function tabTo(visit, name) {
  const passed = [];
  for (let step = 0; step < 60; step += 1) {
    await visit.keyboard.press('Tab');
    const found = await focused(visit);
    if (name.test(found)) return;
    passed.push(found.slice(0, 30));
  }
  assert.fail(`${name} is not reached by Tab: ${passed.join(' · ')}`);
}

/** Waits until an element has the focus, and so receives the keys. @param {import('playwright-core').Locator} target */
const holdsFocus = (target) => target.and(target.page().locator(':focus')).waitFor();

test('by keyboard only', async (t) => {
  const portal = await Portal.start(t, 'demo');
  const jane = await portal.visit();
  const composer = jane.getByRole('textbox', { name: /^Message to/ });

  await t.test('s1: sign in by the code of the mail', async () => {
    await jane.goto('/sign-in');
    await jane.keyboard.press('Tab');
    await jane.keyboard.type('jane@harborlee.example');
    await jane.keyboard.press('Enter');
    await holdsFocus(jane.getByLabel('Six-digit code'));
    const mail = await portal.mailTo('jane@harborlee.example', /sign-in code/);
    const code = mail.text.match(/\b(\d{3})[ -]?(\d{3})\b/) ?? assert.fail(mail.text);
    await jane.keyboard.type(code[1] + code[2]);
    await jane.keyboard.press('Enter');
    await jane.waitForURL(/\/messages/);
  });

  await t.test('the first stop skips to the content', async () => {
    await jane.keyboard.press('Tab');
    assert.equal(await focused(jane), 'Skip to the content');
    const box = await jane.locator('.skip').boundingBox();
    assert.ok(box && box.y >= 0, 'it is seen while it has the focus');
    await jane.keyboard.press('Enter');
    assert.equal(await jane.evaluate(() => document.activeElement?.id), 'main');
  });

  await t.test('c5: a channel is found, shown and made in a combobox', async () => {
    await tabTo(jane, /^New channel$/);
    await jane.keyboard.press('Enter');
    await jane.waitForURL(/\/messages\/new/);
    const field = jane.getByRole('combobox', { name: 'Who or what is it about?' });
    await holdsFocus(field);
    await jane.keyboard.type('brightwater');
    const found = jane.locator('#found');
    await jane.getByRole('option', { name: /Brightwater Clinic/ }).waitFor();
    await jane.getByRole('option', { name: /Walter/ }).waitFor({ state: 'detached' });
    assert.match(await found.innerText(), /^\d+ found$/, 'the number is announced');
    const active = async () => {
      const id = await field.getAttribute('aria-activedescendant');
      return id ? jane.locator(`#${id}`).innerText() : '';
    };
    assert.equal(await active(), '');
    await jane.keyboard.press('ArrowDown');
    const first = await active();
    await jane.keyboard.press('ArrowDown');
    assert.notEqual(await active(), first);
    await jane.keyboard.press('ArrowUp');
    assert.equal(await active(), first);
    assert.equal(await jane.locator('[aria-selected=true]').count(), 1);
    await jane.keyboard.press('Escape');
    assert.equal(await active(), '', 'Escape lets go of the option first');
    assert.equal(await field.inputValue(), 'brightwater');
    await jane.keyboard.press('Escape');
    await jane.getByRole('option', { name: /Walter/ }).waitFor();
    assert.equal(await field.inputValue(), '', 'and then empties the field');

    await jane.keyboard.type('calder shipping');
    await jane.keyboard.press('Enter');
    const card = jane.getByRole('region', { name: 'The channel' });
    await card.getByRole('heading', { name: 'Calder Shipping' }).waitFor();
    await jane.waitForFunction(() => document.activeElement?.closest('#chosen'));
    assert.match(
      await focused(jane),
      /Open it|Start the channel/,
      'Enter at once takes what was typed, not what stood there before',
    );
    await jane.keyboard.press('Enter');
    await jane.getByRole('heading', { name: 'Calder Shipping', level: 1 }).waitFor();
  });

  await t.test('m5: write, edit with the arrow, and stop editing', async () => {
    await composer.waitFor();
    await jane.waitForFunction(() => document.activeElement?.id === 'text');
    await jane.keyboard.type('All by keyboard');
    await jane.keyboard.press('Shift+Enter');
    await jane.keyboard.type('in two lines');
    await jane.keyboard.press('Enter');
    const own = jane.locator('.entry.own').last();
    await own.locator('.say', { hasText: 'in two lines' }).waitFor();
    await own.locator('.actions').waitFor({ state: 'attached' });
    assert.equal(await composer.inputValue(), '');
    await jane.keyboard.press('ArrowUp');
    await jane.getByText('Editing your message').waitFor();
    assert.equal(await composer.inputValue(), 'All by keyboard\nin two lines');
    await jane.keyboard.press('Escape');
    await jane.getByText('Editing your message').waitFor({ state: 'hidden' });
    assert.equal(await composer.inputValue(), '');
    await jane.keyboard.press('ArrowUp');
    await jane.getByText('Editing your message').waitFor();
    await jane.keyboard.press('Control+A');
    await jane.keyboard.type('All of it by keyboard');
    await jane.keyboard.press('Enter');
    await own.locator('.say', { hasText: 'All of it by keyboard' }).waitFor();
    await own.getByText('Edited').waitFor();
  });

  await t.test('? shows the keys, and Escape hides them', async () => {
    const dialog = jane.getByRole('dialog', { name: 'Keys' });
    await jane.keyboard.press('Control+/');
    await dialog.waitFor();
    await jane.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    assert.equal(await jane.evaluate(() => document.activeElement?.id), 'text', 'the focus is back');
    await jane.keyboard.type('?');
    assert.equal(await composer.inputValue(), '?', 'in a text it is a question mark');
    await jane.keyboard.press('Backspace');
    await jane.keyboard.press('Tab');
    await jane.keyboard.press('?');
    await dialog.waitFor();
    await jane.keyboard.press('Enter');
    await dialog.waitFor({ state: 'hidden' });
  });

  await t.test('Alt and arrows go from channel to channel, / finds one', async () => {
    const title = () => jane.getByRole('heading', { level: 1 }).innerText();
    const titles = await jane.locator('#rows .name').allInnerTexts();
    const here = titles.indexOf(await title());
    assert.ok(here >= 0);
    await jane.keyboard.press('Alt+ArrowDown');
    await jane.getByRole('heading', { level: 1, name: titles[here + 1], exact: true }).waitFor();
    await jane.waitForFunction(() => document.activeElement?.id === 'text');
    await jane.keyboard.press('Alt+ArrowUp');
    await jane.getByRole('heading', { level: 1, name: titles[here], exact: true }).waitFor();
    await jane.waitForFunction(() => document.activeElement?.id === 'text');
    await jane.keyboard.press('Tab');
    await jane.keyboard.press('/');
    await jane.keyboard.type('walter');
    await jane.waitForFunction(() => document.querySelectorAll('#rows li').length === 1);
    await jane.keyboard.press('ArrowDown');
    await jane.keyboard.press('Enter');
    await jane.getByRole('heading', { name: 'Walter Brandt', level: 1 }).waitFor();
  });

  await t.test('every stop of every page is seen, in sight, and in reading order', async () => {
    for (const path of [
      '/messages',
      new URL(jane.url()).pathname,
      '/messages/new',
      '/messages/search?words=the',
      '/clients',
      '/clients/new',
      '/settings/team',
      '/profile',
    ]) {
      await jane.goto(path);
      // Starts at the beginning, whatever the page has focused.
      await jane.evaluate(async () => {
        // Elements with `autofocus` get the focus in the first frame after the page is loaded.
        await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
        document.body.tabIndex = -1;
        document.body.focus();
      });
      let before = -1;
      let stops = 0;
      for (let step = 0; step < 120; step += 1) {
        await jane.keyboard.press('Tab');
        const stop = await jane.evaluate(() => {
          const element = document.activeElement;
          if (!element || element === document.body) return null;
          const marked = element.closest('.find, .box') ?? element;
          const style = getComputedStyle(marked);
          const box = element.getBoundingClientRect();
          const hit = document.elementFromPoint(
            box.left + box.width / 2,
            Math.min(box.top + box.height / 2, innerHeight - 4),
          );
          return {
            name: element.outerHTML.slice(0, 100),
            place: [...document.querySelectorAll('*')].indexOf(element),
            isMarked:
              (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) ||
              style.boxShadow !== 'none',
            isInSight:
              box.bottom > 0 &&
              box.top < innerHeight &&
              hit !== null &&
              (element.contains(hit) || hit.contains(element)),
          };
        });
        if (!stop || (before >= 0 && stop.name.includes('class="skip"'))) break;
        assert.ok(stop.isMarked, `${path}: the focus cannot be seen on ${stop.name}`);
        assert.ok(stop.isInSight, `${path}: something lies over ${stop.name}`);
        assert.ok(stop.place > before, `${path}: ${stop.name} is out of order`);
        before = stop.place;
        stops += 1;
      }
      assert.ok(stops >= 7, `${path}: only ${stops} stops`);
    }
  });
});
