// Files: it lists what was sent, and lets people organize it.

import assert from 'node:assert/strict';
import test from 'node:test';
import { Portal, eventually, follow } from './portal.js';

/** @typedef {import('./portal.js').Visit} Visit */

/** A picture of two colors (PNG, 2 × 1). */
const picture = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAAD0lEQVR4nGP4z8DAAMQACf4B/whH1ZEAAAAASUVORK5CYII=',
  'base64',
);

/** @param {string} name @param {string} text */
const file = (name, text) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(text) });

/** The names of the entries in the open folder. @param {Visit} visit */
const names = (visit) => visit.locator('.files .opens').allTextContents();

/** Opens the files of a channel. @param {Visit} visit @param {RegExp} title */
async function open(visit, title) {
  await visit.goto('/files');
  await follow(visit.locator('#rows').getByRole('link', { name: title }));
  await visit.locator('#entries').waitFor();
}

/** Sends a message with a file, as a form without scripts does. @param {Visit} visit @param {string} channel @param {string} text @param {{name: string, mimeType: string, buffer: Buffer}} attached */
async function sendFile(visit, channel, text, attached) {
  const time = Date.now().toString(16).padStart(12, '0');
  const id = `${time.slice(0, 8)}-${time.slice(8)}-7${crypto.randomUUID().slice(15)}`;
  const answer = await visit.request.post(channel, {
    multipart: { id, text, files: attached },
    headers: { origin: new URL(visit.url()).origin, accept: 'text/html' },
    maxRedirects: 0,
  });
  assert.equal(answer.status(), 303, await answer.text());
}

