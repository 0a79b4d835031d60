// Files in messages: chosen on a phone, dropped or pasted on a desktop, shown to the others as they arrive. Nothing is lost by
// a broken connection, a reload or a browser without scripts.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { eventually } from './portal.js';
import { composer, entry, kept, live, talk, write } from './talk.js';
import { Tunnel } from './tunnel.js';

/** @typedef {import('./portal.js').Visit} Visit */

const demo = path.resolve(import.meta.dirname, '../../crates/portal/src/demo/files');
const picture = {
  name: 'On the shelf.jpg',
  mimeType: 'image/jpeg',
  buffer: await readFile(path.join(demo, 'packaging.jpg')),
};
const contract = {
  name: 'Signed contract.pdf',
  mimeType: 'application/pdf',
  buffer: await readFile(path.join(demo, 'contract.pdf')),
};

/** @param {Visit} visit @param {{name: string, mimeType: string, buffer: Buffer}[]} files */
const choose = (visit, files) => visit.locator('#files').setInputFiles(files);
/** @param {Visit} visit */
const inTray = (visit) => visit.locator('#composer #tray li');
/** @param {Buffer} bytes */
const hash = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** The content of a file in a message. @param {Visit} visit @param {string} address */
const download = async (visit, address) => {
  const answer = await visit.request.get(address);
  assert.equal(answer.status(), 200, address);
  return answer.body();
};

test('f1: a client sends a picture and a PDF from a phone; both see them in the conversation and in Files, and get back from there', async (t) => {
  const { jane, maya, path: talkPath } = await talk(t);
  await choose(maya, [picture, contract]);
  await inTray(maya).filter({ hasText: 'Signed contract.pdf' }).waitFor();
  await inTray(maya).filter({ hasText: 'On the shelf.jpg' }).locator('img:visible').waitFor();
  await maya.shoot('attachments-chosen');
  await write(maya, 'shelf and contract');
  assert.equal(await inTray(maya).count(), 0);

  for (const visit of [maya, jane]) {
    const message = entry(visit, 'shelf and contract').and(visit.locator(':not(.sending)'));
    const shown = message.locator('.attached.picture img[alt="On the shelf.jpg"]');
    await shown.waitFor();
    await eventually('the small picture', () =>
      shown.evaluate((image) => image instanceof HTMLImageElement && image.naturalWidth > 0),
    );
    const [wide, high] = await shown.evaluate((image) => [image.clientWidth, image.clientHeight]);
    assert.ok(wide && high && Math.abs(wide / high - 4 / 3) < 0.02, `it is ${wide} by ${high}`);
    await message
      .locator('.attached', { hasText: 'Signed contract.pdf' })
      .or(message.locator('img[alt="Signed contract.pdf"]'))
      .first()
      .waitFor();
    await visit.shoot('attachments-sent');
  }
  const links = await entry(jane, 'shelf and contract')
    .locator('.attachments a')
    .evaluateAll((all) => all.map((one) => one.getAttribute('href') ?? ''));
  assert.equal(links.length, 2);
  const held = await Promise.all(
    links.map(async (link) =>
      hash(await download(jane, link.replace(/(\/content|\/download)?$/, '/content'))),
    ),
  );
  assert.deepEqual(held.sort(), [hash(picture.buffer), hash(contract.buffer)].sort());
  // Files lists them too, and links back to the message.
  for (const { name } of [picture, contract]) {
    await jane.goto(talkPath.replace('/messages/', '/files/'));
    const row = jane.locator('.files li', { hasText: name });
    await row.locator('.meta', { hasText: 'Maya Okafor' }).waitFor();
    const small = row.locator('.thumb img');
    await eventually(`the small version of ${name}`, () =>
      small.evaluate((image) => image instanceof HTMLImageElement && image.naturalWidth > 0),
    );
    await row.getByRole('link', { name: 'Sent in Messages' }).click();
    await jane.waitForURL(/\/messages\/.*message=/);
    await eventually('the message in sight', async () => {
      const [message, log] = [
        await entry(jane, 'shelf and contract').boundingBox(),
        await jane.locator('#log').boundingBox(),
      ];
      return message && log && message.y + message.height > log.y && message.y < log.y + log.height;
    });
  }
  // A file in the conversation opens on its own page, which links to the next file.
  await entry(jane, 'shelf and contract').getByRole('link', { name: 'On the shelf.jpg' }).click();
  await jane.locator('.looking .shown img').waitFor();
  const after = await jane.getByRole('link', { name: 'File after' }).getAttribute('href');
  await jane.getByRole('link', { name: 'File after' }).click();
  await jane.waitForURL((address) => address.pathname === after);
  await jane.goto(talkPath);
  await entry(jane, 'shelf and contract').getByRole('link', { name: 'Signed contract.pdf' }).click();
  await jane.getByRole('img', { name: 'First page of Signed contract.pdf' }).waitFor();
  // The page that the server renders agrees, and nothing waits on the device.
  await maya.goto(talkPath);
  assert.equal(await entry(maya, 'shelf and contract').locator('.attachments > *').count(), 2);
  assert.equal(await inTray(maya).count(), 0);
});

