// The event stream from the server: comes back by itself, and goes on after the last event that it gave.

/**
 * @typedef {object} Hearing
 * @property {(name: string, data: object, seq: number | null) => void} news
 * @property {(isUp: boolean) => void} state
 * @property {() => void} signedOut
 */

const NAMES = ["message", "changed", "read", "channel", "members", "typing", "notice", "file", "gone", "reset", "signed-out"];
const RETRY_FIRST = 1000;
const RETRY_MOST = 30_000;

export class Stream {
  /** @type {EventSource | null} */
  #source = null;
  #retryIn = RETRY_FIRST;
  #retryTimer = 0;
  /** Whether events come in. */
  isUp = false;
  /** The number of the newest event. */
  heard = 0;

  /** @param {string} person whose it must be @param {Hearing} hearing */
  constructor(person, hearing) {
    this.person = person;
    this.hearing = hearing;
  }

  /** Opens it, or opens it anew. @param {number} after the event after which it begins */
  open(after = this.heard) {
    this.#shut();
    this.heard = after;
    const source = new EventSource(`/live?${new URLSearchParams({ after: String(after), person: this.person })}`);
    this.#source = source;
    source.onopen = () => {
      this.#retryIn = RETRY_FIRST;
      this.#tellState(true);
    };
    source.onerror = () => {
      this.#tellState(false);
      // Where it was refused, the browser does not try again.
      if (source.readyState === EventSource.CLOSED) this.#retry();
    };
    for (const name of NAMES) {
      source.addEventListener(name, (event) => {
        if (source !== this.#source || !(event instanceof MessageEvent)) return;
        const seq = event.lastEventId ? Number(event.lastEventId) : null;
        // An event without a number carries that of the one before it.
        const isNew = seq !== null && seq > this.heard;
        if (isNew) this.heard = seq;
        this.hearing.news(name, JSON.parse(event.data), isNew ? seq : null);
      });
    }
  }

  close() {
    this.isUp = false;
    this.#shut();
  }

  #shut() {
    clearTimeout(this.#retryTimer);
    if (this.#source) this.#source.onerror = null;
    this.#source?.close();
    this.#source = null;
  }

  /** @param {boolean} isUp */
  #tellState(isUp) {
    this.isUp = isUp;
    this.hearing.state(isUp);
  }

  #retry() {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = window.setTimeout(async () => {
      const answer = await fetch("/messages/counts", { headers: { accept: "application/json" } }).catch(() => null);
      if (answer?.status === 401) this.hearing.signedOut();
      else if (this.#source) this.open();
    }, this.#retryIn);
    this.#retryIn = Math.min(this.#retryIn * 2, RETRY_MOST);
  }
}
