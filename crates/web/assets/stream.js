// The event stream from the server. Reconnects automatically and resumes after the last event.

/**
 * @typedef {object} StreamHandlers
 * @property {(name: string, data: object, seq: number | null) => void} event
 * @property {(isUp: boolean) => void} state
 * @property {() => void} signedOut
 */

const EVENT_NAMES = [
  "message",
  "changed",
  "read",
  "channel",
  "members",
  "typing",
  "notice",
  "file",
  "gone",
  "reset",
  "signed-out",
];
const RETRY_FIRST = 1000;
const RETRY_MAX = 30_000;

export class Stream {
  /** @type {EventSource | null} */
  #source = null;
  #retryIn = RETRY_FIRST;
  #retryTimer = 0;
  /** Whether the stream is connected. */
  isUp = false;
  /** The sequence number of the newest event. */
  lastSeq = 0;

  /** @param {string} person who must be signed in @param {StreamHandlers} handlers */
  constructor(person, handlers) {
    this.person = person;
    this.handlers = handlers;
  }

  /** Opens or reopens the stream. @param {number} after number of the event to resume after */
  open(after = this.lastSeq) {
    this.#closeSource();
    this.lastSeq = after;
    const source = new EventSource(
      `/live?${new URLSearchParams({ after: String(after), person: this.person })}`,
    );
    this.#source = source;
    source.onopen = () => {
      this.#retryIn = RETRY_FIRST;
      this.#setUp(true);
    };
    source.onerror = () => {
      this.#setUp(false);
      // The browser does not reconnect after a refusal.
      if (source.readyState === EventSource.CLOSED) this.#retry();
    };
    for (const name of EVENT_NAMES) {
      source.addEventListener(name, (event) => {
        if (source !== this.#source || !(event instanceof MessageEvent)) return;
        const seq = event.lastEventId ? Number(event.lastEventId) : null;
        // An event without a number carries the id of the one before it.
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
      const response = await fetch("/messages/counts", { headers: { accept: "application/json" } }).catch(
        () => null,
      );
      if (response?.status === 401) this.handlers.signedOut();
      else if (this.#source) this.open();
    }, this.#retryIn);
    this.#retryIn = Math.min(this.#retryIn * 2, RETRY_MAX);
  }
}
