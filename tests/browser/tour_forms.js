// Filling in forms, by requests and on pages: a part of the tour.

import assert from 'node:assert/strict';

/** @typedef {import('./portal.js').Visit} Visit */

/** A signed-in person who sends forms by requests, without pages. */
export class Hand {
  /** @param {Visit} visit @param {string} address */
  constructor(visit, address) {
    this.visit = visit;
    this.address = address;
  }

  /**
   * Sends a form and returns the path that it redirects to.
   * @param {string} path @param {Record<string, string | string[]>} [fields]
   */
  async send(path, fields = {}) {
    const form = new URLSearchParams();
    for (const [name, value] of Object.entries(fields))
      [value].flat().forEach((one) => form.append(name, one));
    const answer = await this.visit.request.post(path, {
      data: form.toString(),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        origin: this.address,
        accept: 'text/html',
      },
      maxRedirects: 0,
    });
    assert.equal(
      answer.status(),
      303,
      `${path}: ${answer.status()} ${answer.status() === 303 ? '' : await answer.text()}`,
    );
    return answer.headers().location;
  }

  /** Writes a message and returns its id. @param {string} channel @param {string} text */
  async write(channel, text) {
    const id = newId();
    await this.send(channel, { id, text });
    return id;
  }

  /** The path of the first matching link on a page. @param {string} path @param {RegExp} address @param {string} [words] */
  async find(path, address, words = '') {
    const html = await (await this.visit.request.get(path)).text();
    const links = [...html.matchAll(/<a [^>]*href="([^"]+)"[^>]*>(.*?)<\/a>/gs)];
    const link = links.find(([, href, inner]) => address.test(href) && inner.includes(words));
    return link?.[1] ?? assert.fail(`no link ${address} “${words}” on ${path}`);
  }
}

/** @type {(label: string, value: string) => (visit: Visit) => Promise<void>} */
export const type = (label, value) => (visit) => visit.getByLabel(label).first().fill(value);

/** Sends a form that will be refused. @param {string} button @param {Record<string, string>} fields @returns {(visit: Visit) => Promise<void>} */
export const sendWrong = (button, fields) => async (visit) => {
  await visit
    .locator('form[method=post]')
    .evaluateAll((forms) => forms.forEach((form) => form.setAttribute('novalidate', '')));
  for (const [label, value] of Object.entries(fields)) await type(label, value)(visit);
  await visit.getByRole('button', { name: button }).first().click();
  await visit.locator('.error, .notice.bad').first().waitFor();
};

/** A UUID version 7 (RFC 9562), as browsers create them. */
export function newId() {
  const time = Date.now().toString(16).padStart(12, '0');
  const rest = crypto.randomUUID().slice(14);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${rest.slice(1)}`;
}
