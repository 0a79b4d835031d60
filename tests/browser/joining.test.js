// Joining: an invitation accepted on a phone (S2), an import of people with a preview (S15), and the audit log of both (R1).

import assert from 'node:assert/strict';
import test from 'node:test';
import { Portal, follow } from './portal.js';

/** The URL of the button in a mail. @param {string} text */
const linkIn = (text) => text.match(/https?:\/\/\S+\/sign-in\/link\/\S+/)?.[0] ?? assert.fail(text);

test('s2: a client is invited, accepts on a phone and finds the welcome; nobody accepts twice', async (t) => {
  const portal = await Portal.start(t, 'demo');
  const jane = await portal.visit({ link: await portal.demoLink('admin') });
  await jane.goto('/clients/new');
  await jane.getByLabel('Given name').fill('Rui');
  await jane.getByLabel('Email address').fill('rui@alves.example');
  await jane.getByRole('button', { name: 'Add client user' }).click();
  await jane.getByText('An invitation to rui@alves.example is on its way.').waitFor();
  const page = jane.url();
  const mail = await portal.mailTo('rui@alves.example', /invites you/);
  assert.match(mail.html, /Open the portal/);
  const link = linkIn(mail.text);

  // A mail scanner may open the link any number of times.
  const scanner = await portal.visit({ scripts: false });
  for (let time = 0; time < 3; time++) assert.equal((await scanner.request.get(link)).status(), 200);

  const phone = await portal.visit({ phone: true });
  await phone.goto(link);
  assert.equal(await phone.getByLabel('Given name').inputValue(), 'Rui');
  await phone.shoot('invitation');
  await phone.getByLabel('Family name').fill('Alves');
  await phone.getByLabel('Mobile number').fill('12');
  await phone.getByRole('button', { name: 'Accept and open the portal' }).click();
  await phone.getByText('Please give the number with its country code').waitFor();
  phone.problems.length = 0; // The browser logs the refusal, as expected.
  await phone.getByLabel('Mobile number').fill('+351 21 000 0000');
  await phone.getByRole('button', { name: 'Accept and open the portal' }).click();
  await phone.waitForURL((address) => address.pathname.startsWith('/messages'));
  await phone.goto('/messages');
  await phone.locator('a[href^="/messages/"]', { hasText: 'Harbor & Lee' }).first().click();
  await phone.locator('.say').filter({ hasText: 'Rui' }).first().waitFor();

  const second = await portal.visit({ phone: true, dark: true });
  await second.goto(link);
  await second.getByRole('heading', { name: 'This invitation has been accepted' }).waitFor();
  await second.shoot('invitation-accepted');
  second.problems.length = 0;

  await jane.goto(page);
  await jane.getByRole('heading', { name: 'Rui Alves' }).waitFor();
  await jane.goto('/settings');
  await follow(jane.getByRole('link', { name: 'Records' }));
  const rows = await jane.locator('tbody tr').allInnerTexts();
  assert.ok(
    rows.some((row) => /invited\s+Rui Alves/.test(row)),
    rows.join('\n'),
  );
});

test('s2: an invitation that was taken back says so', async (t) => {
  const portal = await Portal.start(t, 'demo');
  const jane = await portal.visit({ link: await portal.demoLink('admin') });
  await jane.goto('/settings/team/new');
  await jane.getByLabel('Given name').fill('Sam');
  await jane.getByLabel('Email address').fill('sam@harborlee.example');
  await jane.getByRole('button', { name: 'Add colleague' }).click();
  const link = linkIn((await portal.mailTo('sam@harborlee.example', /invites you/)).text);
  await jane.goto('/settings/team');
  await jane.getByRole('link', { name: /Sam/ }).click();
  await jane.getByRole('button', { name: 'Take the invitation back' }).click();
  await jane.getByText('The invitation was taken back.').waitFor();
  const sam = await portal.visit({ phone: true, scripts: false });
  await sam.goto(link);
  await sam.getByRole('heading', { name: 'This invitation was taken back' }).waitFor();
  assert.equal(await sam.getByRole('link', { name: 'Sign in' }).count(), 0);
  sam.problems.length = 0;
});

