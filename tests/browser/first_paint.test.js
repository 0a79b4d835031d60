// How a page loads: its text without any script, its assets only once.

import assert from 'node:assert/strict';
import test from 'node:test';
import { Portal } from './portal.js';

test('a conversation stands there after one request and its style; what it loads is kept for ever', async (t) => {
  const portal = await Portal.start(t, 'demo');
  const desktop = await portal.visit({ link: await portal.demoLink('admin') });
  const path =
    (await desktop
      .getByRole('link', { name: /Northwind Bakery/ })
      .first()
      .getAttribute('href')) ?? assert.fail();
  const phone = await portal.visit({ phone: true });
  await phone.context().addCookies(await desktop.context().cookies());
  for (const visit of [desktop, phone]) {
    // Lets only the page and its style through.
    /** @type {string[]} */
    const asked = [];
    await visit.route('**/*', (route) => {
      const kind = route.request().resourceType();
      asked.push(kind);
      return kind === 'document' || kind === 'stylesheet' ? route.continue() : route.abort('blockedbyclient');
    });
    // Waits for the style as well: positions mean nothing before.
    await visit.goto(path);
    const newest = visit.locator('.entry .say').last();
    await newest.waitFor();
    const box = await newest.boundingBox();
    const size = visit.viewportSize();
    assert.ok(
      box && size && box.y > 0 && box.y + box.height < size.height,
      'the newest message is in sight without scripts',
    );
    assert.deepEqual(
      asked.filter((kind) => kind === 'document' || kind === 'stylesheet'),
      ['document', 'stylesheet'],
    );
    await visit.unrouteAll({ behavior: 'wait' });
    visit.forgive();

    /** @type {Record<string, string>} */
    const kept = {};
    visit.on('response', (answer) => {
      const { pathname } = new URL(answer.url());
      if (/^\/(assets|brand)\//.test(pathname)) kept[pathname] = answer.headers()['cache-control'] ?? '';
    });
    await visit.goto(path);
    assert.ok(
      Object.keys(kept).some((name) => name.endsWith('.js')) &&
        Object.keys(kept).some((name) => name.endsWith('.css')),
    );
    for (const [name, rule] of Object.entries(kept))
      assert.equal(rule, 'public, max-age=31536000, immutable', name);
    await visit.goto('/messages');
    await visit.goto(path);
    const loaded = await visit.evaluate(() =>
      performance
        .getEntriesByType('resource')
        .filter(
          (entry) =>
            /\/(assets|brand)\//.test(entry.name) &&
            entry instanceof PerformanceResourceTiming &&
            entry.transferSize > 0,
        )
        .map(({ name }) => name),
    );
    assert.deepEqual(loaded, [], 'nothing is loaded a second time');
    visit.forgive();
  }
});