test('f3, f8: a connection that is killed in the middle of an upload: it goes on from there, and the message follows', async (t) => {
  const { portal, jane, maya, path: talkPath } = await talk(t);
  const line = await Tunnel.open(portal.address, t);
  await maya.goto(`${line.address}${talkPath}`);
  await live(maya);
  const bytes = randomBytes(6_000_000);
  /** @type {number[]} */
  const begun = [];
  maya.on('request', (request) => {
    if (request.method() === 'PATCH') begun.push(Number(request.headers()['upload-offset']));
  });
  line.rate = 1_500_000;
  await choose(maya, [{ name: 'film.bin', mimeType: 'application/octet-stream', buffer: bytes }]);
  const film = maya.locator('[data-attachment]', { hasText: 'film.bin' });
  await film.waitFor();
  // Messages can be sent meanwhile, and a later text does not wait for the file.
  await write(maya, 'the film');
  await write(maya, 'comes in a minute');
  await entry(jane, 'comes in a minute').waitFor();
  await eventually('a third of it', () =>
    film.locator('progress').evaluate((bar) => bar instanceof HTMLProgressElement && bar.position > 0.33),
  );
  await maya.shoot('attachments-on-their-way');
  line.cut();
  await film.getByText('Waiting for a connection').waitFor();
  await maya.shoot('attachments-cut-off');
  assert.equal(await entry(jane, 'the film').count(), 0, 'nothing is posted by a part of an upload');
  line.rate = Infinity;
  line.mend();
  const link =
    (await entry(jane, 'the film').locator('.attachments a').first().getAttribute('href')) ??
    assert.fail('no link');
  assert.equal(hash(await download(jane, link)), hash(bytes));
  assert.ok(begun.length > 1 && begun[0] === 0 && (begun.at(-1) ?? 0) > 0, `it began at ${begun}`);
  await entry(maya, 'the film').and(maya.locator(':not(.sending)')).waitFor();
  assert.equal(await maya.locator('[data-attachment]').count(), 0, 'nothing waits any more');
  [jane, maya].forEach((visit) => visit.forgive());
});

test('f8: a message with a file survives a reload, on whichever page one is then; what is chosen and not sent stays in the composer', async (t) => {
  const { portal, jane, maya, path: talkPath } = await talk(t);
  const line = await Tunnel.open(portal.address, t);
  await maya.goto(`${line.address}${talkPath}`);
  await live(maya);
  const bytes = randomBytes(4_000_000);
  line.rate = 600_000;
  await choose(maya, [{ name: 'scan.bin', mimeType: 'application/octet-stream', buffer: bytes }]);
  await write(maya, 'the scan');
  await entry(maya, 'the scan').locator('progress').waitFor();
  await eventually('the message on the device', async () => (await kept(maya, 'outbox')).length === 1);
  await choose(maya, [contract]);
  await inTray(maya).waitFor();
  await maya.goto(`${line.address}/messages`);
  const link =
    (await entry(jane, 'the scan').locator('.attachments a').first().getAttribute('href')) ??
    assert.fail('no link');
  assert.equal(hash(await download(jane, link)), hash(bytes));
  line.rate = Infinity;
  await maya.goto(`${line.address}${talkPath}`);
  await live(maya);
  await inTray(maya).filter({ hasText: 'Signed contract.pdf' }).waitFor();
  await inTray(maya).getByRole('button', { name: 'Remove Signed contract.pdf' }).click();
  assert.equal(await inTray(maya).count(), 0);
  // A browser with a busy disk drops storage requests that a closed page has just started.
  await eventually(
    'nothing is kept on the device',
    async () => (await kept(maya, 'attachments')).length === 0,
  );
  await maya.reload();
  await live(maya);
  assert.equal(await inTray(maya).count(), 0, 'what was taken away stays away');
  [jane, maya].forEach((visit) => visit.forgive());
});

test('f3, f8: what the server will not take says so at the file, before its bytes have gone', async (t) => {
  const { jane, maya } = await talk(t);
  // Answers like a server with less space.
  await maya.route('**/uploads', (route) =>
    route.fulfill({
      status: 413,
      contentType: 'application/json',
      body: JSON.stringify({ code: 'tooLarge', message: 'This is larger than 1 MB.' }),
    }),
  );
  await choose(maya, [contract]);
  await inTray(maya).getByText('This is larger than 1 MB.').waitFor();
  await write(maya, 'with something too large');
  await maya.getByText('Please remove the files that could not be sent.').waitFor();
  assert.equal(
    await composer(maya).inputValue(),
    'with something too large',
    'nothing that was typed is lost',
  );
  await inTray(maya).getByRole('button').click();
  await maya.locator('.send').click();
  await entry(jane, 'with something too large').waitFor();
  maya.forgive();
});

test('f1: files that are dropped or pasted are sent like those that are chosen', async (t) => {
  const { jane, maya } = await talk(t);
  for (const way of /** @type {const} */ (['drop', 'paste'])) {
    await jane.evaluate((way) => {
      const data = new DataTransfer();
      data.items.add(new File([`it was a ${way}`], `${way}.txt`, { type: 'text/plain' }));
      const place = document.querySelector(way === 'drop' ? '#log' : '#text');
      place?.dispatchEvent(
        way === 'drop'
          ? new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })
          : new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }),
      );
    }, way);
    await inTray(jane)
      .filter({ hasText: `${way}.txt` })
      .waitFor();
  }
  await jane.locator('.send').click();
  for (const way of ['drop', 'paste']) {
    const link = maya.locator('.entry .attachments a', { hasText: `${way}.txt` });
    assert.equal(String(await download(maya, (await link.getAttribute('href')) ?? '')), `it was a ${way}`);
  }
});

test('f1: a form without scripts sends files', async (t) => {
  const { portal, jane, path: talkPath } = await talk(t);
  const plain = await portal.visit({
    scripts: false,
    phone: true,
    link: await portal.signInLink('maya@northwind.example'),
  });
  await plain.goto(talkPath);
  await plain.locator('#files').setInputFiles([contract]);
  await plain.getByRole('textbox', { name: /^Message to/ }).fill('by a plain form');
  await plain.shoot('attachments-plain');
  await plain.locator('.send').click();
  await entry(plain, 'by a plain form').locator('.attached').waitFor();
  await entry(jane, 'by a plain form').locator('.attached').waitFor();
});
