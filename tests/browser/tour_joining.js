// The pages by which people come in, and what is kept about who did what: a part of the tour.

import { sendWrong } from './tour.js';

/** @typedef {import('./tour.js').Stop} Stop */

/** @param {import('./tour.js').Tour} tour @returns {Stop[]} */
export function stops({ hands }) {
  return [
    { name: 'front', who: 'nobody', path: '/early-access' },
    { name: 'front-form', who: 'nobody', path: '/early-access#early-access' },
    { name: 'front-thanks', who: 'nobody', path: '/early-access?done=yes#early-access' },
    { name: 'front-refused', who: 'nobody', path: '/early-access', refused: true, then: sendWrong('Ask for early access', { 'Your name': 'Rui Alves', 'Work email': 'rui@' }) },
    { name: 'early-access-empty', who: 'jane', path: '/settings/early-access' },
    { name: 'early-access', who: 'jane', path: '/settings/early-access', first: async () => {
      for (const [name, email, company] of [
        ['Rui Alves', 'rui@alves.example', 'Alves & Filhos'],
        ['=HYPERLINK("https://evil.example")', 'x@evil.example', '@sum(1)'],
        ['Wolfeschlegelsteinhausenbergerdorffwelche', 'a-very-long-address-of-somebody-who-cannot-wait@sub.domain.of.a.long.example', ''],
      ]) await hands.jane.send('/early-access', { name, email, company });
      await hands.jane.send('/early-access', { name: 'Bot', email: 'bot@spam.example', confirmReference: 'x' });
    } },
    { name: 'early-access-machines', who: 'jane', path: '/settings/early-access?trapped=yes' },
  ];
}
