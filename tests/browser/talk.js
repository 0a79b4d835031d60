// Two people who talk: Jane of the firm and Maya, her client, in Maya's channel of the demonstration.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after } from 'node:test';
import { eventually, Portal } from './portal.js';

/** @typedef {import('./portal.js').Visit} Visit */

/**
 * @typedef {object} Talk
 * @property {Portal} portal
 * @property {Visit} jane at a desk
 * @property {Visit} maya on a phone
 * @property {string} path where the conversation is
 */

/** The portal that all tests of a file share, with both signed in. @type {ReturnType<typeof furnish> | undefined} */
let open;
/** @type {(() => Promise<void>)[]} */
const ends = [];
after(async () => {
  for (const end of ends) await end();
});

async function furnish() {
  const portal = await Portal.start({ after: (end) => void ends.push(end) }, 'demo');
  /** @param {string} link */
  const cookies = async (link) => {
    const context = (await portal.visit({ link })).context();
    const found = await context.cookies();
    await context.close();
    return found;
  };
  const links = [portal.demoLink('admin'), portal.demoLink('client')];
  const [jane, maya] = await Promise.all(links.map(async (link) => cookies(await link)));
  // What was furnished stays when it is started again.
  portal.command = 'serve';
  return { portal, jane, maya };
}

/** Both with the conversation before them, until the test ends. @param {import('node:test').TestContext} t @returns {Promise<Talk>} */
export async function talk(t) {
  const { portal, ...cookies } = await (open ??= furnish());
  const [jane, maya] = await Promise.all([portal.visit(), portal.visit({ phone: true })]);
  await Promise.all([jane.context().addCookies(cookies.jane), maya.context().addCookies(cookies.maya)]);
  t.after(async () => {
    await Promise.all([jane.context().close(), maya.context().close()]);
    await eventually('nobody to be here', async () => (await portal.streams()) === 0);
  });
  await jane.goto('/messages');
  const path =
    (await jane.getByRole('link', { name: /Maya Okafor/ }).getAttribute('href')) ?? assert.fail('no channel');
  await Promise.all([jane.goto(path), maya.goto(path)]);
  await Promise.all([live(jane), live(maya)]);
  // The lock is taken before the stream is open: what is only heard live would be missed.
  await eventually('both streams', async () => (await portal.streams()) === 2);
  return { portal, jane, maya, path };
}

/** Waits until a page hears live updates. @param {Visit} visit */
export async function live(visit) {
  await visit.waitForFunction(() =>
    navigator.locks
      .query()
      .then(({ held = [], pending = [] }) =>
        [...held, ...pending].some(({ name }) => name?.startsWith('live:')),
      ),
  );
}

/** @param {Visit} visit */
export const composer = (visit) => visit.locator('#text');

/** Writes as a person does. @param {Visit} visit @param {string} text */
export async function write(visit, text) {
  await visit.waitForLoadState();
  await visit.getByRole('textbox', { name: /^Message to/ }).fill(text);
  // Beneath a message that waits stands Send now.
  await visit.getByRole('button', { name: 'Send', exact: true }).click();
}

/** The entry of a message with this text. @param {Visit} visit @param {string} text */
export const entry = (visit, text) =>
  visit
    .locator('.entry')
    .filter({ has: visit.locator('.say', { hasText: new RegExp(`^\\s*${text}\\s*$`) }) });

/** The texts in the order in which they stand on the page, of those that begin so. @param {Visit} visit @param {string} begin */
export async function texts(visit, begin) {
  const all = await visit.locator('.entry .say').allTextContents();
  return all.map((text) => text.trim()).filter((text) => text.startsWith(begin));
}

/**
 * Posts messages without a page and answers their ids.
 * @param {Visit} visit @param {string} path @param {string[]} texts
 * @param {number} [atOnce] so many on their way at a time: more than one, where their order is of no account
 */
export async function post(visit, path, texts, atOnce = 1) {
  const messages = texts.map((text) => ({ id: newId(), text }));
  await visit.evaluate(
    async ({ path, messages, atOnce }) => {
      const left = messages.values();
      const postAll = async () => {
        for (const { id, text } of left) {
          const answer = await fetch(path, {
            method: 'POST',
            headers: { 'content-type': 'application/json', accept: 'application/json' },
            body: JSON.stringify({ id, text }),
          });
          if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
        }
      };
      await Promise.all(Array.from({ length: atOnce }, postAll));
    },
    { path, messages, atOnce },
  );
  return messages.map(({ id }) => id);
}

/** A message's id: UUID version 7. */
function newId() {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = 0x70 | (bytes.readUInt8(6) & 0x0f);
  bytes[8] = 0x80 | (bytes.readUInt8(8) & 0x3f);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** @param {string} word @param {number} count @param {number} [from] */
export const numbered = (word, count, from = 1) =>
  Array.from({ length: count }, (_, index) => `${word} ${from + index}`);

/** How far an entry is from the top of the window, in pixels. @param {Visit} visit @param {string} text */
export async function top(visit, text) {
  await visit.waitForLoadState();
  const box = await entry(visit, text).boundingBox();
  return box?.y ?? assert.fail(`“${text}” is not on the page`);
}

/** The newest position that a person has read, as the other's page knows it. @param {Visit} visit @param {string} name */
export const readOf = async (visit, name) =>
  Number(await visit.locator(`#members li[data-name="${name}"]`).getAttribute('data-read'));

/** The newest position of the conversation. @param {Visit} visit */
export const newest = (visit) =>
  visit
    .locator('.message')
    .evaluateAll((all) =>
      Math.max(...all.map((one) => Number(one instanceof HTMLElement && one.dataset.position))),
    );

/** What a part of the device's store has, of everybody. @param {Visit} visit @param {'outbox' | 'drafts' | 'attachments'} part @returns {Promise<any[]>} */
export const kept = (visit, part) =>
  visit.evaluate(async (part) => {
    const found = [];
    for (const { name } of await indexedDB.databases()) {
      const database = await new Promise((resolve, reject) => {
        const request = indexedDB.open(name ?? '');
        request.onsuccess = () => resolve(request.result);
        request.onerror = reject;
      });
      const request = database.transaction(part).objectStore(part).getAll();
      found.push(...(await new Promise((resolve) => (request.onsuccess = () => resolve(request.result)))));
      database.close();
    }
    return found;
  }, part);