test('s14: somebody signs up on a phone, by code or link, and the firm puts them where they work', async (t) => {
  const portal = await Portal.start(t, 'demo');
  const jane = await portal.visit({ link: await portal.demoLink('admin') });
  const phone = await portal.visit({ phone: true, scripts: false });
  await phone.goto('/sign-in');
  assert.equal(await phone.getByRole('link', { name: 'Sign up' }).count(), 0);
  await jane.goto('/settings/joining');
  await jane.getByLabel('People may sign up by themselves').check();
  await jane.locator('[data-saved]').getByText('Saved').waitFor();
  await jane.shoot('joining');

  await phone.reload();
  await phone.getByRole('link', { name: 'Sign up' }).click();
  await phone.shoot('sign-up');
  await phone.getByLabel('Given name').fill('Rui');
  await phone.getByLabel('Your email address').fill('rui@northwind.example');
  await phone.getByLabel('Company').fill('Northwind Bakeries & Sons');
  await phone.getByRole('button', { name: 'Send me the email' }).click();
  await phone.getByText('A mail to rui@northwind.example is on its way.').waitFor();
  await phone.shoot('sign-up-code');
  const mail = await portal.mailTo('rui@northwind.example', /your code for signing up/);
  await phone.getByLabel('Six-digit code').fill(mail.text.match(/^\d{6}/)?.[0] ?? assert.fail(mail.text));
  await phone.getByRole('button', { name: 'Sign in' }).click();
  await phone.waitForURL((address) => address.pathname.startsWith('/messages'));
  await phone.goto('/messages');
  await phone.locator('a[href^="/messages/"]', { hasText: 'Harbor & Lee' }).first().click();
  await phone.locator('.say').filter({ hasText: 'Rui' }).first().waitFor();

  // The link in the mail works on another device; opening it changes nothing.
  const dark = await portal.visit({ phone: true, dark: true });
  await dark.goto('/sign-up');
  await dark.shoot('sign-up');
  await dark.getByLabel('Given name').fill('Sam');
  await dark.getByLabel('Your email address').fill('sam@gmail.com');
  await dark.getByRole('button', { name: 'Send me the email' }).click();
  await dark.getByText('A mail to sam@gmail.com is on its way.').waitFor();
  const link = linkIn((await portal.mailTo('sam@gmail.com', /your code for signing up/)).text);
  assert.equal((await phone.request.get(link)).status(), 200);
  await dark.goto(link);
  await dark.getByRole('heading', { name: 'Welcome, Sam' }).waitFor();
  await dark.getByRole('button', { name: 'Sign in' }).click();
  await dark.waitForURL((address) => address.pathname.startsWith('/messages'));

  await jane.goto('/clients?find=rui@northwind.example');
  await jane.getByRole('link', { name: /Rui/ }).click();
  await jane.getByRole('heading', { name: 'Where does Rui work?' }).waitFor();
  await jane.shoot('belonging');
  const small = await portal.visit({ phone: true, link: await portal.demoLink('admin') });
  await small.goto(new URL(jane.url()).pathname);
  await small.getByRole('heading', { name: 'Where does Rui work?' }).scrollIntoViewIfNeeded();
  await small.shoot('belonging');
  await follow(jane.getByRole('button', { name: /^Put into Northwind/ }));
  await jane.getByText('Saved.').waitFor();
  assert.equal(await jane.getByRole('heading', { name: 'Where does Rui work?' }).count(), 0);
  await jane.goto('/settings/records');
  const rows = await jane.locator('tbody tr').allInnerTexts();
  assert.ok(
    rows.some((row) => /Rui\s+(What\s+)?signed up/.test(row)),
    rows.join('\n'),
  );
  await jane.shoot('records-sign-up');
});

