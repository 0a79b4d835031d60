// From the first start to a conversation between two people, as a firm and its client would do it.

import assert from 'node:assert/strict';
import test from 'node:test';
import { Portal, follow, signIn } from './portal.js';
import { write } from './talk.js';

/** @typedef {import('./portal.js').Visit} Visit */

/** Sets up a new portal as Jane. @param {Portal} portal */
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

/** @param {Visit} jane @param {string} given @param {string} email @param {string} [company] */
async function addClient(jane, given, email, company) {
  await jane.goto('/clients/new');
  await jane.getByLabel('Given name').fill(given);
  await jane.getByLabel('Family name').fill('Santos');
  await jane.getByLabel('Email address').fill(email);
  if (company) await jane.getByLabel(/^Company/).fill(company);
  await jane.getByLabel(/Invite them by email now/).setChecked(true);
  await jane.getByRole('button', { name: 'Add client user' }).click();
  await jane.waitForURL(/\/clients\/[0-9a-f-]{36}/);
}

test('s2, s4, c5, c6: set up, invite, and write to each other live', async (t) => {
  const portal = await Portal.start(t, 'serve');
  const link = portal.setUpLink;
  const jane = await setUp(portal);

  await addClient(jane, 'Maria', 'maria@santos.example', 'Santos Imports');
  const invitation = await portal.mailTo('maria@santos.example');
  assert.match(invitation.subject, /Harbor & Lee/);
  const invited =
    invitation.text.match(/http:\/\/\S+\/sign-in\/link\/\S+/)?.[0] ?? assert.fail(invitation.text);

  const maria = await portal.visit({ phone: true });
  await signIn(maria, invited);
  await maria.goto('/messages');
  await follow(maria.getByRole('link', { name: /Harbor & Lee/ }).last());
  await maria.getByRole('heading', { name: 'Harbor & Lee', level: 1 }).waitFor();

  await jane.goto('/messages');
  await follow(jane.getByRole('link', { name: /Maria Santos/ }));
  await write(jane, 'Welcome, Maria!');
  await maria.locator('.entry .say', { hasText: 'Welcome, Maria!' }).waitFor();
  await write(maria, 'Thank you, Jane.');
  await jane.locator('.entry .say', { hasText: 'Thank you, Jane.' }).waitFor();
  for (const [visit, own, other] of /** @type {[Visit, string, string][]} */ ([
    [jane, 'Welcome, Maria!', 'Thank you, Jane.'],
    [maria, 'Thank you, Jane.', 'Welcome, Maria!'],
  ])) {
    await visit.locator('.entry.own .say', { hasText: own }).waitFor();
    await visit.locator('.entry:not(.own) .say', { hasText: other }).waitFor();
    const texts = (await visit.locator('.entry .say').allTextContents()).map((text) => text.trim());
    assert.deepEqual(texts.slice(-2), ['Welcome, Maria!', 'Thank you, Jane.']);
    assert.equal(new Set(texts).size, texts.length, 'each message stands there once');
  }

  const stranger = await portal.visit();
  await stranger.goto(link);
  assert.equal(
    await stranger.getByRole('button', { name: 'Set up' }).count(),
    0,
    'the set-up link is used up',
  );
  stranger.problems.length = 0; // The browser logs the refusal, as expected.
});

