// Live updates: all tabs of a browser share one stream, and nothing is lost when another tab takes over or the connection drops.

import assert from 'node:assert/strict';
import test from 'node:test';
import { eventually, follow } from './portal.js';
import { entry, numbered, post, talk, texts, write } from './talk.js';

test('m4: eight tabs of one browser share one stream, and lose nothing when the leading tab closes', async (t) => {
  const { portal, jane, maya, path } = await talk(t);
  assert.equal(await portal.streams(), 2);
  const tabs = [maya];
  while (tabs.length < 8) {
    const tab = await portal.tab(maya);
    await tab.goto(path);
    tabs.push(tab);
  }
  await write(jane, 'to all tabs');
  for (const tab of tabs) await entry(tab, 'to all tabs').waitFor();
  assert.equal(await portal.streams(), 2, 'one for Jane, one for all of Maya’s tabs');

  // The first tab is the leader. It is closed while messages arrive.
  const many = post(jane, path, numbered('takeover', 30));
  await entry(maya, 'takeover 5').waitFor();
  await maya.close();
  await many;
  for (const tab of tabs.slice(1)) {
    await entry(tab, 'takeover 30').waitFor();
    assert.deepEqual(await texts(tab, 'takeover'), numbered('takeover', 30));
  }
  await eventually('one stream again', async () => (await portal.streams()) === 2);
  await write(/** @type {import('./portal.js').Visit} */ (tabs[4]), 'still here');
  await entry(jane, 'still here').waitFor();
  await entry(/** @type {import('./portal.js').Visit} */ (tabs[7]), 'still here').waitFor();
});

test('a browser without locks has a stream for each tab', async (t) => {
  const { portal, jane, maya, path } = await talk(t);
  await maya.context().addInitScript(() => Object.defineProperty(navigator, 'locks', { value: undefined }));
  await maya.reload();
  const second = await portal.tab(maya);
  await second.goto(path);
  await eventually('three streams', async () => (await portal.streams()) === 3);
  await write(jane, 'without locks');
  for (const tab of [maya, second]) await entry(tab, 'without locks').waitFor();
  await write(maya, 'and back');
  await entry(second, 'and back').waitFor();
  assert.deepEqual(await texts(second, 'and back'), ['and back']);
});

test('m4: what was missed while the server was away is filled in without a reload; the quiet bar tells', async (t) => {
  const { portal, jane, maya, path } = await talk(t);
  await maya.evaluate(() => document.body.classList.add('same-page'));
  await portal.stop();
  await maya.locator('#connection').waitFor();
  assert.match(await maya.locator('#connection').innerText(), /Connecting again/);
  await portal.begin();
  // Messages are sent before Maya's stream is back.
  await post(jane, path, numbered('missed', 5));
  await entry(maya, 'missed 5').waitFor();
  assert.deepEqual(await texts(maya, 'missed'), numbered('missed', 5));
  await maya.locator('#connection').waitFor({ state: 'hidden' });
  assert.ok(await maya.locator('body.same-page').count(), 'the page was not loaded anew');
  [jane, maya].forEach((visit) => visit.forgive());
});

test('c3: who loses access while looking is led away at once, also when that happened while they were away', async (t) => {
  const { portal, jane, maya } = await talk(t);
  await jane.goto('/messages');
  const company =
    (await jane.locator('#rows li', { hasText: 'Northwind Bakery' }).locator('a').getAttribute('href')) ?? '';
  const clients = await jane.request.get('/clients');
  const id =
    (await clients.text()).match(/href="\/clients\/([0-9a-f-]{36})"(?:(?!<\/a>).)*Maya Okafor/s)?.[1] ??
    assert.fail('no Maya');
  /** @param {boolean} isIn */
  const move = async (isIn) => {
    await jane.goto(`/clients/${id}`);
    await jane.getByRole('checkbox', { name: 'Northwind Bakery' }).setChecked(isIn);
    await follow(jane.getByRole('button', { name: 'Save' }));
    const sure = jane.getByRole('button', { name: 'Yes, change it' });
    if (await sure.isVisible()) await sure.click();
    await jane.getByText('Saved.').waitFor();
  };
  await maya.goto(company);
  await maya.getByRole('heading', { level: 1, name: 'Northwind Bakery' }).waitFor();
  await move(false);
  await maya.waitForURL(/\/messages$/);
  assert.equal(await maya.getByText('Northwind Bakery').count(), 0);
  await move(true);
  await maya.locator('#rows li', { hasText: 'Northwind Bakery' }).waitFor();

  await maya.goto(company);
  await maya.getByRole('heading', { level: 1, name: 'Northwind Bakery' }).waitFor();
  await maya.context().route('**/live?*', (route) => route.abort('internetdisconnected'));
  await maya.evaluate(() => window.dispatchEvent(new Event('online')));
  await eventually('Maya to be away', async () => (await portal.streams()) === 1);
  await move(false);
  await maya.context().unrouteAll({ behavior: 'ignoreErrors' });
  await maya.waitForURL(/\/messages$/);
  [jane, maya].forEach((visit) => visit.forgive());
});
