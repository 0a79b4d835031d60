// The portal under test: started on a free port with its own data, visited with a real Chromium, its mails read.
// Everything that is started here is stopped when the test ends, even if it fails.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';
import PostalMime from 'postal-mime';

const program = path.resolve(import.meta.dirname, '../../target/debug/portal');
const screenshots = path.resolve(import.meta.dirname, 'screenshots');
const run = promisify(execFile);

/** How long a test waits for anything before it fails, in milliseconds. */
export const patience = 30_000;

/** Running portals, which are stopped when the test run is interrupted. @type {Set<Portal>} */
const open = new Set();
process.on('exit', () => open.forEach((portal) => portal.abandon()));
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

/** @typedef {{ from: string, to: string, subject: string, text: string, html: string }} Mail */
/** @typedef {import('playwright-core').Page & { shoot(name: string): Promise<void>, forgive(): void, look: string, problems: string[] }} Visit */

/**
 * Repeats `look` until it returns a truthy value; fails with `what` if it never does.
 * @template T
 * @param {string} what
 * @param {() => Promise<T | undefined | null | false>} look
 * @returns {Promise<T>}
 */
export async function eventually(what, look) {
  const deadline = Date.now() + patience;
  for (;;) {
    const found = await look();
    if (found) return found;
    assert.ok(Date.now() < deadline, `waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A running portal and the browsers that visit it. */
export class Portal {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #process;
  /** @type {Promise<import('playwright-core').Browser> | undefined} */
  #browser;
  /** @type {Visit[]} */
  #visits = [];
  /** The output of the program, for the messages of failing tests. */
  output = '';
  /** Its base URL, without a trailing slash. */
  address = '';

  /** @param {string} data @param {string} command */
  constructor(data, command) {
    this.data = data;
    this.command = command;
  }

  /**
   * Starts a portal with a fresh data folder, which is removed at the end of the test.
   * @param {{ after(end: () => Promise<void>): void }} t a test, or all tests of a file
   * @param {'serve' | 'demo'} command
   */
  static async start(t, command) {
    const portal = new Portal(await mkdtemp(path.join(tmpdir(), 'portal-test-')), command);
    open.add(portal);
    t.after(() => portal.end());
    await portal.begin();
    return portal;
  }

  /** Starts the program, again with the same data and port if it ran before. */
  async begin() {
    const listen = this.address ? new URL(this.address).host : '127.0.0.1:0';
    this.output = '';
    const child = spawn(program, [this.command, '--data', this.data, '--listen', listen, '--log', 'warn']);
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (this.output += text));
    }
    this.address = await eventually(`the portal's address`, async () => {
      assert.ok(!hasEnded(child), `the portal ended:\n${this.output}`);
      return this.output.match(/^Listening on (http:\/\/\S+)$/m)?.[1];
    });
  }

  /** The one-time set-up link. */
  get setUpLink() {
    return (
      this.output.match(/^Set up this portal: (\S+)$/m)?.[1] ?? assert.fail(`no set-up link:\n${this.output}`)
    );
  }

  /**
   * The sign-in link of one of the people of the demo.
   * @param {'admin' | 'staff' | 'limited' | 'client'} kind
   */
  demoLink(kind) {
    const line = new RegExp(`^${kind} \\S+ (\\S+)$`, 'm');
    return eventually(`the demo's ${kind}`, async () => this.output.match(line)?.[1]);
  }

  /** The number of open event streams. */
  async streams() {
    const metrics = await (await fetch(`${this.address}/metrics`)).text();
    return Number(metrics.match(/^portal_streams (\d+)$/m)?.[1] ?? assert.fail(metrics));
  }

  /** Stops the program; SIGKILL gives it no chance to clean up. @param {'SIGTERM' | 'SIGKILL'} [signal] */
  async stop(signal = 'SIGTERM') {
    const child = this.#process;
    this.#process = undefined;
    if (!child || hasEnded(child)) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    const deadline = setTimeout(() => child.kill('SIGKILL'), patience);
    await gone;
    clearTimeout(deadline);
    assert.ok(
      child.signalCode !== 'SIGKILL' || signal === 'SIGKILL',
      `it did not end when asked to:\n${this.output}`,
    );
  }

  /** Kills the program and removes its data immediately. */
  abandon() {
    this.#process?.kill('SIGKILL');
    rmSync(this.data, { recursive: true, force: true });
  }

  /** Runs another command of the program on the same data and returns its output. @param {...string} words */
  async run(...words) {
    const { stdout } = await run(program, [...words, '--data', this.data, '--log', 'error']);
    return stdout.trim();
  }

  /** A one-time sign-in link. @param {string} email */
  signInLink(email) {
    return this.run('sign-in-link', email);
  }

  /**
   * Waits for a mail to an address with a matching subject; returns the newest.
   * @param {string} address @param {RegExp} [subject]
   * @returns {Promise<Mail>}
   */
  mailTo(address, subject = /./) {
    const outbox = path.join(this.data, 'outbox');
    return eventually(`a mail to ${address}`, async () => {
      const names = await readdir(outbox).catch(() => []);
      // A file name tells the kind of the mail, not its time.
      const files = await Promise.all(
        names
          .filter((name) => name.endsWith('.eml'))
          .map(async (name) => {
            const file = path.join(outbox, name);
            return { file, at: (await stat(file, { bigint: true })).mtimeNs };
          }),
      );
      for (const { file } of files.sort((a, b) => Number(b.at - a.at))) {
        const mail = await PostalMime.parse(await readFile(file));
        const to = mail.to?.[0]?.address ?? '';
        if (to !== address || !subject.test(mail.subject ?? '')) continue;
        return {
          from: mail.from?.address ?? '',
          to,
          subject: mail.subject ?? '',
          text: mail.text ?? '',
          html: mail.html ?? '',
        };
      }
      return undefined;
    });
  }

  /**
   * Opens a separate browser context.
   * @param {{ phone?: boolean, dark?: boolean, scripts?: boolean, link?: string }} [wish] `link` signs in at once
   * @returns {Promise<Visit>}
   */
  async visit({ phone = false, dark = false, scripts = true, link } = {}) {
    this.#browser ??= chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium-headless-shell',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
    const size = phone
      ? { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }
      : { viewport: { width: 1440, height: 900 } };
    const context = await (await this.#browser).newContext({
      ...size,
      colorScheme: dark ? 'dark' : 'light',
      javaScriptEnabled: scripts,
      baseURL: this.address,
      locale: 'en-GB',
    });
    const visit = await this.#tab(context, `${phone ? 'phone' : 'desktop'}-${dark ? 'dark' : 'light'}`);
    if (link) await signIn(visit, link);
    return visit;
  }

  /** Opens another tab in the same browser context. @param {Visit} visit @returns {Promise<Visit>} */
  tab(visit) {
    return this.#tab(visit.context(), visit.look);
  }

  /** @param {import('playwright-core').BrowserContext} context @param {string} look @returns {Promise<Visit>} */
  async #tab(context, look) {
    const page = await context.newPage();
    page.setDefaultTimeout(patience);
    /** @type {string[]} */
    const problems = [];
    page.on('pageerror', (error) => problems.push(`${page.url()}: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(`${page.url()}: ${message.text()}`);
    });
    const visit = Object.assign(page, {
      problems,
      look,
      /** Ignores what the browser logged about a lost connection. */
      forgive() {
        const others = problems.filter((words) => !/net::ERR_|Failed to load resource/.test(words));
        problems.splice(0, problems.length, ...others);
      },
      /** @param {string} name */
      async shoot(name) {
        await page.waitForLoadState();
        await mkdir(screenshots, { recursive: true });
        await page.screenshot({ path: path.join(screenshots, `${name}-${look}.png`) });
      },
    });
    this.#visits.push(visit);
    return visit;
  }

  /** Closes everything; fails if a browser reported problems. */
  async end() {
    const problems = this.#visits.flatMap((visit) => visit.problems);
    try {
      await (await this.#browser)?.close();
      await this.stop();
    } finally {
      this.abandon();
      open.delete(this);
    }
    assert.deepEqual(problems, [], 'the browser complained');
  }
}

/** Whether it ended on its own or by a signal. @param {import('node:child_process').ChildProcess} child */
const hasEnded = (child) => child.exitCode !== null || child.signalCode !== null;

/**
 * Clicks a link or button that opens another page, and waits until that page has its style and its scripts. Its elements are
 * in the document earlier, without layout and without listeners.
 * @param {import('playwright-core').Locator} target
 */
export async function follow(target) {
  const visit = target.page();
  await visit.waitForLoadState();
  await Promise.all([visit.waitForEvent('load'), target.click()]);
}

/** Opens a sign-in link and presses its button. @param {Visit} visit @param {string} link */
export async function signIn(visit, link) {
  await visit.goto(link);
  await visit.locator('main form[method=post] button').first().click();
  await visit.waitForURL((address) => !address.pathname.startsWith('/sign-in'));
}
