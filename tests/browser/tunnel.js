// A connection between a browser and the portal that can be slowed down, cut and restored, like that of a phone on a train.

import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';

/** @typedef {import('node:net').Socket} Socket */

export class Tunnel {
  #portal;
  #isCut = false;
  /** @type {Set<Socket>} */
  #sockets = new Set();
  #server = createServer((socket) => this.#lead(socket));
  /** Bytes per second towards the portal. */
  rate = Infinity;
  address = '';

  /** @param {string} portal its address */
  constructor(portal) {
    this.#portal = Number(new URL(portal).port);
  }

  /** @param {string} portal @param {import('node:test').TestContext} t */
  static async open(portal, t) {
    const tunnel = new Tunnel(portal);
    tunnel.#server.listen(0, '127.0.0.1');
    await once(tunnel.#server, 'listening');
    const address = tunnel.#server.address();
    tunnel.address = `http://127.0.0.1:${typeof address === 'object' && address?.port}`;
    t.after(() => {
      tunnel.cut();
      tunnel.#server.close();
    });
    return tunnel;
  }

  /** Closes all connections and accepts no new ones. */
  cut() {
    this.#isCut = true;
    this.#sockets.forEach((socket) => socket.destroy());
  }

  mend() {
    this.#isCut = false;
  }

  /** @param {Socket} socket */
  #lead(socket) {
    if (this.#isCut) return socket.destroy();
    const onward = connect(this.#portal, '127.0.0.1');
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ]) {
      this.#sockets.add(one);
      // A connection that breaks on one side breaks on the other.
      one.on('error', () => other.destroy());
      one.on('close', () => {
        other.destroy();
        this.#sockets.delete(one);
      });
    }
    onward.pipe(socket);
    socket.on('data', async (bytes) => {
      if (!onward.write(bytes)) await once(onward, 'drain').catch(() => null);
      if (this.rate === Infinity) return;
      socket.pause();
      await pause((bytes.length / this.rate) * 1000);
      socket.resume();
    });
  }
}