test('files are put in order in Files', async (t) => {
  const portal = await Portal.start(t, 'demo');
  const jane = await portal.visit({ link: await portal.demoLink('admin') });
  const maya = await portal.visit({ phone: true, link: await portal.demoLink('client') });
  const talk =
    (await maya
      .locator('#rows')
      .getByRole('link', { name: /Northwind Bakery/ })
      .getAttribute('href')) ?? '';
  const files = talk.replace('messages', 'files');

  await t.test(
    'f1: what a client sends is in Files at once, for those who look, and leads back to its message',
    async () => {
      await jane.goto(files);
      await jane.locator('#entries').waitFor();
      await eventually('an open stream', async () => (await portal.streams()) >= 2);
      await sendFile(maya, talk, 'The signed lease', file('signed lease.txt', 'signed'));
      const row = jane.locator('.files li', { hasText: 'signed lease.txt' });
      await row.waitFor();
      await row.getByRole('link', { name: 'Sent in Messages' }).click();
      await jane.waitForURL(/\/messages\/.*message=/);
      await jane.locator('.message', { hasText: 'The signed lease' }).waitFor();
      await follow(
        jane.getByRole('complementary', { name: 'Details' }).getByRole('link', { name: 'All files' }),
      );
      await jane.locator('.files li', { hasText: 'signed lease.txt' }).waitFor();
    },
  );

  await t.test('f10: several files are uploaded by button, dropped and pasted', async () => {
    await jane
      .getByLabel('Upload files')
      .setInputFiles([
        file('one.txt', '1'),
        file('two.txt', '22'),
        { name: 'door.png', mimeType: 'image/png', buffer: picture },
      ]);
    for (const name of ['one.txt', 'two.txt', 'door.png'])
      await jane.locator('.files li', { hasText: name }).waitFor();
    await eventually(
      'nothing on its way',
      async () => (await jane.locator('#on-their-way li').count()) === 0,
    );
    for (const kind of /** @type {const} */ (['drop', 'paste'])) {
      await jane.locator('#main').evaluate((main, kind) => {
        const brought = new DataTransfer();
        brought.items.add(new File([kind], `by ${kind}.txt`, { type: 'text/plain' }));
        const event =
          kind === 'drop'
            ? new DragEvent('drop', { dataTransfer: brought, bubbles: true })
            : new ClipboardEvent('paste', { clipboardData: brought, bubbles: true });
        main.dispatchEvent(event);
      }, kind);
      await jane.locator('.files li', { hasText: `by ${kind}.txt` }).waitFor();
    }
  });

  await t.test('f6: a folder is made, a file renamed and moved into it', async () => {
    await jane.getByText('Folder', { exact: true }).click();
    await jane.getByLabel('Name of the folder').fill('Contracts');
    await follow(jane.getByRole('button', { name: 'Make folder' }));
    await jane.getByText('Added.').waitFor();
    assert.equal((await names(jane))[0], 'Contracts');
    await follow(jane.getByRole('link', { name: 'Change one.txt' }));
    await jane.getByLabel('Name').fill('Deed of the flat.txt');
    await follow(jane.getByRole('button', { name: 'Save' }));
    await jane.getByText('Saved.').waitFor();
    await jane.getByLabel('Choose Deed of the flat.txt').check();
    await jane.getByText('1 chosen').waitFor();
    await follow(jane.getByRole('button', { name: 'Move' }));
    await follow(jane.getByRole('link', { name: 'Contracts', exact: true }));
    await follow(jane.getByRole('button', { name: 'Move here' }));
    await jane.getByText('Moved here.').waitFor();
    assert.deepEqual(await names(jane), ['Deed of the flat.txt']);
    await follow(jane.getByRole('navigation', { name: 'Folders' }).getByRole('link').first());
    await jane.locator('.files li', { hasText: 'two.txt' }).waitFor();
    assert.ok(!(await names(jane)).includes('Deed of the flat.txt'));
  });

  await t.test('f6, f5: what is deleted comes back by one tap; the message keeps its name', async () => {
    const before = await names(jane);
    await jane.getByLabel('Choose Contracts').check();
    await jane.getByLabel('Choose signed lease.txt').check();
    await follow(jane.getByRole('button', { name: 'Delete' }));
    await jane.getByText('“signed lease.txt” and 1 more were deleted.').waitFor();
    assert.deepEqual(
      await names(jane),
      before.filter((name) => !['Contracts', 'signed lease.txt'].includes(name)),
    );
    const page = await (await maya.request.get(talk)).text();
    assert.match(page, /signed lease\.txt.*Removed/s);
    await follow(jane.getByRole('button', { name: 'Undo' }));
    await jane.getByText('Brought back.').waitFor();
    assert.deepEqual(await names(jane), before);
    assert.doesNotMatch(await (await maya.request.get(talk)).text(), /Removed/);
  });

  await t.test('f6: several files come as one archive', async () => {
    await jane.getByLabel('All').check();
    const [saved] = await Promise.all([
      jane.waitForEvent('download'),
      jane.getByRole('button', { name: 'Download' }).click(),
    ]);
    assert.match(saved.suggestedFilename(), /\.zip$/);
    const bytes = await (await import('node:fs/promises')).readFile(await saved.path());
    assert.equal(bytes.subarray(0, 2).toString(), 'PK');
    assert.ok(bytes.includes('Contracts/Deed of the flat.txt'));
  });

  await t.test('f11: a file is looked at, with the ones before and after it', async () => {
    await jane.goto(files);
    await follow(jane.getByRole('link', { name: 'door.png', exact: true }));
    const shown = jane.locator('.shown img');
    await eventually('the picture', () =>
      shown.evaluate((image) => image instanceof HTMLImageElement && image.naturalWidth === 2),
    );
    const first = jane.url();
    const after = await jane.getByRole('link', { name: 'File after' }).getAttribute('href');
    await jane.keyboard.press('ArrowRight');
    await jane.waitForURL((address) => address.pathname === after);
    await jane.keyboard.press('ArrowLeft');
    await jane.waitForURL(first);
    await jane.locator('.shown img').waitFor();
  });

  await t.test('f10: what the server refuses is said at the file', async () => {
    await jane.goto(files);
    await jane.route(/\/uploads$/, (route) =>
      route.fulfill({
        status: 413,
        contentType: 'application/json',
        body: '{"message":"There is no room left."}',
      }),
    );
    await jane.getByLabel('Upload files').setInputFiles([file('too much.txt', 'much')]);
    const line = jane.locator('#on-their-way li', { hasText: 'There is no room left.' });
    await line.waitFor();
    await line.getByRole('button', { name: 'Dismiss too much.txt' }).click();
    assert.equal(await jane.locator('#on-their-way li').count(), 0);
    await jane.unroute(/\/uploads$/);
    jane.forgive();
  });

  await t.test('f3, f10: an upload goes on where it was when the connection was lost', async () => {
    let cut = 0;
    await jane.route(/\/uploads\/[0-9a-f-]+$/, async (route) => {
      if (route.request().method() === 'PATCH' && cut === 0) {
        cut += 1;
        await route.abort('connectionreset');
      } else await route.continue();
    });
    await jane.getByLabel('Upload files').setInputFiles([file('resumed.txt', 'all of it')]);
    await jane.locator('.files li', { hasText: 'resumed.txt' }).waitFor();
    assert.equal(cut, 1);
    await jane.unroute(/\/uploads\/[0-9a-f-]+$/);
    jane.forgive();
  });

  await t.test('f6: a client sees their own channel, and only looks where the firm says so', async () => {
    await follow(jane.getByRole('link', { name: 'Change Contracts' }));
    await follow(jane.getByRole('button', { name: 'Make it read-only for clients' }));
    await jane.getByText('Saved.').waitFor();
    await open(maya, /Northwind Bakery/);
    await follow(maya.getByRole('link', { name: 'Contracts', exact: true }));
    await maya.getByText('Deed of the flat.txt').waitFor();
    await maya.getByText('You can look at what is here').waitFor();
    assert.equal(await maya.getByLabel('Upload files').count(), 0);
    assert.equal(await maya.getByRole('link', { name: /^Change/ }).count(), 0);
  });

  await t.test('names are found by search', async () => {
    await jane.goto('/files/search');
    await jane.getByRole('searchbox', { name: 'Name of a file or folder' }).fill('FLAT');
    await jane.keyboard.press('Enter');
    await jane.getByRole('link', { name: 'Deed of the flat.txt' }).waitFor();
  });
});

