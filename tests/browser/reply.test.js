// Missed messages reach the recipient by mail, whose link opens a page for replying (N3, N7, N8, N10, M6).

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { picture } from './media.js';
import { eventually, Portal } from './portal.js';
import { Tunnel } from './tunnel.js';

/** @typedef {import('./portal.js').Visit} Visit */

// Replaces the wait of every workspace, so that a mail is sent within seconds instead of minutes.
process.env.PORTAL_WAIT = '2s';

/** @param {string} html the mail; returns the link of its first reply button */
function replyLink(html) {
  return html.match(/href="(https?:\/\/[^"]*\/r\/[^"]+)"/)?.[1] ?? assert.fail(`no reply link in\n${html}`);
}

/** Opens the firm's conversation with a client who is absent. @param {import('node:test').TestContext} t */
async function begin(t) {
  const portal = await Portal.start(t, 'demo');
  const office = await portal.visit({ link: await portal.demoLink('admin') });
  const client = portal.output.match(/^client (\S+)/m)?.[1] ?? assert.fail(portal.output);
  const own = await portal.visit({ link: await portal.demoLink('client') });
  await own.goto('/messages');
  const address =
    (await own.locator('.rows a', { hasText: 'Harbor & Lee' }).first().getAttribute('href')) ??
    assert.fail('the client has no channel');
  await own.context().close();
  await office.goto(address.split('?')[0] ?? '');
  return { portal, office, client };
}

/** @param {Portal} portal @param {string} client @param {string} words */
const mailAbout = (portal, client, words) =>
  eventually(`the mail about “${words}”`, async () => {
    const newest = await portal.mailTo(client, /./);
    return newest.text.includes(words) ? newest : undefined;
  });

test('n8: a mail comes, its link answers on a phone without signing in, and the office sees it live', async (t) => {
  const { portal, office, client } = await begin(t);
  await office.locator('#text').fill('The **draft** is ready.\nCould you have a look?');
  await office.locator('.send').click();
  await office.locator('#text').fill('It is two pages, no hurry before Thursday.');
  await office.locator('.send').click();
  await office.locator('.fates').last().waitFor();
  await office.shoot('fates-due');

  const mail = await mailAbout(portal, client, 'It is two pages');
  const link = replyLink(mail.html);
  for (const look of [{ phone: true }, { phone: true, dark: true }, {}, { dark: true }]) {
    const device = await portal.visit(look);
    await device.setContent(mail.html);
    await device.getByText('It is two pages').last().waitFor();
    await device.shoot('mail');
    const width = await device.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(width <= 0, 'the mail scrolls sideways');
    await device.context().close();
  }
  await office
    .locator('.entry', { hasText: 'It is two pages' })
    .locator('.fates', { hasText: 'Emailed to Maya' })
    .waitFor();
  await office.shoot('fates-emailed');

  for (const look of [{ phone: true }, { phone: true, dark: true }, {}, { dark: true }]) {
    const device = await portal.visit(look);
    await device.goto(link);
    await device.getByText('It is two pages').waitFor();
    await device.shoot('reply');
    assert.equal(await device.locator('a[href^="/messages"]').count(), 0);
    const width = await device.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(width <= 0, 'the page scrolls sideways');
    await device.context().close();
  }

  const phone = await portal.visit({ phone: true });
  await phone.goto(link);
  await eventually('what was on screen to be read', async () =>
    (
      await office
        .locator('.seen')
        .last()
        .textContent()
        .catch(() => '')
    )?.includes('Seen by'),
  );
  await phone.locator('#text').fill('Looks good to me 👍');
  await phone.locator('.send').tap();
  await phone.getByText('Sent. You can write more.').waitFor();
  await phone.shoot('reply-sent');
  await office.locator('#entries').getByText('Looks good to me 👍').waitFor();

  const plain = await portal.visit({ phone: true, scripts: false });
  await plain.goto(link);
  await plain.locator('#text').fill('And without scripts too');
  await plain.locator('.send').click();
  await plain.getByText('And without scripts too').waitFor();
  await office.locator('#entries').getByText('And without scripts too').waitFor();
});

