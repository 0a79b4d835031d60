// The delivery status of notifications in the API: a mail that was accepted, and one that was refused permanently.

import assert from 'node:assert/strict';
import { createServer as createProgram } from 'node:http';
import { createServer as createMailServer } from 'node:net';
import { test } from 'node:test';
import { eventually } from '../browser/portal.js';
import { Office } from './office.js';

/** The port of a local server. @param {import('node:net').Server} server */
async function port(server) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  return /** @type {import('node:net').AddressInfo} */ (server.address()).port;
}

/** A mail server that accepts one mail for an address and then rejects it as unknown (RFC 5321). @param {string} leaves */
function mailServer(leaves) {
  let mails = 0;
  return createMailServer((socket) => {
    let isText = false;
    let rest = '';
    const say = (/** @type {string} */ line) => socket.write(`${line}\r\n`);
    socket.on('error', () => {});
    say('220 mail.example');
    socket.setEncoding('utf8').on('data', (text) => {
      const lines = (rest + text).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (isText) {
          if (line !== '.') continue;
          isText = false;
          say('250 Taken');
        } else if (/^RCPT/i.test(line) && line.includes(leaves) && ++mails > 1) say('550 5.1.1 No such user');
        else if (/^DATA/i.test(line)) {
          isText = true;
          say('354 Go on');
        } else if (/^QUIT/i.test(line)) {
          say('221 Bye');
          socket.end();
        } else say('250 Yes');
      }
    });
  });
}

test('h2, n12: a program hears whether a notice was sent or failed', async (t) => {
  /** @type {any[]} */
  const told = [];
  const program = createProgram((request, response) => {
    let body = '';
    request
      .setEncoding('utf8')
      .on('data', (text) => (body += text))
      .on('end', () => {
        told.push(JSON.parse(body));
        response.writeHead(204).end();
      });
  });
  const mails = mailServer('gone@client.example');
  t.after(() => void program.close());
  t.after(() => void mails.close());
  process.env.PORTAL_WEBHOOKS_PRIVATE = 'allow';
  process.env.PORTAL_WAIT = '1s';
  process.env.PORTAL_MAIL = `smtp://127.0.0.1:${await port(mails)}`;
  const office = await Office.start(t);
  /** @type {any} */
  const api = office.client;
  const url = `http://127.0.0.1:${await port(program)}/hooks`;
  const hook = await office.call('POST', '/v1/webhooks', { url, events: ['notification.*'] });
  assert.equal(hook.status, 200, JSON.stringify(hook.json));

  for (const [name, event] of [
    ['here', 'notification.sent'],
    ['gone', 'notification.failed'],
  ]) {
    const client = await api.createClient({
      sendInvite: true,
      requestBody: { givenName: name, email: `${name}@client.example` },
    });
    const channel = await api.createMessageChannel({
      requestBody: { membershipType: 'individual', clientId: client.id },
    });
    const message = await api.sendMessage({
      requestBody: { channelId: channel.id, text: `Hello, ${name}.` },
    });
    const call = await eventually(event ?? '', async () =>
      told.find((one) => one.data.channelId === channel.id),
    );
    assert.equal(call.type, event);
    const { object } = call.data;
    assert.deepEqual(
      [object.object, object.recipientClientId, object.resourceId],
      ['notification', client.id, channel.id],
    );
    const states = (await office.call('GET', `/v1/messages/${message.id}`)).json.deliveries;
    const state = states.find((/** @type {any} */ one) => one.recipientId === client.id).state;
    assert.equal(state, event === 'notification.sent' ? 'emailed' : 'failed');
  }
  assert.equal(told.length, 2);
});