test('Files works with scripts off', async (t) => {
  const portal = await Portal.start(t, 'demo');
  const maya = await portal.visit({ phone: true, scripts: false, link: await portal.demoLink('client') });
  await maya.getByRole('link', { name: 'Files' }).click();
  await maya.locator('#rows a').first().click();
  await maya.getByLabel('Upload files').setInputFiles([file('one.txt', '1'), file('two.txt', '22')]);
  await maya.getByRole('button', { name: 'Send the chosen files' }).click();
  await maya.getByText('Uploaded.').waitFor();
  await maya.getByText('Folder', { exact: true }).click();
  await maya.getByLabel('Name of the folder').fill('Papers');
  await maya.getByRole('button', { name: 'Make folder' }).click();
  await maya.getByLabel('Choose one.txt').check();
  await maya.getByRole('button', { name: 'Move' }).click();
  await maya.getByRole('link', { name: 'Papers', exact: true }).click();
  await maya.getByRole('button', { name: 'Move here' }).click();
  await maya.getByRole('link', { name: 'one.txt', exact: true }).waitFor();
  await maya.getByRole('link', { name: 'Change one.txt' }).click();
  await maya.getByLabel('Name').fill('first.txt');
  await maya.getByRole('button', { name: 'Save' }).click();
  await maya.getByLabel('Choose first.txt').check();
  await maya.getByRole('button', { name: 'Delete' }).click();
  await maya.getByText('“first.txt” was deleted.').waitFor();
  await maya.getByRole('button', { name: 'Undo' }).click();
  await maya.getByRole('link', { name: 'first.txt', exact: true }).waitFor();
});
