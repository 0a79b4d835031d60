// The pages of a portal before and right after set-up: a part of the tour.

import { Portal } from './portal.js';

/** @typedef {import('./portal.js').Visit} Visit */
/** @typedef {import('./tour.js').Stop} Stop */

/** A new portal, whose pages are still empty. */
export class Beginning {
  /** @param {Portal} portal */
  constructor(portal) {
    this.portal = portal;
  }

  /** @param {import('node:test').TestContext} t */
  static async start(t) {
    return new Beginning(await Portal.start(t, 'serve'));
  }

  /** Pages before set-up. @returns {Stop[]} */
  before() {
    return [
      { name: 'set-up-not-yet', who: 'nobody', path: '/sign-in' },
      { name: 'set-up', who: 'nobody', path: new URL(this.portal.setUpLink).pathname },
      {
        name: 'set-up-refused',
        who: 'nobody',
        path: new URL(this.portal.setUpLink).pathname,
        refused: true,
        act: async (visit) => {
          await visit.locator('form').evaluate((form) => form.setAttribute('novalidate', ''));
          await visit.getByLabel('Your email address').fill('jane');
          await visit.getByRole('button', { name: /Set up/ }).click();
          await visit.locator('.error').first().waitFor();
        },
      },
    ];
  }

  /** Sets the portal up. @param {Visit} visit */
  async setUp(visit) {
    await visit.goto(this.portal.setUpLink);
    await visit.getByLabel('Name of your firm').fill('Harbor & Lee');
    await visit.getByLabel('Your given name').fill('Jane');
    await visit.getByLabel('Your family name').fill('Lee');
    await visit.getByLabel('Your email address').fill('jane@harborlee.example');
    await visit.getByRole('button', { name: 'Set up' }).click();
    await visit.getByText('has its portal').waitFor();
  }

  /** Pages after set-up. @returns {Stop[]} */
  after() {
    return [
      { name: 'set-up-done', who: 'jane', path: '/set-up' },
      ...['messages', 'files', 'clients', 'companies', 'projects', 'messages/new', 'projects/new'].map(
        (page) =>
          /** @type {Stop} */ ({ name: `empty-${page.replace('/', '-')}`, who: 'jane', path: `/${page}` }),
      ),
    ];
  }
}
