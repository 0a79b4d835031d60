// Without scripts everything works by links and forms, and nothing is shown that does not work.

import assert from 'node:assert/strict';
import test from 'node:test';
import { Portal, signIn } from './portal.js';

/** @typedef {import('./portal.js').Visit} Visit */

/** Visible controls that do nothing without scripts. @param {Visit} visit */
async function dead(visit) {
  await visit.waitForLoadState();
  return visit.evaluate(() => {
    const found = [];
    for (const element of document.querySelectorAll('a, button, input, select, textarea, .needs-scripts')) {
      if (!element.checkVisibility({ visibilityProperty: true })) continue;
      const form = element.closest('form');
      const works =
        element instanceof HTMLAnchorElement
          ? Boolean(element.getAttribute('href')?.match(/^(\/|#main$|#details$)/))
          : element instanceof HTMLButtonElement
            ? element.type === 'submit' && form !== null
            : form !== null;
      if (!works || element.matches('.needs-scripts')) found.push(element.outerHTML.slice(0, 120));
    }
    return found;
  });
}

test('everything works with scripts off', async (t) => {
  const portal = await Portal.start(t, 'demo');
  const jane = await portal.visit({ scripts: false });
  const maya = await portal.visit({ scripts: false, phone: true, link: await portal.demoLink('client') });

  /** @param {string} path @param {Visit} [visit] */
  const open = async (path, visit = jane) => {
    await visit.goto(path);
    assert.deepEqual(await dead(visit), [], `${path} has something dead on it`);
  };
  /** @param {string} label @param {string} text */
  const fill = (label, text) => jane.locator('main').getByLabel(label).first().fill(text);
  /** @param {string | RegExp} name @param {Visit} [visit] */
  const press = (name, visit = jane) =>
    visit.locator('main, aside').getByRole('button', { name, exact: true }).first().click();
  /** @param {string} words */
  const says = (words) => jane.locator('main').getByText(words).first().waitFor();
  /** @param {Visit} visit @param {string} text */
  const write = async (visit, text) => {
    await visit.getByRole('textbox', { name: /^Message to/ }).fill(text);
    await press('Send', visit);
    await visit.locator('.entry.own .say', { hasText: text }).waitFor();
  };

  await t.test('s1: sign in by code', async () => {
    await open('/sign-in');
    await fill('Your email address', 'jane@harborlee.example');
    await press('Send me the email');
    const mail = await portal.mailTo('jane@harborlee.example', /sign-in code/);
    const code = mail.text.match(/\b(\d{3})[ -]?(\d{3})\b/) ?? assert.fail(mail.text);
    assert.deepEqual(await dead(jane), []);
    await fill('Six-digit code', code[1] + code[2]);
    await press('Sign in');
    await jane.waitForURL(/\/messages/);
  });

  await t.test('m5, m6: read, send, edit, delete', async () => {
    await open('/messages', maya);
    await maya.getByRole('link', { name: /Northwind Bakery/ }).click();
    await write(maya, 'Written without scripts');
    await open('/messages');
    await jane.getByRole('link', { name: /Northwind Bakery.*unread/ }).click();
    await jane.locator('.say', { hasText: 'Written without scripts' }).waitFor();
    assert.deepEqual(await dead(jane), []);
    await press('Mark as read');
    await open(new URL(jane.url()).pathname);
    assert.equal(await jane.getByRole('button', { name: 'Mark as read' }).count(), 0);
    await write(jane, 'Answered');
    await jane.locator('.entry.own').last().getByRole('link', { name: 'Edit message' }).click();
    assert.deepEqual(await dead(jane), []);
    await jane.locator('main').getByRole('textbox').fill('Answered **in full**');
    await press('Save');
    await jane.locator('.entry.own strong', { hasText: 'in full' }).waitFor();
    await jane.locator('.entry.own').last().getByRole('button', { name: 'Delete message' }).click();
    await jane.locator('.entry.own').last().getByText('This message was deleted.').waitFor();
  });

  await t.test('c8: mute, leave, come back, archive, bring back', async () => {
    for (const [button, then] of [
      ['Mute', 'Unmute'],
      ['Unmute', 'Mute'],
      ['Leave', 'Come back'],
      ['Come back', 'Leave'],
      ['Archive', 'Bring back'],
      ['Bring back', 'Archive'],
    ]) {
      await jane.locator('aside').getByRole('button', { name: button, exact: true }).click();
      await jane.locator('aside').getByRole('button', { name: then, exact: true }).waitFor();
      assert.deepEqual(await dead(jane), [], `after ${button}`);
    }
  });

  await t.test('s2: add a company, a client user, a project, a colleague', async () => {
    await open('/companies/new');
    await fill('Name', 'Plain & Sons');
    await press('Add company');
    await jane.getByRole('heading', { name: 'Plain & Sons', level: 1 }).waitFor();
    for (const given of ['Ada', 'Ben']) {
      await open('/clients/new');
      await fill('Given name', given);
      await fill('Family name', 'Plain');
      await fill('Email address', `${given}@plain.example`);
      await fill('Company', 'Plain & Sons');
      await press('Add client user');
      await jane.getByRole('heading', { name: `${given} Plain`, level: 1 }).waitFor();
      assert.deepEqual(await dead(jane), []);
    }
    await open('/projects/new');
    await fill('Title', 'A plain matter');
    await jane.getByLabel(/Ada Plain/).check();
    await press('Add project');
    await jane.getByRole('heading', { name: 'A plain matter', level: 1 }).waitFor();
    assert.deepEqual(await dead(jane), []);
    await open('/settings/team/new');
    await fill('Given name', 'Cara');
    await fill('Email address', 'cara@harborlee.example');
    await press('Add colleague');
    await says('Cara');
    for (const path of ['/clients', '/companies', '/projects', '/settings/team']) await open(path);
  });

  await t.test('c5, c9: make a channel of each kind', async () => {
    for (const [find, title] of [
      ['ada', 'Ada Plain'],
      ['plain & sons', 'Plain & Sons'],
      ['plain matter', 'A plain matter'],
    ]) {
      await open(`/messages/new?find=${encodeURIComponent(find)}`);
      await jane.locator('#choices').getByRole('link', { name: title }).first().click();
      assert.deepEqual(await dead(jane), []);
      const card = jane.getByRole('region', { name: 'The channel' });
      await card
        .getByRole('button', { name: 'Start the channel' })
        .or(card.getByRole('link', { name: 'Open it' }))
        .click();
      await jane.getByRole('heading', { name: title, level: 1 }).waitFor();
      await write(jane, `Hello, ${title}`);
    }
    await open('/messages/new');
    await fill('Who or what is it about?', 'plain & sons');
    await press('Search');
    await jane.locator('#choices').getByRole('link', { name: 'Plain & Sons' }).first().click();
    await jane.getByRole('link', { name: 'Choose people instead' }).click();
    assert.deepEqual(await dead(jane), []);
    await jane.getByLabel('Ada Plain').check();
    await jane.getByLabel('Ben Plain').check();
    await press('Go on');
    await press('Start the channel');
    await jane.getByRole('heading', { name: 'Ada Plain, Ben Plain', level: 1 }).waitFor();
    assert.deepEqual(await dead(jane), []);
  });

  await t.test('m8: find channels and messages', async () => {
    await open('/messages');
    await jane.getByRole('searchbox', { name: 'Find a channel' }).fill('plain matter');
    await jane.keyboard.press('Enter');
    await jane.waitForURL(/find=/);
    await jane
      .locator('#rows')
      .getByRole('link', { name: /A plain matter/ })
      .click();
    await jane.getByRole('link', { name: 'Search in this channel' }).click();
    assert.deepEqual(await dead(jane), []);
    await jane.getByRole('searchbox', { name: 'Words in messages' }).fill('hello');
    await jane.keyboard.press('Enter');
    await jane.getByRole('heading', { name: 'Search in A plain matter' }).waitFor();
    assert.equal(await jane.locator('.results li').count(), 1, 'only this channel is searched');
    await jane.locator('.results a').click();
    await jane.locator('.entry.linked', { hasText: 'Hello, A plain matter' }).waitFor();
  });

  await t.test('the details are an address of their own on a phone', async () => {
    await open('/messages', maya);
    await maya.getByRole('link', { name: /Northwind Bakery/ }).click();
    await maya.getByRole('link', { name: 'Details' }).click();
    await maya.getByRole('heading', { name: 'In this channel' }).waitFor();
    await maya.getByRole('link', { name: 'Close the details' }).click();
    await maya.getByRole('heading', { name: 'In this channel' }).waitFor({ state: 'hidden' });
  });

  await t.test('s1: change the profile, end another session, sign out', async () => {
    const other = await portal.visit({ scripts: false });
    await signIn(other, await portal.signInLink('jane@harborlee.example'));
    await open('/profile');
    await fill('Given name', 'Janet');
    await press('Save');
    await says('Saved.');
    await press(/^Sign out (Chrome|HeadlessChrome|.* on )/);
    await says('Signed out there.');
    await other.goto('/messages');
    assert.match(other.url(), /\/sign-in/);
    await press('Sign out');
    await jane.waitForURL(/\/sign-in/);
    assert.deepEqual(await dead(jane), []);
  });
});
