// The minified scripts that the portal serves mean the same as the sources.

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { parse } from 'acorn';
import { Portal } from './portal.js';

const written = path.resolve(import.meta.dirname, '../../crates/web/assets');

/** The syntax tree of a script without positions. It contains strings, templates and regular expressions verbatim. @param {string} text */
const meaning = (text) =>
  JSON.stringify(parse(text, { ecmaVersion: 2024, sourceType: 'module' }), (key, value) =>
    key === 'start' || key === 'end' ? undefined : value,
  );

test('every script is served lean, and with the meaning of what is written', async (t) => {
  const portal = await Portal.start(t, 'serve');
  const page = await (await fetch(`${portal.address}/sign-in`)).text();
  const folder = page.match(/\/assets\/[0-9a-f]+/)?.[0] ?? assert.fail(page);
  const names = (await readdir(written)).filter((name) => name.endsWith('.js'));
  assert.ok(names.length > 25);
  for (const name of names) {
    const own = await readFile(path.join(written, name), 'utf8');
    const answer = await fetch(`${portal.address}${folder}/${name}`);
    assert.equal(answer.status, 200, name);
    const served = await answer.text();
    assert.ok(meaning(served) === meaning(own), `${name} is served with another meaning`);
    assert.ok(served.length < own.length, name);
  }
});
