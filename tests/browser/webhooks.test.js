// Webhooks: created on the page, called for real, signatures verified by another implementation of Standard Webhooks. Failed
// calls are retried, and the page lists every attempt.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import test from 'node:test';
import { Webhook } from 'standardwebhooks';
import { Portal, eventually, follow } from './portal.js';
import { write } from './talk.js';

// The receiver of this test is on this machine.
process.env.PORTAL_WEBHOOKS_PRIVATE = 'allow';

/** @typedef {{ headers: Record<string, string>, body: string }} Call */

/** A receiver that records its calls and answers with a given status. */
class Program {
  /** @type {Call[]} */
  calls = [];
  status = 200;
  address = '';

  /** @param {import('node:test').TestContext} t */
  static async start(t) {
    const program = new Program();
    const server = createServer((request, response) => {
      let body = '';
      request
        .setEncoding('utf8')
        .on('data', (text) => (body += text))
        .on('end', () => {
          program.calls.push({ headers: /** @type {Record<string, string>} */ (request.headers), body });
          response
            .writeHead(program.status, { location: 'http://127.0.0.1:1/' })
            .end(`status ${program.status} <b>`);
        });
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
    t.after(() => server.close());
    const address = /** @type {import('node:net').AddressInfo} */ (server.address());
    program.address = `http://127.0.0.1:${address.port}/hooks?from=portal`;
    return program;
  }
}

test('h1, h2, h5, h6: a program hears of messages, signed, again when it failed, and by hand', async (t) => {
  const portal = await Portal.start(t, 'demo');
  const program = await Program.start(t);
  const jane = await portal.visit({ link: await portal.demoLink('admin') });

  await jane.goto('/settings/api/webhooks');
  await follow(jane.getByRole('link', { name: 'New webhook' }));
  await jane.getByLabel('Address of your program').fill(program.address);
  await jane.getByLabel('Only what is chosen here').check();
  await jane.getByText('Choose what').click();
  await jane.getByLabel('message.sent').check();
  await jane.getByRole('button', { name: 'Make webhook' }).click();
  const secret = await jane.getByLabel('Signing secret').inputValue();
  const webhook = new Webhook(secret);
  await jane.getByRole('link', { name: 'Done' }).click();
  await jane.getByText('No calls yet').waitFor();
  const place = jane.url();

  program.status = 302;
  await jane.goto('/messages');
  await follow(jane.locator('a[href^="/messages/"]', { hasText: 'Northwind' }).first());
  await write(jane, 'The lease is signed “today”.');
  const first = await eventually('the first call', async () => program.calls[0]);
  const told = /** @type {{ type: string, timestamp: string, data: Record<string, any> }} */ (
    webhook.verify(first.body, first.headers)
  );
  assert.equal(told.type, 'message.sent');
  assert.match(told.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.equal(told.data.object.object, 'message');
  assert.equal(told.data.object.text, 'The lease is signed “today”.');
  assert.equal(told.data.channelId, told.data.object.channelId);
  assert.equal(first.headers['content-type'], 'application/json');
  assert.throws(() => webhook.verify(first.body.replace('today', 'never'), first.headers));
  assert.throws(() =>
    new Webhook(`whsec_${Buffer.alloc(32).toString('base64')}`).verify(first.body, first.headers),
  );

  program.status = 204;
  const second = await eventually('the second call', async () => program.calls[1]);
  webhook.verify(second.body, second.headers);
  assert.equal(second.headers['webhook-id'], first.headers['webhook-id']);

  await eventually('both tries on the page', async () => {
    await jane.goto(place);
    return jane.getByText('2 tries').isVisible();
  });
  await jane.getByText('2 tries').click();
  await jane.getByText('status 302 <b>').waitFor();
  await jane.shoot('webhook-tries');
  await jane.getByRole('button', { name: /Send again/ }).click();
  await jane.getByText('The call is made again.').waitFor();
  const third = await eventually('the third call', async () => program.calls[2]);
  webhook.verify(third.body, third.headers);
  assert.equal(third.headers['webhook-id'], first.headers['webhook-id']);
  assert.equal(program.calls.length, 3);

  program.status = 410;
  await eventually('the third try on the page', async () => {
    await jane.goto(place);
    return jane.getByText('3 tries').isVisible();
  });
  await jane.getByText('3 tries').click();
  await jane.getByRole('button', { name: /Send again/ }).click();
  await eventually('that it is off', async () => {
    await jane.goto(place);
    return jane.getByText('It answered 410').isVisible();
  });
  const admin = portal.output.match(/^admin (\S+)/m)?.[1] ?? assert.fail(portal.output);
  const note = await portal.mailTo(admin, /no longer calls/);
  assert.ok(note.text.includes(program.address), note.text);
  program.status = 200;
  await jane.getByRole('button', { name: 'Switch on again' }).click();
  await jane.getByText('It is told what happens from now on.').waitFor();
});
