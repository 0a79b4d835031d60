// The pages of Files and the states that they can be in: a part of the tour.

import assert from 'node:assert/strict';
import { sendWrong } from './tour.js';

/** @typedef {import('./tour.js').Stop} Stop */
/** @typedef {import('./tour.js').Hand} Hand */

/** A picture of two colours (PNG, 2 × 1). */
const picture = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAAD0lEQVR4nGP4z8DAAMQACf4B/whH1ZEAAAAASUVORK5CYII=', 'base64');
const long = 'Wolfeschlegelsteinhausenbergerdorffwelche';

/** @type {Record<string, string | Buffer>} */
const brought = {
  'front door.png': picture,
  'Inventory 2026.csv': 'room;what\nhall;mirror\n',
  'Terms.txt': 'What we agreed on.\n'.repeat(300),
  [`${long} ${long} ليلى عبد الرحمن 🥐.txt`]: 'a name that is longer than a phone is wide',
};

/** Uploads a file as a form without scripts does. @param {Hand} hand @param {string} channel @param {string} inside @param {string} name @param {string | Buffer} bytes */
async function put(hand, channel, inside, name, bytes) {
  const answer = await hand.visit.request.post(`${channel}/upload?inside=${inside}`, {
    multipart: { files: { name, mimeType: 'application/octet-stream', buffer: Buffer.from(bytes) } },
    headers: { origin: hand.address, accept: 'text/html' }, maxRedirects: 0,
  });
  assert.equal(answer.status(), 303, await answer.text());
}

/** The id of the entry of this name. @param {Hand} hand @param {string} channel @param {string} name */
async function idOf(hand, channel, name) {
  const html = await (await hand.visit.request.get(channel)).text();
  const row = html.split('data-entry="').find((row) => row.includes(`>${name}</a>`)) ?? assert.fail(`no ${name}`);
  return row.slice(0, 36);
}

/** Furnishes the files of a channel, once, and answers where they are. @param {import('./tour.js').Tour} tour */
export async function furnish({ hands, at }) {
  const { jane, maya } = hands;
  const channel = at.talk.replace('/messages/', '/files/');
  const find = (/** @type {string} */ name) => idOf(jane, channel, name);
  await jane.send(`${channel}/folder`, { name: 'Contracts' });
  await jane.send(`${channel}/folder`, { name: 'Final versions' });
  await jane.send(`${channel}/link`, { name: 'The land register', linkUrl: `https://register.example/${'a-long-address/'.repeat(8)}` });
  for (const [name, bytes] of Object.entries(brought)) await put(maya, channel, '', name, bytes);
  const readOnly = await find('Final versions');
  await put(jane, channel, readOnly, 'Lease, signed.txt', 'signed');
  await jane.send(`${channel}/${readOnly}/read-only`, { readOnly: 'yes' });
  const sent = new Date().getTime().toString(16).padStart(12, '0');
  const answer = await maya.visit.request.post(at.mayas, {
    multipart: { id: `${sent.slice(0, 8)}-${sent.slice(8)}-7abc-8def-0123456789ab`, text: 'The plan of the shop', files: { name: 'Plan of the shop.txt', mimeType: 'text/plain', buffer: Buffer.from('plan') } },
    headers: { origin: maya.address, accept: 'text/html' }, maxRedirects: 0,
  });
  assert.equal(answer.status(), 303, await answer.text());
  /** @param {string} name */
  const address = async (name) => `${channel}/${await find(name)}`;
  Object.assign(at, {
    files: channel, folder: await address('Contracts'), readOnly: `${channel}/${readOnly}`, picture: await address('front door.png'),
    plain: await address('Terms.txt'), link: await address('The land register'), long: await address(Object.keys(brought)[3]),
  });
}

