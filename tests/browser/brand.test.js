// Branding from end to end: a firm sets up its brand, writes a welcome message and invites client users, who find both on
// their phones.

import assert from 'node:assert/strict';
import test from 'node:test';
import { Portal, eventually, follow, signIn } from './portal.js';

/** @typedef {import('./portal.js').Visit} Visit */

const accent = '#8a1538';
const side = '#20303c';

/** @param {Portal} portal */
async function setUp(portal) {
  const jane = await portal.visit();
  await jane.goto(portal.setUpLink);
  await jane.getByLabel('Name of your firm').fill('Harbor & Lee');
  await jane.getByLabel('Your given name').fill('Jane');
  await jane.getByLabel('Your family name').fill('Lee');
  await jane.getByLabel('Your email address').fill('jane@harborlee.example');
  await jane.getByRole('button', { name: 'Set up' }).click();
  await jane.getByText('has its portal').waitFor();
  return jane;
}

/** Adds a client user with an invitation. @param {Visit} jane @param {string} givenName */
async function invite(jane, givenName) {
  await jane.goto('/clients/new');
  await jane.getByLabel('Given name').fill(givenName);
  await jane.getByLabel('Email address').fill(`${givenName.toLowerCase()}@northwind.example`);
  await jane.getByLabel('Company').fill('Northwind Bakery');
  await jane.getByLabel('Invite them by email now').check();
  await jane.getByRole('button', { name: 'Add client user' }).click();
  await jane.getByText('is on its way').waitFor();
}

/** Opens the channel of a client user. @param {Visit} jane @param {string} givenName */
async function open(jane, givenName) {
  await jane.goto(`/messages?find=${givenName}`);
  await follow(jane.locator('a[href^="/messages/"]', { hasText: givenName }).first());
  await jane.locator('#text, textarea').first().waitFor();
}

/** The link of a mail. @param {Portal} portal @param {string} givenName */
async function invitation(portal, givenName) {
  const mail = await portal.mailTo(`${givenName.toLowerCase()}@northwind.example`, /invites you/);
  const link = mail.text.match(/http\S+\/sign-in\/link\/\S+/)?.[0] ?? assert.fail(mail.text);
  return { mail, link };
}

/** The texts of all messages of a channel that a client user sees. @param {Visit} visit */
async function said(visit) {
  await visit.goto('/messages');
  await follow(visit.locator('a[href^="/messages/"]', { hasText: 'Harbor & Lee' }).first());
  await visit.locator('#text, textarea').first().waitFor();
  return visit.locator('.say').allInnerTexts();
}

/** A computed style of an element, once the page is loaded. @param {Visit} visit @param {string} place @param {string} property */
async function shown(visit, place, property) {
  await visit.waitForLoadState();
  return visit
    .locator(place)
    .first()
    .evaluate((element, name) => getComputedStyle(element).getPropertyValue(name), property);
}

/** @param {string} hex as in `#8a1538` */
const rgb = (hex) => `rgb(${[1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)).join(', ')})`;

