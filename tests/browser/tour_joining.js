// The pages for joining, and the audit log: a part of the tour.

import { newId, sendWrong } from './tour_forms.js';

/** @typedef {import('./tour.js').Stop} Stop */

const table =
  'Name,Email,Mobile,Company\nZoë Müller,zoe@cafe.example,,Café Zürich\nMaya,maya@northwind.example,,\n' +
  `=HYPERLINK("x") ${'Wolfeschlegelsteinhausenbergerdorff'.repeat(3)},a-very-long-address-of-somebody@sub.domain.of.a.long.example,,Café Zürich\n` +
  'No Body,nobody@,12,\n,,,Brightwater Two\n';

/** Uploads a table. @param {import('./portal.js').Visit} visit @param {string} text */
async function hand(visit, text) {
  await visit
    .locator('input[type=file]')
    .setInputFiles({ name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
  await visit.getByRole('button', { name: 'See what will happen' }).click();
  await visit.getByText(/Nothing has happened yet|workbook/).waitFor();
}

/** @param {import('./tour.js').Tour} tour @returns {Stop[]} */
export function stops({ hands, at }) {
  return [
    { name: 'front', who: 'nobody', path: '/early-access' },
    { name: 'front-form', who: 'nobody', path: '/early-access#early-access' },
    { name: 'front-thanks', who: 'nobody', path: '/early-access?done=yes#early-access' },
    {
      name: 'front-refused',
      who: 'nobody',
      path: '/early-access',
      refused: true,
      act: sendWrong('Ask for early access', { 'Your name': 'Rui Alves', 'Work email': 'rui@' }),
    },
    { name: 'early-access-empty', who: 'jane', path: '/settings/early-access' },
    {
      name: 'early-access',
      who: 'jane',
      path: '/settings/early-access',
      prepare: async () => {
        for (const [name, email, company] of [
          ['Rui Alves', 'rui@alves.example', 'Alves & Filhos'],
          ['=HYPERLINK("https://evil.example")', 'x@evil.example', '@sum(1)'],
          [
            'Wolfeschlegelsteinhausenbergerdorffwelche',
            'a-very-long-address-of-somebody-who-cannot-wait@sub.domain.of.a.long.example',
            '',
          ],
        ])
          await hands.jane.send('/early-access', { name, email, company });
        await hands.jane.send('/early-access', {
          name: 'Bot',
          email: 'bot@spam.example',
          confirmReference: 'x',
        });
      },
    },
    { name: 'joining', who: 'jane', path: '/settings/joining' },
    {
      name: 'sign-up',
      who: 'nobody',
      path: '/sign-up',
      prepare: () => hands.jane.send('/settings/joining', { switch: 'signUp', signUp: 'on' }),
    },
    {
      name: 'sign-up-refused',
      who: 'nobody',
      path: '/sign-up',
      refused: true,
      act: sendWrong('Send me the email', { 'Given name': 'Rui', 'Your email address': 'rui@' }),
    },
    {
      name: 'sign-up-code',
      who: 'nobody',
      path: `/sign-in/code?sign_in=${newId()}&email=rui%40alves.example&sign_up=%2Fsign-up%3FgivenName%3DRui`,
    },
    {
      name: 'client-starts',
      who: 'maya',
      path: '/messages/new',
      prepare: () =>
        hands.jane.send('/settings/messaging', { switch: 'clientsMayStart', clientsMayStart: 'on' }),
    },
    { name: 'client-delete', who: 'jane', path: `${at.helen}/delete` },
    { name: 'records', who: 'jane', path: '/settings/records' },
    { name: 'records-nothing', who: 'jane', path: '/settings/records?field=keys&until=2020-01-01' },
    { name: 'records-refused', who: 'jane', path: '/settings/records?since=yesterday', refused: true },
    { name: 'import', who: 'jane', path: '/clients/import' },
    {
      name: 'import-refused',
      who: 'jane',
      path: '/clients/import',
      refused: true,
      act: async (visit) => {
        await hand(visit, 'PK\x03\x04');
        await visit.locator('.error').waitFor();
      },
    },
    { name: 'import-preview', who: 'jane', path: '/clients/import', act: (visit) => hand(visit, table) },
    { name: 'early-access-machines', who: 'jane', path: '/settings/early-access?trapped=yes' },
  ];
}