test('f9: files go from the page of a link with their progress, and go on where they were when the connection was lost', async (t) => {
  const { portal, office, client } = await begin(t);
  await office.locator('#text').fill('Could you send the film of the hall?');
  await office.locator('.send').click();
  const link = new URL(replyLink((await mailAbout(portal, client, 'the film of the hall')).html));
  const line = await Tunnel.open(portal.address, t);
  const phone = await portal.visit({ phone: true });
  await phone.goto(`${line.address}${link.pathname}`);
  const bytes = randomBytes(4_000_000);
  /** @type {number[]} */
  const begun = [];
  phone.on('request', (request) => {
    if (request.method() === 'PATCH') begun.push(Number(request.headers()['upload-offset']));
  });
  line.rate = 1_000_000;
  const tray = phone.locator('#tray li');
  await phone.locator('#files').setInputFiles([
    { name: 'film.bin', mimeType: 'application/octet-stream', buffer: bytes },
    { name: 'door.png', mimeType: 'image/png', buffer: await picture(phone, 400, 300) },
    { name: 'by mistake.txt', mimeType: 'text/plain', buffer: Buffer.from('not this one') },
  ]);
  await tray.getByRole('button', { name: 'Remove by mistake.txt' }).click();
  assert.equal(await tray.count(), 2);
  await tray.filter({ hasText: 'door.png' }).locator('img:visible').waitFor();
  await phone.locator('#text').fill('Here it is');
  await phone.locator('.send').tap();
  await phone.getByText('Your answer goes when the files are there.').waitFor();
  const film = tray.filter({ hasText: 'film.bin' });
  await eventually('a third of it', () =>
    film.locator('progress').evaluate((bar) => bar instanceof HTMLProgressElement && bar.position > 0.33),
  );
  await phone.shoot('reply-on-its-way');
  line.cut();
  await film.getByText('Waiting for a connection').waitFor();
  await phone.shoot('reply-cut-off');
  line.rate = Infinity;
  line.mend();
  await phone.getByText('Sent. You can write more.').waitFor();
  assert.ok(
    begun.some((offset) => offset > 0),
    `it began at ${begun}`,
  );
  const shown = office.locator('.entry', { hasText: 'Here it is' });
  await shown.locator('img[alt="door.png"]').waitFor();
  assert.equal(await shown.locator('.attachments > *').count(), 2);
  const arrived = await office.request.get(
    (await shown.getByRole('link', { name: 'film.bin' }).getAttribute('href')) ?? '',
  );
  assert.ok(bytes.equals(await arrived.body()), 'all of it has arrived');
  // The thumbnail is made in the background, and this page has no live updates.
  await eventually('the picture', async () => {
    await phone.reload();
    return phone.locator('img[alt="door.png"]').isVisible();
  });
  await phone.shoot('reply-with-files');

  // A refusal is shown at the file, and the text is kept.
  await phone.route('**/uploads', (route) =>
    route.fulfill({
      status: 413,
      contentType: 'application/json',
      body: '{"message":"This is larger than 1 MB."}',
    }),
  );
  await phone
    .locator('#files')
    .setInputFiles([{ name: 'large.txt', mimeType: 'text/plain', buffer: Buffer.from('large') }]);
  await tray.getByText('This is larger than 1 MB.').waitFor();
  await phone.locator('#text').fill('And the plan');
  await phone.locator('.send').tap();
  await phone.getByText('Please remove the files that could not be sent.').waitFor();
  await phone.shoot('reply-refused');
  await tray.getByRole('button', { name: 'Remove large.txt' }).click();
  await phone.locator('.send').tap();
  await office.locator('#entries').getByText('And the plan').waitFor();
  phone.forgive();
});
