// All pages of the portal in all their states, for tests that visit every one: the demo with more people and channels, created
// with the portal's own forms.

import assert from 'node:assert/strict';
import { Portal } from './portal.js';
import { openScanner } from './scanner.js';
import { furnish, stops as files } from './tour_files.js';
import { Hand, sendWrong, type } from './tour_forms.js';
import { stops as joining } from './tour_joining.js';

/** @typedef {import('./portal.js').Visit} Visit */

/**
 * A page in one of its states.
 * @typedef {object} Stop
 * @property {string} name
 * @property {'nobody' | 'jane' | 'tom' | 'maya' | 'priya'} who
 * @property {string} path
 * @property {() => Promise<unknown>} [prepare] what happens elsewhere before the visit
 * @property {(visit: Visit) => Promise<unknown>} [act] what is done on the page before it is checked
 * @property {(visit: Visit) => Promise<unknown>} [undo] what is undone after the check
 * @property {boolean} [refused] whether the browser is expected to log a refusal
 */

const arabic = 'ليلى عبد الرحمن القحطاني';
const long = 'Wolfeschlegelsteinhausenbergerdorffwelche';

/** A demo with all states in it. */
export class Tour {
  /** @type {Record<string, string>} */
  at = {};

  /** @param {Portal} portal @param {Record<'jane' | 'tom' | 'maya' | 'priya', Hand>} hands */
  constructor(portal, hands) {
    this.portal = portal;
    this.hands = hands;
  }

  /** @param {import('node:test').TestContext} t */
  static async start(t) {
    process.env.PORTAL_SCANNER = await openScanner(t);
    const portal = await Portal.start(t, 'demo');
    delete process.env.PORTAL_SCANNER;
    /** @param {'admin' | 'staff' | 'limited' | 'client'} kind */
    const hand = async (kind) =>
      new Hand(await portal.visit({ link: await portal.demoLink(kind) }), portal.address);
    const tour = new Tour(portal, {
      jane: await hand('admin'),
      tom: await hand('staff'),
      maya: await hand('client'),
      priya: await hand('limited'),
    });
    await tour.#people();
    await tour.#webhook();
    await tour.#channels();
    await tour.#messages();
    await furnish(tour);
    return tour;
  }

