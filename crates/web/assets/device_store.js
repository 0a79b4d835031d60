// Data that is only on this device (IndexedDB) because the server does not have it yet. Each person has a database of their
// own, so that nobody else who signs in on this device can see or send it.

/** @typedef {"outbox" | "drafts" | "attachments" | "bytes"} StoreName */
/** @typedef {{part: StoreName, key: string, value?: unknown}} Change Without a value the key is deleted. */

/** @type {StoreName[]} */
const PARTS = ["outbox", "drafts", "attachments", "bytes"];
/** Must be increased when stores are added. */
const VERSION = 2;

const name = `portal:${document.body.dataset.me ?? ""}`;
/** Fallback in memory for what the browser would not store. @type {Record<StoreName, Map<string, unknown>>} */
const memory = { outbox: new Map(), drafts: new Map(), attachments: new Map(), bytes: new Map() };

/** @type {Promise<IDBDatabase | null>} */
const opening = new Promise((resolve) => {
  try {
    const request = indexedDB.open(name, VERSION);
    request.onupgradeneeded = () => {
      const there = request.result.objectStoreNames;
      for (const part of PARTS) if (!there.contains(part)) request.result.createObjectStore(part);
    };
    request.onerror = () => resolve(null);
    request.onsuccess = () => {
      const database = request.result;
      // A newer version of the page wants to upgrade the database.
      database.onversionchange = () => database.close();
      resolve(database);
    };
  } catch {
    resolve(null);
  }
});

/** @param {IDBTransaction} transaction */
const done = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });

/** Applies all changes or none. Resolves when they are durable. @param {Change[]} changes */
export async function change(changes) {
  const database = await opening;
  try {
    if (!database) throw new Error("nothing is kept here");
    const transaction = database.transaction([...new Set(changes.map(({ part }) => part))], "readwrite");
    for (const { part, key, value } of changes) {
      const store = transaction.objectStore(part);
      if (value === undefined) store.delete(key);
      else store.put(value, key);
      memory[part].delete(key);
    }
    // Commits at once: a transaction that is still open is lost when the page is closed.
    transaction.commit();
    await done(transaction);
  } catch {
    // Storage is refused, full or closed: keep the data for as long as the page lives.
    for (const { part, key, value } of changes) {
      if (value === undefined) memory[part].delete(key);
      else memory[part].set(key, value);
    }
  }
}

/** All entries of a store, in key order. @param {StoreName} part @returns {Promise<Map<string, any>>} */
export async function all(part) {
  /** @type {Map<string, unknown>} */
  let stored = new Map();
  try {
    const transaction = (await opening)?.transaction(part);
    if (transaction) {
      const store = transaction.objectStore(part);
      const [keys, values] = [store.getAllKeys(), store.getAll()];
      await done(transaction);
      stored = new Map(keys.result.map((key, index) => [String(key), values.result[index]]));
    }
  } catch {
    // The database was closed.
  }
  return new Map([...stored, ...memory[part]].sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** The value of a key. @param {StoreName} part @param {string} key @returns {Promise<any>} */
export async function one(part, key) {
  if (memory[part].has(key)) return memory[part].get(key);
  try {
    const transaction = (await opening)?.transaction(part);
    if (!transaction) return undefined;
    const found = transaction.objectStore(part).get(key);
    await done(transaction);
    return found.result;
  } catch {
    return undefined;
  }
}
