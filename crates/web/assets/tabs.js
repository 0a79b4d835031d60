// One event stream for all tabs of a browser. The tab with the lock (the leader) has the stream and passes events on. When it
// closes, the next tab takes over after the last event it received. Each tab tracks its own sequence number, ignores
// duplicates and reports its position, so that nothing is lost. Browsers without locks have one stream per tab.

import { Stream } from "./stream.js";

/**
 * @typedef {{kind: "news", name: string, data: object, seq: number | null}
 *   | {kind: "state", isUp: boolean}
 *   | {kind: "leading"}
 *   | {kind: "hello", tab: string, seq: number}
 *   | {kind: "welcome", tab: string, isUp: boolean, isFar: boolean}
 *   | {kind: "doubt"}} TabMessage
 */

/** A leader must answer within this time or is considered asleep, in milliseconds. */
const ANSWER_WITHIN = 3000;
/** How often a visible tab checks that the leader is alive, in milliseconds. */
const GREET_EVERY = 20_000;
/** A stream that was silent for this long may be dead, in milliseconds. */
const STALE_AFTER = 20_000;
/** A tab that is this many events behind reloads instead of receiving them all. */
const FAR = 500;

export class Tabs {
  #tab = Math.random().toString(36).slice(2);
  /** @type {BroadcastChannel | null} */
  #channel = null;
  /** @type {AbortController | null} */
  #lockRequest = null;
  /** @type {(() => void) | null} */
  #release = null;
  #isLeading = false;
  #greetTimer = 0;
  #answerTimer = 0;
  #lastEventAt = 0;

  /**
   * @param {string} person who is signed in
   * @param {number} seq number of the newest event that the page contains
   * @param {import("./stream.js").StreamHandlers} handlers
   */
  constructor(person, seq, handlers) {
    this.name = `live:${person}`;
    this.seq = seq;
    this.handlers = handlers;
    this.stream = new Stream(person, {
      event: (name, data, number) => {
        this.#lastEventAt = Date.now();
        this.#post({ kind: "news", name, data, seq: number });
        this.#deliver(name, data, number);
      },
      state: (isUp) => {
        this.#lastEventAt = Date.now();
        this.#post({ kind: "state", isUp });
        handlers.state(isUp);
      },
      signedOut: () => {
        this.#post({ kind: "news", name: "signed-out", data: {}, seq: null });
        handlers.signedOut();
      },
    });
  }

  /** Joins the other tabs, as leader or follower. */
  join() {
    this.leave();
    if (!navigator.locks || !("BroadcastChannel" in window)) {
      this.#lead();
      return;
    }
    this.#channel = new BroadcastChannel(this.name);
    this.#channel.onmessage = ({ data }) => this.#receive(data);
    this.#queue();
    this.#greet();
    this.#greetTimer = window.setInterval(() => {
      if (document.visibilityState === "visible") this.#greet();
    }, GREET_EVERY);
  }

  /** Leaves, so that another tab can take over. */
  leave() {
    clearInterval(this.#greetTimer);
    clearTimeout(this.#answerTimer);
    this.#channel?.close();
    this.#channel = null;
    this.#lockRequest?.abort();
    this.#follow();
  }

  /** The connection is back. */
  renew() {
    if (this.#isLeading) this.stream.open();
    else this.#greet();
  }

  /** The connection may be dead: reopens the stream if it has been silent. */
  checkConnection() {
    this.#greet();
    this.#post({ kind: "doubt" });
    this.#reopenIfStale();
  }

  /** Waits for the lock, or steals it. @param {boolean} [steal] */
  #queue(steal = false) {
    this.#lockRequest?.abort();
    const waiting = new AbortController();
    this.#lockRequest = waiting;
    const onLock = () => {
      this.#lead();
      return new Promise((/** @type {(value: void) => void} */ resolve) => (this.#release = resolve));
    };
    const options = steal ? { steal } : { signal: waiting.signal };
    navigator.locks.request(this.name, options, onLock).catch(() => {
      // Rejected because this tab gave up, or because another tab stole the lock: then wait again.
      if (waiting.signal.aborted) return;
      this.#follow();
      this.#queue();
    });
  }

  #lead() {
    clearTimeout(this.#answerTimer);
    this.#isLeading = true;
    this.stream.open(this.seq);
    this.#post({ kind: "leading" });
  }

  #follow() {
    this.#isLeading = false;
    this.stream.close();
    this.#release?.();
    this.#release = null;
  }

  /** Reports this tab's position. A leader that does not answer is replaced. */
  #greet() {
    if (this.#isLeading || !this.#channel) return;
    this.#post({ kind: "hello", tab: this.#tab, seq: this.seq });
    clearTimeout(this.#answerTimer);
    this.#answerTimer = window.setTimeout(() => {
      if (!this.#isLeading && document.visibilityState === "visible") this.#queue(true);
    }, ANSWER_WITHIN);
  }

  #reopenIfStale() {
    if (this.#isLeading && Date.now() - this.#lastEventAt > STALE_AFTER) this.stream.open();
  }

  /** @param {TabMessage} message */
  #post(message) {
    this.#channel?.postMessage(message);
  }

  /** @param {TabMessage} message */
  #receive(message) {
    if (message.kind === "news") this.#deliver(message.name, message.data, message.seq);
    else if (message.kind === "state") this.handlers.state(message.isUp);
    else if (message.kind === "leading") this.#greet();
    else if (message.kind === "doubt") this.#reopenIfStale();
    else if (message.kind === "hello") this.#welcome(message.tab, message.seq);
    else if (message.tab === this.#tab) {
      clearTimeout(this.#answerTimer);
      this.handlers.state(message.isUp);
      if (message.isFar) this.#deliver("reset", {}, null);
    }
  }

  /** Sends a tab that is behind the events it missed. @param {string} tab @param {number} seq */
  #welcome(tab, seq) {
    if (!this.#isLeading) return;
    const { lastSeq, isUp } = this.stream;
    const isFar = lastSeq - seq > FAR;
    this.#post({ kind: "welcome", tab, isUp, isFar });
    if (seq < lastSeq && !isFar) this.stream.open(seq);
  }

  /** @param {string} name @param {object} data @param {number | null} seq */
  #deliver(name, data, seq) {
    if (seq !== null) {
      if (seq <= this.seq) return;
      this.seq = seq;
    }
    this.handlers.event(name, data, seq);
  }
}