/** @param {import('./tour.js').Tour} tour @returns {Stop[]} */
export function stops(tour) {
  const { at, hands } = tour;
  const path = (/** @type {string} */ name, end = '') => `${at[name]}${end}`;
  const id = (/** @type {string} */ name) => at[name].split('/').pop() ?? '';
  return [
    { name: 'files', who: 'jane', path: '/files' },
    { name: 'files-client', who: 'maya', path: '/files' },
    { name: 'files-nothing-found', who: 'jane', path: '/files?find=zzz' },
    { name: 'files-new', who: 'jane', path: '/files/new' },
    { name: 'files-search', who: 'jane', path: '/files/search?words=e' },
    { name: 'files-search-here', who: 'jane', path: `/files/search?words=plan&channel=${id('files')}` },
    { name: 'files-search-nothing-found', who: 'jane', path: '/files/search?words=zzz' },
    { name: 'folder', who: 'jane', path: path('files') },
    { name: 'folder-client', who: 'maya', path: path('files') },
    { name: 'folder-chosen', who: 'jane', path: path('files'), then: async (visit) => {
      await visit.getByLabel('Choose Terms.txt').check();
      await visit.getByText('1 chosen').waitFor();
    } },
    { name: 'folder-empty', who: 'jane', path: path('folder') },
    { name: 'folder-read-only', who: 'maya', path: path('readOnly') },
    { name: 'folder-none', who: 'jane', path: at.oddTalk.replace('/messages/', '/files/') },
    { name: 'folder-left', who: 'jane', path: at.left.replace('/messages/', '/files/') },
    { name: 'folder-naming', who: 'jane', path: path('files'), then: (visit) => visit.getByText('Link', { exact: true }).click() },
    { name: 'folder-refused', who: 'jane', path: path('files'), refused: true, then: async (visit) => {
      await visit.getByText('Link', { exact: true }).click();
      await sendWrong('Add link', { 'Name of the link': 'The court', Address: 'court' })(visit);
    } },
    { name: 'folder-uploading', who: 'jane', path: path('files'), refused: true, then: async (visit) => {
      await visit.route(/\/uploads/, (route) => route.abort());
      await visit.getByLabel('Upload files').setInputFiles([{ name: 'A film of the hall.mp4', mimeType: 'video/mp4', buffer: Buffer.alloc(3_000_000) }]);
      await visit.getByText('Waiting for a connection').waitFor();
    }, after: async (visit) => {
      await visit.getByRole('button', { name: /^Cancel/ }).click();
      await visit.unroute(/\/uploads/);
      visit.forgive();
    } },
    { name: 'folder-deleted', who: 'jane', path: '/files', then: async (visit) => {
      const channel = at.added.replace('/messages/', '/files/');
      const name = `Drafts ${crypto.randomUUID().slice(0, 4)}`;
      await hands.jane.send(`${channel}/folder`, { name });
      const files = await idOf(hands.jane, channel, name);
      await visit.goto(await hands.jane.send(`${channel}/delete`, { files }));
      await visit.getByRole('button', { name: 'Undo' }).waitFor();
    } },
    { name: 'file-picture', who: 'jane', path: path('picture') },
    { name: 'file-plain', who: 'maya', path: path('plain') },
    { name: 'file-odd', who: 'jane', path: path('long') },
    { name: 'file-link', who: 'jane', path: path('link') },
    { name: 'file-edit', who: 'jane', path: path('plain', '/edit') },
    { name: 'file-edit-folder', who: 'jane', path: path('folder', '/edit') },
    { name: 'file-edit-refused', who: 'jane', path: path('plain', '/edit'), refused: true, then: sendWrong('Save', { Name: ' ' }) },
    { name: 'file-move', who: 'jane', path: `${at.files}/move?files=${id('plain')}` },
    { name: 'file-move-into', who: 'jane', path: `${at.files}/move?files=${id('plain')}&into=${id('folder')}` },
    { name: 'file-problem', who: 'tom', path: `${at.files}/00000000-0000-7000-8000-000000000000`, refused: true },
  ];
}
