// Runs the commands of docs/api.md one after the other against a portal and checks the result.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Office } from './office.js';

test('the lines of the guide do what the guide says', async (t) => {
  const office = await Office.start(t);
  const guide = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');
  const blocks = [...guide.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block);
  assert.ok(blocks.length >= 7, `${blocks.length}`);
  const script = ['set -euo pipefail', 'curl() { command curl --fail-with-body "$@"; }', ...blocks].join(
    '\n',
  );
  const run = spawnSync('bash', ['-c', script], {
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, PORTAL: office.portal.address, KEY: office.key },
  });
  assert.equal(run.status, 0, `${run.stdout}\n${run.stderr}`);
  for (const said of ['"brandName":"Harbor & Lee"', 'The deed.', 'event: message.sent', '"secret":"whsec_']) {
    assert.ok(run.stdout.includes(said), `${said} is not in\n${run.stdout}`);
  }
  /** @type {any} */
  const api = office.client;
  const { data: clients } = await api.listClients({ email: 'maria@brightwater.example' });
  assert.equal(clients[0].status, 'invited');
  const { data: channels } = await api.listMessageChannels({ clientId: clients[0].id });
  const { data } = await api.listMessages({ channelId: channels[0].id });
  assert.deepEqual(
    data.map((/** @type {any} */ one) => one.text),
    ['Here is the deed.', 'Welcome, Maria.'],
    'sent once',
  );
  await office.shows(`/messages/${channels[0].id}`, 'Welcome, Maria.', 'Here is the deed.', 'deed.txt');
});