  async #people() {
    const { jane } = this.hands;
    const at = this.at;
    at.helen = await jane.find('/clients', /^\/clients\/[0-9a-f-]{36}$/, 'Helen');
    at.noah = await jane.find('/clients', /^\/clients\/[0-9a-f-]{36}$/, 'Noah');
    at.tomsPage = await jane.find('/settings/team', /^\/settings\/team\/[0-9a-f-]{36}$/, 'Tom');
    at.company = await jane.find('/companies', /^\/companies\/[0-9a-f-]{36}$/, 'Brightwater');
    at.astrid = await jane.find('/projects', /^\/projects\/[0-9a-f-]{36}$/, 'Astrid');
    at.odd = await jane.send('/companies/new', { name: `${long} 🥐 ${arabic} & Töchter` });
    const companyIds = at.odd.split('/').pop() ?? '';
    at.longNamed = await jane.send('/clients/new', {
      givenName: long.slice(0, 40),
      familyName: long.slice(0, 40),
      email: `${long}@example.com`,
      companyIds,
    });
    at.arabicNamed = await jane.send('/clients/new', {
      givenName: 'ليلى',
      familyName: 'القحطاني',
      email: 'layla@example.com',
      companyIds,
    });
    at.emojiNamed = await jane.send('/clients/new', {
      givenName: '👩‍🍳',
      familyName: '🥐',
      email: 'croissant@example.com',
      companyIds,
    });
    const gone = await jane.send('/clients/new', { givenName: 'Otto', email: 'otto@example.com' });
    at.deactivated = gone.split('?')[0];
    await jane.send(`${at.deactivated}/deactivate`);
    at.project = await jane.send('/projects/new', {
      title: 'Sale of the old mill',
      clientIds: [],
      internalUserIds: [],
    });
  }

  /** A webhook to an unreachable host: its calls fail. */
  async #webhook() {
    const { jane } = this.hands;
    const form = new URLSearchParams({
      url: `https://hooks.invalid/${'a-long-address/'.repeat(6)}`,
      which: 'all',
    });
    const answer = await jane.visit.request.post('/settings/api/webhooks/new', {
      data: form.toString(),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        origin: jane.address,
        accept: 'text/html',
      },
    });
    assert.equal(answer.status(), 200);
    this.at.webhook = await jane.find('/settings/api/webhooks', /^\/settings\/api\/webhooks\/[0-9a-f-]{36}$/);
  }

  async #channels() {
    const { jane, tom } = this.hands;
    const at = this.at;
    /** @param {string} address of a person, company or project */
    const idOf = (address) => address.split('?')[0].split('/').pop() ?? '';
    const path = /^\/messages\/[0-9a-f-]{36}$/;
    at.talk = await jane.find('/messages', path, 'Northwind');
    at.archived = await jane.find('/messages', path, 'Walter Brandt');
    await jane.send(`${at.archived}/archive`);
    at.muted = await jane.find('/messages', path, 'Alice Fern');
    await jane.send(`${at.muted}/mute`);
    at.left = await jane.find('/messages', path, 'Calder');
    await jane.send(`${at.left}/leave`);
    const choosing = `/messages/new?subject=group:${idOf(at.company)}&choose=1`;
    const html = await (await jane.visit.request.get(choosing)).text();
    const person = [...html.matchAll(/name="person" value="([^"]+)"/g)].map(([, id]) => id);
    at.choosing = choosing;
    at.group = await jane.send('/messages/new', { subject: `group:${idOf(at.company)}`, person });
    await jane.write(at.group, 'I have put the two of you together for the rota.');
    at.oddTalk = await jane.send('/messages/new', { subject: `company:${idOf(at.odd)}` });
    at.emptyTalk = await jane.find('/messages?find=%F0%9F%A5%90', path, '🥐').catch(() => at.oddTalk);
    at.preview = `/messages/new?find=mill&subject=project:${idOf(at.project)}`;
    const fresh = await jane.send('/projects/new', {
      title: 'A boundary at Fern Hill',
      clientIds: [],
      internalUserIds: [],
    });
    const members = {
      title: 'A boundary at Fern Hill',
      internalUserIds: await this.#colleagues(['Jane', 'Tom']),
    };
    await jane.send(fresh.split('?')[0], members);
    at.added = await jane.send('/messages/new', { subject: `project:${idOf(fresh)}` });
    await jane.write(at.added, 'Here we collect what we know about the boundary.');
    await jane.send(fresh.split('?')[0], { ...members, clientIds: idOf(at.helen) });
    await tom.write(at.added, 'Welcome, Helen.');
  }

  /** The ids of colleagues with these given names. @param {string[]} names */
  async #colleagues(names) {
    const { jane } = this.hands;
    const all = names.map((name) => jane.find('/settings/team', /^\/settings\/team\/[0-9a-f-]{36}$/, name));
    return (await Promise.all(all)).map((address) => address.split('/').pop() ?? '');
  }

  async #messages() {
    const { jane, maya } = this.hands;
    const at = this.at;
    const texts = [
      `A very long word: ${'Donaudampfschifffahrtsgesellschaftskapitän'.repeat(6)}`,
      `https://example.com/${'a-long-address/'.repeat(14)}`,
      `${arabic}: مرحبا، هل يمكننا نقل الاجتماع إلى يوم الجمعة؟ **شكرا**`,
      '- milk\n- flour\n- **butter**\n\n1. first\n2. second\n\n> What was said before\n\n`code` and ~~struck~~ and *italic*',
      `\`\`\`\n${'a line of code that is rather long '.repeat(6)}\nshort\n\`\`\``,
      '🎉🎉',
    ];
    for (const text of texts) await jane.write(at.oddTalk, text);
    at.huge = at.muted;
    await jane.write(
      at.huge,
      'All of it, as you asked: '.padEnd(9_990, 'the parties agree on what follows, and '),
    );
    const edited = await jane.write(at.talk, 'The hearing is on Tuesday at 10.');
    await jane.send(`${at.talk}/messages/${edited}/edit`, { text: 'The hearing is on **Wednesday** at 10.' });
    const deleted = await jane.write(at.talk, 'Sent to the wrong place.');
    await jane.send(`${at.talk}/messages/${deleted}/delete`);
    const own = await jane.write(at.talk, 'Bring the signed lease, please. Everything else I have here.');
    at.edit = `${at.talk}/messages/${own}/edit`;
    at.mayas = await maya.find('/messages', /^\/messages\/[0-9a-f-]{36}$/, 'Northwind');
    await maya.write(at.mayas, 'Wednesday at 10 works for us, thank you.');
    await maya.write(at.mayas, 'Luis brings the lease. Is there parking at the court?');
  }

  /** Every page, in the order of a visit. @returns {Stop[]} */
  stops() {
    const at = this.at;
    const nowhere = '/messages/00000000-0000-7000-8000-000000000000';
    /** @type {Stop[]} */
    return [
      { name: 'sign-in', who: 'nobody', path: '/sign-in' },
      {
        name: 'sign-in-refused',
        who: 'nobody',
        path: '/sign-in',
        refused: true,
        act: sendWrong('Send me the email', { 'Your email address': 'jane' }),
      },
      {
        name: 'sign-in-code',
        who: 'nobody',
        path: '/sign-in',
        act: async (visit) => {
          await type('Your email address', 'somebody@example.com')(visit);
          await visit.getByRole('button', { name: 'Send me the email' }).click();
          await visit.getByLabel('Six-digit code').waitFor();
        },
      },
      { name: 'sign-in-dead-link', who: 'nobody', path: '/sign-in/link/abc', refused: true },
      { name: 'messages', who: 'jane', path: '/messages' },
      { name: 'messages-client', who: 'maya', path: '/messages' },
      { name: 'messages-nothing-found', who: 'jane', path: '/messages?find=zzz' },
      { name: 'messages-archived', who: 'jane', path: '/messages?filter=archived' },
      { name: 'conversation', who: 'jane', path: at.talk },
      { name: 'conversation-client', who: 'maya', path: at.mayas },
      { name: 'conversation-odd', who: 'jane', path: at.oddTalk },
      { name: 'conversation-huge', who: 'jane', path: at.huge },
      { name: 'conversation-group', who: 'jane', path: at.group },
      { name: 'conversation-archived', who: 'jane', path: at.archived },
      { name: 'conversation-left', who: 'jane', path: at.left },
      { name: 'conversation-added', who: 'jane', path: at.added },
      { name: 'conversation-details', who: 'jane', path: `${at.talk}#details` },
      { name: 'edit', who: 'jane', path: at.edit },
      {
        name: 'edit-refused',
        who: 'jane',
        path: at.edit,
        refused: true,
        act: sendWrong('Save', { 'To ': ' ' }),
      },
      { name: 'new', who: 'jane', path: '/messages/new' },
      { name: 'new-nothing-found', who: 'jane', path: '/messages/new?find=zzz' },
      { name: 'new-preview', who: 'jane', path: at.preview },
      { name: 'new-group', who: 'jane', path: at.choosing },
      { name: 'search', who: 'jane', path: '/messages/search?words=the' },
      {
        name: 'search-here',
        who: 'jane',
        path: `/messages/search?words=the&channel=${at.talk.split('/').pop()}`,
      },
      { name: 'search-nothing-found', who: 'jane', path: '/messages/search?words=zzz' },
      { name: 'clients', who: 'jane', path: '/clients' },
      { name: 'clients-nobody-found', who: 'jane', path: '/clients?find=zzz' },
      { name: 'client', who: 'jane', path: at.helen },
      { name: 'client-odd', who: 'jane', path: at.longNamed.split('?')[0] },
      { name: 'client-invited', who: 'jane', path: `${at.noah}?done=invited` },
      { name: 'client-deactivated', who: 'jane', path: at.deactivated },
      { name: 'client-new', who: 'jane', path: '/clients/new' },
      {
        name: 'client-refused',
        who: 'jane',
        path: '/clients/new',
        refused: true,
        act: sendWrong('Add client user', { 'Email address': 'nobody', 'Mobile number': '12' }),
      },
      { name: 'companies', who: 'jane', path: '/companies' },
      { name: 'company', who: 'jane', path: at.company },
      { name: 'company-odd', who: 'jane', path: at.odd.split('?')[0] },
      { name: 'company-new', who: 'jane', path: '/companies/new' },
      {
        name: 'company-refused',
        who: 'jane',
        path: '/companies/new',
        refused: true,
        act: sendWrong('Add company', { Name: '' }),
      },
      { name: 'projects', who: 'jane', path: '/projects' },
      { name: 'project', who: 'jane', path: at.astrid },
      { name: 'project-new', who: 'jane', path: '/projects/new' },
      {
        name: 'project-refused',
        who: 'jane',
        path: '/projects/new',
        refused: true,
        act: sendWrong('Add project', { Title: '' }),
      },
      {
        name: 'project-together',
        who: 'jane',
        path: '/projects/new',
        refused: true,
        act: async (visit) => {
          await type('Title', 'Between two clients')(visit);
          for (const summary of await visit.locator('summary').all()) await summary.click();
          await visit.getByLabel(/Helen Park/).check();
          await visit.getByLabel(/Luis Ortega/).check();
          await visit.getByRole('button', { name: 'Add project' }).click();
          await visit.locator('.notice.warn').waitFor();
        },
      },
      { name: 'team', who: 'jane', path: '/settings/team' },
      { name: 'team-staff', who: 'tom', path: '/settings/team' },
      { name: 'colleague', who: 'jane', path: at.tomsPage },
      { name: 'colleague-new', who: 'jane', path: '/settings/team/new' },
      {
        name: 'colleague-refused',
        who: 'jane',
        path: '/settings/team/new',
        refused: true,
        act: sendWrong('Add colleague', { 'Email address': 'maya@northwind.example' }),
      },
      { name: 'brand', who: 'jane', path: '/settings/brand' },
      {
        name: 'brand-refused',
        who: 'jane',
        path: '/settings/brand',
        refused: true,
        act: sendWrong('Save the sidebar', { 'Its colour': '#ffffff', 'Its words': '#eeeeee' }),
      },
      { name: 'messaging', who: 'jane', path: '/settings/messaging' },
      { name: 'messaging-staff', who: 'tom', path: '/settings/messaging', refused: true },
      { name: 'keys-none', who: 'jane', path: '/settings/api' },
      { name: 'key-new', who: 'jane', path: '/settings/api/keys/new' },
      {
        name: 'key-refused',
        who: 'jane',
        path: '/settings/api/keys/new',
        refused: true,
        act: sendWrong('Make key', { Name: ' ' }),
      },
      {
        name: 'key-made',
        who: 'jane',
        path: '/settings/api/keys/new',
        act: async (visit) => {
          await type('Name', 'Accounting')(visit);
          await visit.getByRole('button', { name: 'Make key' }).click();
          await visit.getByLabel('Key', { exact: true }).waitFor();
        },
      },
      { name: 'keys', who: 'jane', path: '/settings/api?done=revoked' },
      { name: 'webhooks', who: 'jane', path: '/settings/api/webhooks' },
      { name: 'webhook', who: 'jane', path: at.webhook },
      {
        name: 'webhook-tries',
        who: 'jane',
        path: at.webhook,
        act: (visit) => visit.locator('.calls summary').first().click(),
      },
      {
        name: 'webhook-new',
        who: 'jane',
        path: '/settings/api/webhooks/new',
        act: (visit) => visit.getByText('Choose what').click(),
      },
      {
        name: 'webhook-refused',
        who: 'jane',
        path: '/settings/api/webhooks/new',
        refused: true,
        act: sendWrong('Make webhook', { 'Address of your program': 'http://127.0.0.1/' }),
      },
      {
        name: 'webhook-made',
        who: 'jane',
        path: '/settings/api/webhooks/new',
        act: async (visit) => {
          await type('Address of your program', 'https://made.invalid/')(visit);
          await visit.getByRole('button', { name: 'Make webhook' }).click();
          await visit.getByLabel('Signing secret').waitFor();
        },
      },
      { name: 'profile', who: 'jane', path: '/profile' },
      { name: 'profile-client', who: 'maya', path: '/profile' },
      {
        name: 'profile-refused',
        who: 'jane',
        path: '/profile',
        refused: true,
        act: sendWrong('Save', { 'Mobile number': '12' }),
      },
      ...files(this),
      ...joining(this),
      { name: 'problem-not-found', who: 'jane', path: nowhere, refused: true },
      { name: 'problem-forbidden', who: 'tom', path: '/settings/team/new', refused: true },
    ];
  }

  /** Opens a page and brings it into its state. @param {Visit} visit @param {Stop} stop */
  static async go(visit, stop) {
    await stop.prepare?.();
    await visit.goto(stop.path);
    await stop.act?.(visit);
    // `act` may have opened another page, whose elements appear before its style.
    await visit.waitForLoadState();
    if (stop.refused) visit.problems.length = 0;
  }

  /**
   * One browser context for each person, all of one size.
   * @param {{ phone?: boolean, dark?: boolean }} look
   */
  async visits(look) {
    /** @type {Record<string, Visit>} */
    const visits = { nobody: await this.portal.visit(look) };
    for (const [name, hand] of Object.entries(this.hands)) {
      const visit = await this.portal.visit(look);
      await visit.context().addCookies(await hand.visit.context().cookies());
      visits[name] = visit;
    }
    return visits;
  }
}
