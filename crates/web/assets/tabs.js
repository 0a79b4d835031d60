// One event stream for all tabs of a browser: whichever holds the lock has it and hands on what it hears; when that tab
// closes, the next one takes over after the last event it heard. Each tab knows what it has heard, takes nothing twice,
// and says where it stands, so that nothing is lost between. A browser without locks has a stream a tab.

import { Stream } from "./stream.js";

/**
 * @typedef {{kind: "news", name: string, data: object, seq: number | null}
 *   | {kind: "state", isUp: boolean}
 *   | {kind: "leading"}
 *   | {kind: "hello", tab: string, seq: number}
 *   | {kind: "welcome", tab: string, isUp: boolean, isFar: boolean}
 *   | {kind: "doubt"}} Word
 */

/** A leader that says nothing for so long is asleep, in milliseconds. */
const ANSWER_WITHIN = 3000;
/** How often a tab that is looked at makes sure that its leader lives, in milliseconds. */
const ASK_EVERY = 20_000;
/** A stream that was silent for so long may be dead without knowing, in milliseconds. */
const DOUBTED_AFTER = 20_000;
/** A tab so many events behind loads anew rather than being told them all. */
const FAR = 500;

export class Tabs {
  #tab = Math.random().toString(36).slice(2);
  /** @type {BroadcastChannel | null} */
  #others = null;
  /** @type {AbortController | null} */
  #waiting = null;
  /** @type {(() => void) | null} */
  #release = null;
  #isLeading = false;
  #askTimer = 0;
  #answerTimer = 0;
  #heardAt = 0;

  /**
   * @param {string} person whose tabs
   * @param {number} seq the newest event that the page holds
   * @param {import("./stream.js").Hearing} hearing
   */
  constructor(person, seq, hearing) {
    this.name = `live:${person}`;
    this.seq = seq;
    this.hearing = hearing;
    this.stream = new Stream(person, {
      news: (name, data, number) => {
        this.#heardAt = Date.now();
        this.#say({ kind: "news", name, data, seq: number });
        this.#take(name, data, number);
      },
      state: (isUp) => {
        this.#heardAt = Date.now();
        this.#say({ kind: "state", isUp });
        hearing.state(isUp);
      },
      signedOut: () => {
        this.#say({ kind: "news", name: "signed-out", data: {}, seq: null });
        hearing.signedOut();
      },
    });
  }

  /** Listens with the others, or for them. */
  join() {
    this.leave();
    if (!navigator.locks || !("BroadcastChannel" in window)) {
      this.#lead();
      return;
    }
    this.#others = new BroadcastChannel(this.name);
    this.#others.onmessage = ({ data }) => this.#hear(data);
    this.#queue();
    this.#ask();
    this.#askTimer = window.setInterval(() => {
      if (document.visibilityState === "visible") this.#ask();
    }, ASK_EVERY);
  }

  /** Lets another tab take over. */
  leave() {
    clearInterval(this.#askTimer);
    clearTimeout(this.#answerTimer);
    this.#others?.close();
    this.#others = null;
    this.#waiting?.abort();
    this.#follow();
  }

  /** There is a connection again. */
  renew() {
    if (this.#isLeading) this.stream.open();
    else this.#ask();
  }

  /** The connection may be dead: has the stream opened anew where it has been silent. */
  doubt() {
    this.#ask();
    this.#say({ kind: "doubt" });
    this.#look();
  }

  /** Waits for its turn to lead, or takes it. @param {boolean} [steal] */
  #queue(steal = false) {
    this.#waiting?.abort();
    const waiting = new AbortController();
    this.#waiting = waiting;
    const held = () => {
      this.#lead();
      return new Promise((/** @type {(value: void) => void} */ resolve) => (this.#release = resolve));
    };
    const wish = steal ? { steal } : { signal: waiting.signal };
    navigator.locks.request(this.name, wish, held).catch(() => {
      // Given up by this tab itself, or taken away by another: then it waits again.
      if (waiting.signal.aborted) return;
      this.#follow();
      this.#queue();
    });
  }

  #lead() {
    clearTimeout(this.#answerTimer);
    this.#isLeading = true;
    this.stream.open(this.seq);
    this.#say({ kind: "leading" });
  }

  #follow() {
    this.#isLeading = false;
    this.stream.close();
    this.#release?.();
    this.#release = null;
  }

  /** Says where this tab stands; a leader that does not answer is replaced. */
  #ask() {
    if (this.#isLeading || !this.#others) return;
    this.#say({ kind: "hello", tab: this.#tab, seq: this.seq });
    clearTimeout(this.#answerTimer);
    this.#answerTimer = window.setTimeout(() => {
      if (!this.#isLeading && document.visibilityState === "visible") this.#queue(true);
    }, ANSWER_WITHIN);
  }

  #look() {
    if (this.#isLeading && Date.now() - this.#heardAt > DOUBTED_AFTER) this.stream.open();
  }

  /** @param {Word} word */
  #say(word) {
    this.#others?.postMessage(word);
  }

  /** @param {Word} word */
  #hear(word) {
    if (word.kind === "news") this.#take(word.name, word.data, word.seq);
    else if (word.kind === "state") this.hearing.state(word.isUp);
    else if (word.kind === "leading") this.#ask();
    else if (word.kind === "doubt") this.#look();
    else if (word.kind === "hello") this.#welcome(word.tab, word.seq);
    else if (word.tab === this.#tab) {
      clearTimeout(this.#answerTimer);
      this.hearing.state(word.isUp);
      if (word.isFar) this.#take("reset", {}, null);
    }
  }

  /** A tab that has heard less than this one is told the rest. @param {string} tab @param {number} seq */
  #welcome(tab, seq) {
    if (!this.#isLeading) return;
    const { heard, isUp } = this.stream;
    const isFar = heard - seq > FAR;
    this.#say({ kind: "welcome", tab, isUp, isFar });
    if (seq < heard && !isFar) this.stream.open(seq);
  }

  /** @param {string} name @param {object} data @param {number | null} seq */
  #take(name, data, seq) {
    if (seq !== null) {
      if (seq <= this.seq) return;
      this.seq = seq;
    }
    this.hearing.news(name, data, seq);
  }
}
