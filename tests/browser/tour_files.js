// The pages of Files in all their states: a part of the tour.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { film, picture, sound } from './media.js';
import { eventually } from './portal.js';
import { newId, sendWrong } from './tour_forms.js';

/** @typedef {import('./tour.js').Stop} Stop */
/** @typedef {import('./tour_forms.js').Hand} Hand */

const contract = path.resolve(import.meta.dirname, '../../crates/portal/src/demo/files/contract.pdf');
const long = 'Wolfeschlegelsteinhausenbergerdorffwelche';

/** @type {Record<string, string | Buffer>} */
const brought = {
  'Inventory 2026.csv': 'room;what\nhall;mirror\n',
  'Terms.txt': 'What we agreed on.\n'.repeat(300),
  [`${long} ${long} ليلى عبد الرحمن 🥐.txt`]: 'a name that is longer than a phone is wide',
};

/** Uploads a file as a form without scripts does. @param {Hand} hand @param {string} channel @param {string} inside @param {string} name @param {string | Buffer} bytes */
async function put(hand, channel, inside, name, bytes) {
  const answer = await hand.visit.request.post(`${channel}/upload?inside=${inside}`, {
    multipart: { files: { name, mimeType: 'application/octet-stream', buffer: Buffer.from(bytes) } },
    headers: { origin: hand.address, accept: 'text/html' },
    maxRedirects: 0,
  });
  assert.equal(answer.status(), 303, await answer.text());
}

/** Sends a message with files as a form without scripts does. @param {Hand} hand @param {string} channel @param {string} text @param {Record<string, string | Buffer>} files */
async function sendFiles(hand, channel, text, files) {
  const form = new FormData();
  form.set('id', newId());
  form.set('text', text);
  for (const [name, bytes] of Object.entries(files))
    form.append('files', new File([new Uint8Array(Buffer.from(bytes))], name));
  const answer = await hand.visit.request.post(channel, {
    multipart: form,
    headers: { origin: hand.address, accept: 'text/html' },
    maxRedirects: 0,
  });
  assert.equal(answer.status(), 303, await answer.text());
}

/** The id of the entry with this name. @param {Hand} hand @param {string} channel @param {string} name */
async function idOf(hand, channel, name) {
  const html = await (await hand.visit.request.get(channel)).text();
  const row =
    html.split('data-entry="').find((row) => row.includes(`>${name}</a>`)) ?? assert.fail(`no ${name}`);
  return row.slice(0, 36);
}

/** Creates the files of a channel and stores their paths in `at`. @param {import('./tour.js').Tour} tour */
export async function furnish({ hands, at }) {
  const { jane, maya } = hands;
  const channel = at.talk.replace('/messages/', '/files/');
  const find = (/** @type {string} */ name) => idOf(jane, channel, name);
  await jane.send(`${channel}/folder`, { name: 'Contracts' });
  await jane.send(`${channel}/folder`, { name: 'Final versions' });
  await jane.send(`${channel}/link`, {
    name: 'The land register',
    linkUrl: `https://register.example/${'a-long-address/'.repeat(8)}`,
  });
  for (const [name, bytes] of Object.entries(brought)) await put(maya, channel, '', name, bytes);
  const readOnly = await find('Final versions');
  await put(jane, channel, readOnly, 'Lease, signed.txt', 'signed');
  await jane.send(`${channel}/${readOnly}/read-only`, { readOnly: 'yes' });
  await sendFiles(maya, at.mayas, 'The plan of the shop', { 'Plan of the shop.txt': 'plan' });
  await put(maya, channel, '', 'front door.png', await picture(maya.visit, 1600, 1200));
  await furnishShown({ hands, at });
  /** @param {string} name */
  const address = async (name) => `${channel}/${await find(name)}`;
  Object.assign(at, {
    files: channel,
    folder: await address('Contracts'),
    readOnly: `${channel}/${readOnly}`,
    picture: await address('front door.png'),
    plain: await address('Terms.txt'),
    link: await address('The land register'),
    long: await address(Object.keys(brought)[2]),
  });
}

/** Creates a conversation with files in all states. @param {Pick<import('./tour.js').Tour, 'hands' | 'at'>} tour */
async function furnishShown({ hands: { tom, maya }, at }) {
  const talk = await tom.find('/messages', /^\/messages\/[0-9a-f-]{36}$/, 'Lease at 12 Mill Street');
  const files = talk.replace('/messages/', '/files/');
  await sendFiles(maya, talk, 'An older sketch', { 'Sketch of March.txt': 'removed later' });
  await sendFiles(maya, talk, 'The entrance, and what we signed', {
    'Entrance.png': await picture(maya.visit, 1600, 1200),
    'Lease, signed.pdf': await readFile(contract),
  });
  await sendFiles(tom, talk, 'From the landlord, by email', { 'Invoice 2026-114.txt': 'this is harmful' });
  await sendFiles(maya, talk, 'How the street looks in the morning, and sounds', {
    'Morning.webm': await film(maya.visit),
    'Street.wav': sound(),
  });
  await tom.send(`${files}/delete`, { files: await idOf(tom, files, 'Sketch of March.txt') });
  const made = async () => {
    const html = await (await tom.visit.request.get(talk)).text();
    return !html.includes('Being checked') && html.split('/small"').length > 2;
  };
  await eventually('what is made of the files', made);
  /** @param {string} name */
  const address = async (name) => `${files}/${await idOf(tom, files, name)}`;
  Object.assign(at, {
    shown: talk,
    shownFiles: files,
    film: await address('Morning.webm'),
    sound: await address('Street.wav'),
    heldBack: await address('Invoice 2026-114.txt'),
    pdf: await address('Lease, signed.pdf'),
  });
}

