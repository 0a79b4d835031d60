// A virus scanner with the protocol of ClamAV's clamd (INSTREAM). It reports every file that contains “harmful”.

import { createServer } from 'node:net';
import { once } from 'node:events';

/** Starts a scanner for the duration of the test and returns the setting for it. @param {import('node:test').TestContext} t */
export async function openScanner(t) {
  const server = createServer((socket) => {
    let come = Buffer.alloc(0);
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes) => {
      come = Buffer.concat([come, bytes]);
      const file = whole(come);
      if (file) socket.end(file.includes('harmful') ? 'stream: Test.Harmful FOUND\0' : 'stream: OK\0');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  return `clamd://127.0.0.1:${typeof address === 'object' && address?.port}`;
}

/** The file of a request once it is complete: chunks with their lengths, ended by an empty one. @param {Buffer} come */
function whole(come) {
  /** @type {Buffer[]} */
  const pieces = [];
  for (let at = 'zINSTREAM\0'.length; at + 4 <= come.length; ) {
    const length = come.readUInt32BE(at);
    if (length === 0) return Buffer.concat(pieces);
    pieces.push(come.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return undefined;
}