for (const scripts of [true, false]) {
  test(`s5: a table is looked at before it is taken in, scripts ${scripts ? 'on' : 'off'}`, async (t) => {
    const portal = await Portal.start(t, 'demo');
    const jane = await portal.visit({ scripts, link: await portal.demoLink('admin') });
    await jane.goto('/clients');
    await jane.getByRole('link', { name: 'Import' }).click();
    const hand = (/** @type {string} */ name, /** @type {Buffer} */ buffer) =>
      jane.locator('input[type=file]').setInputFiles({ name, mimeType: 'text/csv', buffer });
    await hand('people.xlsx', Buffer.from('PK\x03\x04'));
    await jane.getByRole('button', { name: 'See what will happen' }).click();
    await jane.getByText('This is a workbook.').waitFor();
    jane.problems.length = 0;

    const table =
      'Name;E-Mail;Firma\r\nZoë Müller;zoe@cafe.example;Café Zürich\r\nNo Body;nobody@;\r\n=1+1;sum@cafe.example;Café Zürich\r\n';
    await hand('people.csv', Buffer.from(table, 'latin1'));
    await jane.getByRole('button', { name: 'See what will happen' }).click();
    await jane.getByText('Nothing has happened yet.').waitFor();
    await jane.getByText('Zoë Müller').waitFor();
    await jane.getByText('Please give an email address').waitFor();
    await jane.getByRole('button', { name: 'Take it in', exact: true }).click();
    await jane.getByText('2 client users added.').waitFor();
    await jane.goto('/clients?find=cafe.example');
    assert.equal(await jane.locator('.people > li').count(), 2);
  });
}

test('s15: a table of many hundred lines goes on by itself, and its page with it; one of too many is refused', async (t) => {
  const portal = await Portal.start(t, 'demo');
  const jane = await portal.visit({ scripts: false, link: await portal.demoLink('admin') });
  const table = (/** @type {number} */ count) =>
    Buffer.from(
      `Name,Email,Company\n${Array.from({ length: count }, (_, at) => `Person ${at},p${at}@many.example,Company ${at % 40}\n`).join('')}`,
    );
  const hand = async (/** @type {Buffer} */ buffer) => {
    await jane.goto('/clients/import');
    await jane
      .locator('input[type=file]')
      .setInputFiles({ name: 'people.csv', mimeType: 'text/csv', buffer });
    await jane.getByRole('button', { name: 'See what will happen' }).click();
  };
  await hand(table(100_000));
  await jane.getByText('at most 10,000 lines at once').waitFor();
  jane.problems.length = 0; // The browser logs the refusal, as expected.
  await hand(table(1_200));
  await jane.getByText('1200 will be added').waitFor();
  await jane.getByText('and 1150 more').waitFor();
  await jane.shoot('import-large');
  await jane.getByRole('button', { name: 'Take it in', exact: true }).click();
  await jane.getByText(/of 1200 lines are in. It goes on by itself/).waitFor();
  await jane.shoot('import-running');
  const phone = await portal.visit({ phone: true, dark: true, link: await portal.demoLink('admin') });
  await phone.goto(new URL(jane.url()).pathname);
  await phone.shoot('import-running');
  await jane.getByText('1200 client users added.').waitFor();
  await jane.shoot('import-taken-in');
});

test('c5: a client starts a conversation on a phone, where the firm lets them', async (t) => {
  const portal = await Portal.start(t, 'demo');
  const jane = await portal.visit({ link: await portal.demoLink('admin') });
  const phone = await portal.visit({ phone: true, scripts: false, link: await portal.demoLink('client') });
  await phone.goto('/messages');
  assert.equal(await phone.getByRole('link', { name: 'New conversation' }).count(), 0);
  await jane.goto('/settings/messaging');
  await jane.getByLabel('Client users may start channels').check();
  await jane.locator('[data-saved]').getByText('Saved').waitFor();
  await phone.reload();
  await phone.getByRole('link', { name: 'New conversation' }).click();
  await phone.getByRole('heading', { name: 'What is it about?' }).waitFor();
  await phone.shoot('client-starts');
  await phone.getByRole('button', { name: 'Write about Northwind Bakery' }).click();
  await phone.waitForURL(/\/messages\/[0-9a-f-]{36}$/);
  await phone.getByRole('heading', { name: 'Northwind Bakery' }).first().waitFor();
});