test('c1, c2, c5: channels for a client user, a company and a project, named and staffed by themselves', async (t) => {
  const portal = await Portal.start(t, 'serve');
  const jane = await setUp(portal);
  await addClient(jane, 'Maria', 'maria@santos.example', 'Santos Imports');
  await addClient(jane, 'Rui', 'rui@santos.example', 'Santos Imports');

  await jane.goto('/projects/new');
  await jane.getByLabel(/^Title/).fill('Harbour Road');
  await jane.getByLabel(/Maria Santos/).check();
  await jane.getByRole('button', { name: 'Add project' }).click();
  await jane.waitForURL(/\/projects\/[0-9a-f-]{36}/);

  /** @param {string} find @param {string} title @param {string[]} people */
  const make = async (find, title, people) => {
    await jane.goto(`/messages/new?find=${encodeURIComponent(find)}`);
    await jane.locator('#choices a, [role=option]').filter({ hasText: title }).first().click();
    const card = jane.getByRole('region', { name: 'The channel' });
    await card.waitFor();
    for (const person of people) await card.getByRole('listitem').filter({ hasText: person }).waitFor();
    await card.getByRole('button', { name: 'Start the channel' }).click();
    await jane.waitForURL(/\/messages\/[0-9a-f-]{36}/);
    await jane.getByRole('heading', { name: title, level: 1 }).waitFor();
    return jane.url();
  };
  const company = await make('santos imp', 'Santos Imports', ['Maria Santos', 'Rui Santos', 'Jane Lee']);
  const project = await make('harbour', 'Harbour Road', ['Maria Santos', 'Jane Lee']);
  assert.notEqual(company, project);

  await jane.goto('/messages/new?find=maria');
  await jane.locator('#choices a, [role=option]').filter({ hasText: 'Maria Santos' }).first().click();
  await jane.getByRole('link', { name: 'Open it' }).click();
  await jane.getByRole('heading', { name: 'Maria Santos', level: 1 }).waitFor();

  // Renaming the subject renames the channel on open pages.
  const watching = await portal.visit({ link: await portal.run('sign-in-link', 'jane@harborlee.example') });
  await watching.goto(company);
  await jane.goto('/companies');
  await jane.getByRole('link', { name: /Santos Imports/ }).click();
  await jane.getByLabel('Name of the company').fill('Santos & Daughters');
  await jane.getByRole('button', { name: 'Rename' }).click();
  await watching.getByRole('heading', { name: 'Santos & Daughters', level: 1 }).waitFor();
});

test('s1, s3: signing in by the code of the mail', async (t) => {
  const portal = await Portal.start(t, 'serve');
  await setUp(portal);
  const jane = await portal.visit({ phone: true });
  await jane.goto('/sign-in');
  await jane.getByLabel('Your email address').fill('JANE@harborlee.example');
  await jane.getByRole('button', { name: 'Send me the email' }).click();
  const mail = await portal.mailTo('jane@harborlee.example', /sign-in code/);
  const code = mail.text.match(/\b(\d{3})[ -]?(\d{3})\b/) ?? assert.fail(mail.text);
  const wrong = String((Number(code[1] + code[2]) + 1) % 1_000_000).padStart(6, '0');
  await jane.getByLabel('Six-digit code').fill(wrong);
  await jane.getByRole('button', { name: 'Sign in' }).click();
  await jane.getByText(/wrong or no longer valid/).waitFor();
  jane.problems.length = 0; // The browser logs the refusal, as expected.
  await jane.getByLabel('Six-digit code').fill(`${code[1]} ${code[2]}`);
  await jane.getByRole('button', { name: 'Sign in' }).click();
  await jane.waitForURL(/\/messages/);
});

test('everything works without scripts', async (t) => {
  const portal = await Portal.start(t, 'serve');
  await setUp(portal);
  const link = await portal.run('sign-in-link', 'jane@harborlee.example');
  const jane = await portal.visit({ scripts: false, phone: true, link });
  await addClient(jane, 'Maria', 'maria@santos.example', 'Santos Imports');
  await jane.goto('/messages/new?find=santos');
  await jane
    .getByRole('link', { name: /Santos Imports/ })
    .first()
    .click();
  await jane.getByRole('button', { name: 'Start the channel' }).click();
  await jane.waitForURL(/\/messages\/[0-9a-f-]{36}/);
  await write(jane, 'Hello **everybody**');
  await jane.locator('.entry.own .say strong', { hasText: 'everybody' }).waitFor();
  await follow(jane.getByRole('link', { name: 'Edit message' }));
  await jane.locator('main').getByRole('textbox').fill('Hello all');
  await jane.getByRole('button', { name: /Save/ }).click();
  await jane.locator('.entry.own .say', { hasText: 'Hello all' }).waitFor();
  await jane.getByRole('button', { name: 'Delete message' }).click();
  await jane.getByText('This message was deleted.').waitFor();
});