/** @param {import('./tour.js').Tour} tour @returns {Stop[]} */
export function stops(tour) {
  const { at, hands } = tour;
  const place = (/** @type {string} */ name, end = '') => `${at[name]}${end}`;
  const id = (/** @type {string} */ name) => at[name].split('/').pop() ?? '';
  return [
    { name: 'files', who: 'jane', path: '/files' },
    { name: 'files-client', who: 'maya', path: '/files' },
    { name: 'files-nothing-found', who: 'jane', path: '/files?find=zzz' },
    { name: 'files-new', who: 'jane', path: '/files/new' },
    { name: 'files-search', who: 'jane', path: '/files/search?words=e' },
    { name: 'files-search-here', who: 'jane', path: `/files/search?words=plan&channel=${id('files')}` },
    { name: 'files-search-nothing-found', who: 'jane', path: '/files/search?words=zzz' },
    { name: 'folder', who: 'jane', path: place('files') },
    { name: 'folder-client', who: 'maya', path: place('files') },
    {
      name: 'folder-chosen',
      who: 'jane',
      path: place('files'),
      act: async (visit) => {
        await visit.getByLabel('Choose Terms.txt').check();
        await visit.getByText('1 chosen').waitFor();
      },
    },
    { name: 'folder-empty', who: 'jane', path: place('folder') },
    { name: 'folder-read-only', who: 'maya', path: place('readOnly') },
    { name: 'folder-none', who: 'jane', path: at.oddTalk.replace('/messages/', '/files/') },
    { name: 'folder-left', who: 'jane', path: at.left.replace('/messages/', '/files/') },
    {
      name: 'folder-naming',
      who: 'jane',
      path: place('files'),
      act: (visit) => visit.getByText('Link', { exact: true }).click(),
    },
    {
      name: 'folder-refused',
      who: 'jane',
      path: place('files'),
      refused: true,
      act: async (visit) => {
        await visit.getByText('Link', { exact: true }).click();
        await sendWrong('Add link', { 'Name of the link': 'The court', Address: 'court' })(visit);
      },
    },
    {
      name: 'folder-uploading',
      who: 'jane',
      path: place('files'),
      refused: true,
      act: async (visit) => {
        await visit.route(/\/uploads/, (route) => route.abort());
        await visit
          .getByLabel('Upload files')
          .setInputFiles([
            { name: 'A film of the hall.mp4', mimeType: 'video/mp4', buffer: Buffer.alloc(3_000_000) },
          ]);
        await visit.getByText('Waiting for a connection').waitFor();
      },
      undo: async (visit) => {
        await visit.getByRole('button', { name: /^Cancel/ }).click();
        await visit.unroute(/\/uploads/);
        visit.forgive();
      },
    },
    {
      name: 'folder-deleted',
      who: 'jane',
      path: '/files',
      act: async (visit) => {
        const channel = at.added.replace('/messages/', '/files/');
        const name = `Drafts ${crypto.randomUUID().slice(0, 4)}`;
        await hands.jane.send(`${channel}/folder`, { name });
        const files = await idOf(hands.jane, channel, name);
        await visit.goto(await hands.jane.send(`${channel}/delete`, { files }));
        await visit.getByRole('button', { name: 'Undo' }).waitFor();
      },
    },
    { name: 'conversation-files', who: 'tom', path: place('shown') },
    { name: 'conversation-files-client', who: 'maya', path: place('shown') },
    {
      name: 'conversation-files-above',
      who: 'maya',
      path: place('shown'),
      act: (visit) => visit.getByText('An older sketch').scrollIntoViewIfNeeded(),
    },
    { name: 'folder-of-all-kinds', who: 'tom', path: place('shownFiles') },
    { name: 'file-picture', who: 'jane', path: place('picture') },
    { name: 'file-pdf', who: 'tom', path: place('pdf') },
    { name: 'file-film', who: 'tom', path: place('film') },
    { name: 'file-sound', who: 'tom', path: place('sound') },
    { name: 'file-held-back', who: 'tom', path: place('heldBack') },
    { name: 'file-plain', who: 'maya', path: place('plain') },
    { name: 'file-odd', who: 'jane', path: place('long') },
    { name: 'file-link', who: 'jane', path: place('link') },
    { name: 'file-edit', who: 'jane', path: place('plain', '/edit') },
    { name: 'file-edit-folder', who: 'jane', path: place('folder', '/edit') },
    {
      name: 'file-edit-refused',
      who: 'jane',
      path: place('plain', '/edit'),
      refused: true,
      act: sendWrong('Save', { Name: ' ' }),
    },
    { name: 'file-move', who: 'jane', path: `${at.files}/move?files=${id('plain')}` },
    {
      name: 'file-move-into',
      who: 'jane',
      path: `${at.files}/move?files=${id('plain')}&into=${id('folder')}`,
    },
    { name: 'settings-files', who: 'jane', path: '/settings/files' },
    { name: 'settings-files-staff', who: 'tom', path: '/settings/files', refused: true },
    {
      name: 'file-problem',
      who: 'tom',
      path: `${at.files}/00000000-0000-7000-8000-000000000000`,
      refused: true,
    },
  ];
}
