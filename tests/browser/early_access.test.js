// The form of the front page (E1): thanks, validation errors, and a failing server.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import test from 'node:test';
import { Portal } from './portal.js';

/** @typedef {import('./portal.js').Visit} Visit */

const thanks = 'Thank you! Your submission has been received';
const oops = 'Oops! Something went wrong';

/** @param {Visit} visit @param {Record<string, string>} fields */
async function send(visit, fields) {
  for (const [label, text] of Object.entries(fields)) await visit.getByLabel(label).fill(text);
  await visit.getByRole('button', { name: 'Ask for early access' }).click();
}

const rui = { 'Your name': 'Rui Alves', 'Work email': 'rui@alves.example', Company: 'Alves & Filhos' };

/** Locks the database against writing until the returned function is called. @param {string} data */
async function hold(data) {
  const code =
    'import sqlite3, sys\nc = sqlite3.connect(sys.argv[1], isolation_level=None)\nc.execute("BEGIN IMMEDIATE")\nprint("held", flush=True)\nsys.stdin.read()';
  const holder = spawn('python3', ['-c', code, path.join(data, 'portal.db')]);
  await once(holder.stdout, 'data');
  return async () => {
    const gone = once(holder, 'exit');
    holder.stdin.end();
    await gone;
  };
}

for (const scripts of [true, false]) {
  test(`e1: a visitor asks for early access and is listed, scripts ${scripts ? 'on' : 'off'}`, async (t) => {
    const portal = await Portal.start(t, 'demo');
    const visitor = await portal.visit({ phone: true, scripts });
    await visitor.goto('/early-access');
    await visitor.getByRole('link', { name: 'Get early access' }).click();
    await visitor.getByLabel('Work email').waitFor();

    // Turns the browser's own validation off.
    await visitor.goto('/early-access');
    if (scripts) await visitor.locator('form').evaluate((form) => form.setAttribute('novalidate', ''));
    await send(visitor, { ...rui, 'Work email': scripts ? 'rui@' : 'rui@alves' });
    await visitor.getByText('Please give an email address').waitFor();
    await visitor.waitForLoadState();
    assert.equal(await visitor.getByLabel('Your name').inputValue(), 'Rui Alves');
    assert.equal(await visitor.getByText(thanks).count(), 0);
    visitor.problems.length = 0; // The browser logs the refusal, as expected.

    await send(visitor, rui);
    await visitor.getByText(thanks).waitFor();
    assert.ok(await visitor.getByText(thanks).isVisible());
    await visitor.reload();
    await visitor.getByText(thanks).waitFor();

    const jane = await portal.visit({ link: await portal.demoLink('admin') });
    await jane.goto('/settings/early-access');
    assert.equal(await jane.getByText('rui@alves.example').count(), 1, 'listed once');
    await jane.getByText('Alves & Filhos').waitFor();
    const [download] = await Promise.all([
      jane.waitForEvent('download'),
      jane.getByRole('link', { name: 'Export' }).click(),
    ]);
    assert.equal(download.suggestedFilename(), 'early-access.csv');
  });
}

test('e1: a database that refuses is an oops with all that was typed, and sending it again works', async (t) => {
  const portal = await Portal.start(t, 'demo');
  const visitor = await portal.visit();
  visitor.setDefaultTimeout(40_000);
  await visitor.goto('/early-access');
  const letGo = await hold(portal.data);
  try {
    await send(visitor, rui);
    await visitor.getByText(oops).waitFor();
    await visitor.waitForLoadState();
  } finally {
    await letGo();
  }
  await visitor.shoot('front-failed');
  for (const [label, text] of Object.entries(rui))
    assert.equal(await visitor.getByLabel(label).inputValue(), text);
  assert.equal(await visitor.getByText(thanks).count(), 0);
  visitor.problems.length = 0; // The browser logs the failure, as expected.

  await visitor.getByRole('button', { name: 'Ask for early access' }).click();
  await visitor.getByText(thanks).waitFor();
  const jane = await portal.visit({ link: await portal.demoLink('admin') });
  await jane.goto('/settings/early-access');
  assert.equal(await jane.getByText('rui@alves.example').count(), 1);
});
