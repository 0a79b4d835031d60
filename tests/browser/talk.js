// A conversation between Jane of the firm and her client Maya, in Maya's channel of the demo.

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

/** The portal that the tests of a file share, with both people signed in. @type {ReturnType<typeof furnish> | undefined} */
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
  // Restarts keep the data instead of creating the demo again.
  portal.command = 'serve';
  return { portal, jane, maya };
}

/** Opens the conversation for both people until the test ends. @param {import('node:test').TestContext} t @returns {Promise<Talk>} */
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
  // The lock is taken before the stream is open: events that are not stored, such as typing, would be missed.
  await eventually('both streams', async () => (await portal.streams()) === 2);
  return { portal, jane, maya, path };
}

/** Waits until a page shares the event stream. @param {Visit} visit */
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

/** Writes and sends a message like a person. @param {Visit} visit @param {string} text */
export async function write(visit, text) {
  await visit.waitForLoadState();
  await visit.getByRole('textbox', { name: /^Message to/ }).fill(text);
  // Exactly “Send”: a waiting message has a button “Send now”.
  await visit.getByRole('button', { name: 'Send', exact: true }).click();
}

/** The entry of the message with this text. @param {Visit} visit @param {string} text */
export const entry = (visit, text) =>
  visit
    .locator('.entry')
    .filter({ has: visit.locator('.say', { hasText: new RegExp(`^\\s*${text}\\s*$`) }) });

/** The texts on the page that start with `begin`, in order. @param {Visit} visit @param {string} begin */
export async function texts(visit, begin) {
  const all = await visit.locator('.entry .say').allTextContents();
  return all.map((text) => text.trim()).filter((text) => text.startsWith(begin));
}

/**
 * Posts messages by requests, without the composer, and returns their ids.
 * @param {Visit} visit @param {string} path @param {string[]} texts
 * @param {number} [atOnce] number of concurrent requests; with more than one the order is arbitrary
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

/** The distance of an entry from the top of the window, in pixels. @param {Visit} visit @param {string} text */
export async function top(visit, text) {
  await visit.waitForLoadState();
  const box = await entry(visit, text).boundingBox();
  return box?.y ?? assert.fail(`“${text}” is not on the page`);
}

/** A person's read position as the other person's page knows it. @param {Visit} visit @param {string} name */
export const readOf = async (visit, name) =>
  Number(await visit.locator(`#members li[data-name="${name}"]`).getAttribute('data-read'));

/** The newest position of the conversation. @param {Visit} visit */
export const newest = (visit) =>
  visit
    .locator('.message')
    .evaluateAll((all) =>
      Math.max(...all.map((one) => Number(one instanceof HTMLElement && one.dataset.position))),
    );

/** The contents of a store on the device, for all users. @param {Visit} visit @param {'outbox' | 'drafts' | 'attachments'} part @returns {Promise<any[]>} */
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
