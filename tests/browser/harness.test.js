// The test harness itself: it must report every problem and leave nothing behind.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { eventually, Portal } from './portal.js';

/** The process ids of the programs that use a data folder. @param {string} data */
async function serving(data) {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid=,args=']);
  return stdout
    .split('\n')
    .filter((line) => line.includes(`--data ${data} `))
    .map((line) => parseInt(line, 10));
}

/** A portal that the test ends itself. */
async function start() {
  /** @type {(() => Promise<void>)[]} */
  const ends = [];
  const portal = await Portal.start({ after: (end) => void ends.push(end) }, 'serve');
  return { portal, end: () => ends[0]?.() };
}

test('a mail is found by its address and subject, the newest first, and read as a person reads it', async (t) => {
  const portal = await Portal.start(t, 'serve');
  const outbox = path.join(portal.data, 'outbox');
  await mkdir(outbox, { recursive: true });
  /** @param {string} name @param {number} at @param {string[]} lines */
  const put = async (name, at, lines) => {
    await writeFile(path.join(outbox, name), lines.join('\r\n'));
    await utimes(path.join(outbox, name), at, at);
  };
  const head = ['From: Jane <jane@firm.example>', 'To: Zoë <zoe@client.example>', 'MIME-Version: 1.0'];
  await put('z.eml', 1000, [
    ...head,
    'Subject: =?utf-8?Q?Caf=C3=A9?=',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    'Un caf=C3=A9 =',
    'noir',
  ]);
  await put('a.eml', 2000, [
    ...head,
    'Subject: Later',
    'Content-Type: text/html; charset=utf-8',
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from('<p>Grüße</p>').toString('base64'),
  ]);
  await put('b.eml', 3000, [
    'From: jane@firm.example',
    'To: tom@firm.example',
    'Subject: Not hers',
    '',
    'No',
  ]);

  assert.equal((await portal.mailTo('zoe@client.example')).html.trim(), '<p>Grüße</p>');
  const first = await portal.mailTo('zoe@client.example', /Café/);
  assert.deepEqual([first.from, first.text.trim()], ['jane@firm.example', 'Un café noir']);
});

test('what a browser complains of fails the test: an error, a failed script, a breach of the policy', async () => {
  const { portal, end } = await start();
  const visit = await portal.visit({ phone: true });
  const seen = visit.waitForEvent('console', (message) => message.text() === 'last');
  await visit.route('**/complaints', (route) =>
    route.fulfill({
      contentType: 'text/html',
      headers: { 'content-security-policy': "img-src 'none'" },
      body: `<!doctype html><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
      <script>console.error('loud')</script>
      <img src="/picture.png" onerror="setTimeout(() => { setTimeout(() => console.error('last')); throw new Error('broken') })">`,
    }),
  );
  await visit.goto('/complaints');
  await seen;
  assert.equal(await visit.evaluate(() => innerWidth), 390);
  await assert.rejects(
    async () => end(),
    (/** @type {Error} */ error) =>
      ['loud', 'broken', 'Content Security Policy'].every((words) =>
        String(/** @type {any} */ (error).actual).includes(words),
      ),
  );
  assert.deepEqual([await serving(portal.data), existsSync(portal.data)], [[], false]);
});

test('without scripts a page is there and runs none', async (t) => {
  const portal = await Portal.start(t, 'serve');
  const visit = await portal.visit({ scripts: false, dark: true });
  await visit.setContent('<p>Hello</p><script>document.body.textContent = "changed"</script>');
  assert.equal(await visit.locator('p').textContent(), 'Hello');
});

test('it starts again on its data and port, after a kill as well', async (t) => {
  const portal = await Portal.start(t, 'serve');
  const address = portal.address;
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGKILL'])) {
    await portal.stop(signal);
    assert.deepEqual(await serving(portal.data), []);
    await portal.begin();
    assert.equal(portal.address, address);
    assert.equal((await fetch(`${address}/healthz`)).status, 200);
  }
});

test('a portal that died by a signal does not keep the test from ending', { timeout: 10_000 }, async () => {
  const { portal, end } = await start();
  for (const pid of await serving(portal.data)) process.kill(pid, 'SIGABRT');
  await eventually('its end', async () => (await serving(portal.data)).length === 0);
  await end();
  assert.equal(existsSync(portal.data), false);
});

test('a test run that is called off leaves neither program nor data', async () => {
  const script = `
    import { Portal } from ${JSON.stringify(path.resolve(import.meta.dirname, 'portal.js'))};
    const portal = await Portal.start({ after() {} }, 'serve');
    console.log(portal.data);
    setInterval(() => {}, 1000);`;
  const run = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(run.stdout, 'data');
  const data = String(line).trim();
  assert.equal((await serving(data)).length, 1);
  run.kill('SIGTERM');
  await once(run, 'exit');
  assert.equal(existsSync(data), false);
  await eventually('its end', async () => (await serving(data)).length === 0);
});
