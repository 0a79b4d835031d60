// The event stream from the server: comes back by itself, and goes on after the last event that it gave.

/**
 * @typedef {object} StreamHandlers
 * @property {(name: string, data: object, seq: number | null) => void} event
 * @property {(isUp: boolean) => void} state
 * @property {() => void} signedOut
 */

const EVENT_NAMES = ["message", "changed", "read", "channel", "members", "typing", "notice", "file", "gone", "reset", "signed-out"];
const RETRY_FIRST = 1000;
const RETRY_MAX = 30_000;

export class Stream {
  /** @type {EventSource | null} */
  #source = null;
  #retryIn = RETRY_FIRST;
  #retryTimer = 0;
  /** Whether events come in. */
  isUp = false;
  /** The number of the newest event. */
  lastSeq = 0;

  /** @param {string} person whose it must be @param {StreamHandlers} handlers */
  constructor(person, handlers) {
    this.person = person;
    this.handlers = handlers;
  }

  /** Opens it, or opens it anew. @param {number} after the event after which it begins */
  open(after = this.lastSeq) {
    this.#closeSource();
    this.lastSeq = after;
    const source = new EventSource(`/live?${new URLSearchParams({ after: String(after), person: this.person })}`);
    this.#source = source;
    source.onopen = () => {
      this.#retryIn = RETRY_FIRST;
      this.#setUp(true);
    };
    source.onerror = () => {
      this.#setUp(false);
      // Where it was refused, the browser does not try again.
      if (source.readyState === EventSource.CLOSED) this.#retry();
    };
    for (const name of EVENT_NAMES) {
      source.addEventListener(name, (event) => {
        if (source !== this.#source || !(event instanceof MessageEvent)) return;
        const seq = event.lastEventId ? Number(event.lastEventId) : null;
        // An event without a number carries that of the one before it.
        const isNew = seq !== null && seq > this.lastSeq;
        if (isNew) this.lastSeq = seq;
        this.handlers.event(name, JSON.parse(event.data), isNew ? seq : null);
      });
    }
  }

  close() {
    this.isUp = false;
    this.#closeSource();
  }

  #closeSource() {
    clearTimeout(this.#retryTimer);
    if (this.#source) this.#source.onerror = null;
    this.#source?.close();
    this.#source = null;
  }

  /** @param {boolean} isUp */
  #setUp(isUp) {
    this.isUp = isUp;
    this.handlers.state(isUp);
  }

  #retry() {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = window.setTimeout(async () => {
      const response = await fetch("/messages/counts", { headers: { accept: "application/json" } }).catch(() => null);
      if (response?.status === 401) this.handlers.signedOut();
      else if (this.#source) this.open();
    }, this.#retryIn);
    this.#retryIn = Math.min(this.#retryIn * 2, RETRY_MAX);
  }
}
