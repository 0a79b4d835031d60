// The client is written for bundlers: it imports folders, and files without extensions, which Node.js does not resolve.
// This hook does, only for the files of the client.

import { existsSync, statSync } from 'node:fs';
import { register } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) register(import.meta.url);

/** @type {import('node:module').ResolveHook} */
export async function resolve(specifier, context, next) {
  if (!specifier.startsWith('.') || !context.parentURL?.includes('/node-sdk/dist/'))
    return next(specifier, context);
  const file = fileURLToPath(new URL(specifier, context.parentURL));
  const found = [file, `${file}.js`, `${file}/index.js`].find(
    (path) => existsSync(path) && statSync(path).isFile(),
  );
  return next(found ? pathToFileURL(found).href : specifier, context);
}
