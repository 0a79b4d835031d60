// What is missed reaches its reader on a phone, and the link in the mail leads to answering (N3, N7, N8, N10, M6).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, Portal } from './portal.js';

// Instead of every workspace's wait: see that a mail comes without sitting through five minutes.
process.env.PORTAL_WAIT = '2s';

/** @param {string} html The address behind the mail's first reply button. */
function replyLink(html) {
  return html.match(/href="(https?:\/\/[^"]*\/r\/[^"]+)"/)?.[1] ?? assert.fail(`no reply link in\n${html}`);
}

test('n8: a mail comes, its link answers on a phone without signing in, and the office sees it live', async (t) => {
  const portal = await Portal.start(t, 'demo');
  const office = await portal.visit({ link: await portal.demoLink('admin') });
  const client = portal.output.match(/^client (\S+)/m)?.[1] ?? assert.fail(portal.output);
  const own = await portal.visit({ link: await portal.demoLink('client') });
  await own.goto('/messages');
  const address = await own.locator('.rows a', { hasText: 'Harbor & Lee' }).first().getAttribute('href') ?? assert.fail('the client has no channel');
  await own.context().close();
  await office.goto(address.split('?')[0] ?? '');
  await office.locator('#text').fill('The **draft** is ready.\nCould you have a look?');
  await office.locator('.send').click();
  await office.locator('#text').fill('It is two pages, no hurry before Thursday.');
  await office.locator('.send').click();
  await office.locator('.fates').last().waitFor();
  await office.shoot('fates-due');

  const mail = await eventually('the mail about the draft', async () => {
    const newest = await portal.mailTo(client, /./);
    return newest.text.includes('It is two pages') ? newest : undefined;
  });
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
  await office.locator('.entry', { hasText: 'It is two pages' }).locator('.fates', { hasText: 'Emailed to Maya' }).waitFor();
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
    (await office.locator('.seen').last().textContent().catch(() => ''))?.includes('Seen by'));
  await phone.locator('#text').fill('Looks good to me 👍');
  await phone.locator('.send').tap();
  await phone.getByText('Sent. You can write more.').waitFor();
  await phone.shoot('reply-sent');
  await office.getByText('Looks good to me 👍').first().waitFor();

  const plain = await portal.visit({ phone: true, scripts: false });
  await plain.goto(link);
  await plain.locator('#text').fill('And without scripts too');
  await plain.locator('.send').click();
  await plain.getByText('And without scripts too').waitFor();
  await office.locator('#entries').getByText('And without scripts too').waitFor();
});
