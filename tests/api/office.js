// A firm in a running portal, an API key of its admin, and the pages as that admin sees them.

import assert from 'node:assert/strict';
import { Portal } from '../browser/portal.js';

process.env.ASSEMBLY_ENV = 'local';
const { OpenAPI, assemblyApi } = await import('@assembly-js/node-sdk');

/** A portal after set-up, with an API key and the admin's session. */
export class Office {
  /** @param {Portal} portal @param {string} key @param {string} cookie */
  constructor(portal, key, cookie) {
    this.portal = portal;
    this.key = key;
    this.cookie = cookie;
  }

  /** @param {{ after(end: () => Promise<void>): void }} t */
  static async start(t) {
    const portal = await Portal.start(t, 'serve');
    const email = 'jane@firm.example';
    await portal.run('init', '--brand', 'Harbor & Lee', '--admin-name', 'Jane Lee', '--admin-email', email);
    const key = await portal.run('key', 'create', '--as', email);
    const link = new URL(await portal.signInLink(email)).pathname;
    const signedIn = await fetch(`${portal.address}${link}`, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' },
    });
    const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? assert.fail('no cookie');
    return new Office(portal, key, cookie);
  }

  /** The client of the hosted product, pointed at this portal. */
  get client() {
    OpenAPI.BASE = this.portal.address;
    return assemblyApi({ apiKey: this.key });
  }

  /** The HTML of a page with its entities decoded. @param {string} path */
  async page(path) {
    const answer = await fetch(`${this.portal.address}${path}`, {
      headers: { cookie: this.cookie, accept: 'text/html' },
    });
    const html = await answer.text();
    const text = html.replaceAll('&#38;', '&').replaceAll('&amp;', '&').replaceAll('&#39;', "'");
    return { status: answer.status, text };
  }

  /** @param {string} path @param {...string} shown */
  async shows(path, ...shown) {
    const page = await this.page(path);
    assert.equal(page.status, 200, path);
    for (const text of shown) assert.ok(page.text.includes(text), `${path} does not show ${text}`);
  }

  /** Calls the API directly. @param {string} method @param {string} path @param {unknown} [body] @param {Record<string, string>} [headers] */
  async call(method, path, body, headers = {}) {
    const answer = await fetch(`${this.portal.address}${path}`, {
      method,
      headers: {
        'x-api-key': this.key,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, json: text ? JSON.parse(text) : undefined };
  }
}

/** Asserts that a call of the client is refused with a status. @param {Promise<unknown>} call @param {number} status */
export async function refused(call, status) {
  const error = /** @type {any} */ (
    await call.then(
      () => assert.fail('it was done'),
      (error) => error,
    )
  );
  assert.equal(error.status, status, `${error.message} ${JSON.stringify(error.body)}`);
  assert.equal(typeof error.body.message, 'string');
  return error.body;
}