test('b1 w1 w3: a firm sets up its brand and its welcome, and client users find both', async (t) => {
  const portal = await Portal.start(t, 'serve');
  const jane = await setUp(portal);

  await t.test('b1 b2: what is set is on the next page', async () => {
    await jane.goto('/settings/brand');
    await jane.getByLabel('Your accent').fill(accent);
    await jane.getByRole('button', { name: 'Save the accent' }).click();
    await jane.getByRole('status').getByText('Saved.').waitFor();
    assert.equal(await shown(jane, '.button.primary', 'background-color'), rgb(accent));
    await jane.getByLabel('Its colour').fill(side);
    await jane.getByRole('button', { name: 'Save the sidebar' }).click();
    await jane.getByRole('status').getByText('Saved.').waitFor();
    assert.equal(await shown(jane, 'nav.side', 'background-color'), rgb(side));
    const picture = await jane.locator('.card').first().screenshot();
    for (const label of ['Logo', 'Square icon', 'Picture beside signing in']) {
      await jane
        .getByLabel(label, { exact: true })
        .setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: picture });
      await jane
        .locator('form', { has: jane.getByLabel(label, { exact: true }) })
        .getByRole('button', { name: 'Upload' })
        .click();
      await jane.getByRole('status').getByText('Saved.').waitFor();
    }
    await jane.waitForLoadState();
    const isDrawn = await jane
      .locator('nav.side .logo')
      .evaluate((image) => /** @type {HTMLImageElement} */ (image).naturalWidth > 0);
    assert.ok(isDrawn, 'the logo is drawn');
  });

  await t.test('b1: words that cannot be read are refused with words, and nothing is lost', async () => {
    await jane.getByLabel('Its words').fill('#30404c');
    await jane.getByRole('button', { name: 'Save the sidebar' }).click();
    await jane.getByText('could not be read on that one').waitFor();
    assert.equal(await jane.getByLabel('Its words').inputValue(), '#30404c');
    assert.equal(await shown(jane, 'nav.side', 'background-color'), rgb(side));
    await jane
      .getByLabel('Logo', { exact: true })
      .setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
    await jane
      .locator('form', { has: jane.getByLabel('Logo', { exact: true }) })
      .getByRole('button', { name: 'Upload' })
      .click();
    await jane.getByText('This is no picture.').waitFor();
    jane.problems.length = 0; // The browser logs the refusals, as expected.
  });

  await t.test('w2: a text with an unknown field or of 50 KB is refused with words', async () => {
    await jane.goto('/settings/messaging');
    const text = jane.getByLabel('Text', { exact: true });
    await text.fill('Hello {{client.shoeSize}}');
    await jane.getByRole('button', { name: 'Save the text' }).click();
    await jane.locator('[data-saved]').getByText('There is no merge field {{client.shoeSize}}').waitFor();
    await text.evaluate((field) => field.removeAttribute('maxlength'));
    await text.fill('a'.repeat(50_000));
    await jane.getByRole('button', { name: 'Save the text' }).click();
    await jane
      .locator('[data-saved]')
      .getByText(/Please use at most [\d,]+ characters/)
      .waitFor();
    await text.fill(
      'Good to have you here, {{client.givenName}}. Yours, {{sender.givenName}} of {{brand.name}}',
    );
    await jane.getByText('Yours, Jane of Harbor & Lee').waitFor();
    await jane.getByRole('button', { name: 'Save the text' }).click();
    await jane.locator('[data-saved]').getByText('Saved').waitFor();
    jane.forgive(); // The browser logs the refusals, as expected.
  });

  await t.test('w1 w3: it is foreseen in the channel, and found on a phone', async () => {
    await invite(jane, 'Maya');
    await open(jane, 'Maya');
    await jane
      .locator('.to-come')
      .getByText('Good to have you here, Maya. Yours, Jane of Harbor & Lee')
      .waitFor();
    const { mail, link } = await invitation(portal, 'Maya');
    assert.ok(mail.html.includes(accent), 'the mail has the accent');
    assert.match(mail.subject, /^Harbor & Lee invites you/);
    const phone = await portal.visit({ phone: true });
    await phone.goto(link);
    assert.equal(await shown(phone, '.button.primary', 'background-color'), rgb(accent));
    await phone.getByAltText('Harbor & Lee').waitFor();
    assert.ok(await phone.locator('.cover').isVisible());
    await signIn(phone, link);
    assert.deepEqual(await said(phone), ['Good to have you here, Maya. Yours, Jane of Harbor & Lee']);
    await eventually('that it has been sent', async () => (await jane.locator('.to-come').count()) === 0);
    const manifest = await (await phone.request.get('/manifest.webmanifest')).json();
    assert.equal(manifest.name, 'Harbor & Lee');
    assert.equal(manifest.theme_color, side);
    await phone.shoot('brand-welcome');
  });

  await t.test('w3: who is written to first finds no welcome', async () => {
    await invite(jane, 'Luis');
    await open(jane, 'Luis');
    await jane.locator('.to-come').waitFor();
    await jane.locator('#text, textarea').first().fill('Luis, the lease is ready to be signed.');
    await jane.keyboard.press('Enter');
    await jane.locator('.say').getByText('the lease is ready').waitFor();
    await eventually('nothing to come', async () => (await jane.locator('.to-come').count()) === 0);
    const phone = await portal.visit({ phone: true });
    await signIn(phone, (await invitation(portal, 'Luis')).link);
    assert.deepEqual(await said(phone), ['Luis, the lease is ready to be signed.']);
  });

  await t.test('w1: two devices at once find one welcome', async () => {
    await invite(jane, 'Helen');
    const links = [
      await portal.signInLink('helen@northwind.example'),
      await portal.signInLink('helen@northwind.example'),
    ];
    const here = links.map((link) => link.replace(/^https?:\/\/[^/]+/, portal.address));
    const devices = [await portal.visit({ phone: true }), await portal.visit()];
    await Promise.all(devices.map((device, at) => device.goto(here[at])));
    await Promise.all(
      devices.map(async (device) => {
        await device.locator('main form[method=post] button').first().click();
        await device.waitForURL((address) => !address.pathname.startsWith('/sign-in'));
      }),
    );
    for (const device of devices) {
      assert.deepEqual(await said(device), ['Good to have you here, Helen. Yours, Jane of Harbor & Lee']);
    }
  });
});
