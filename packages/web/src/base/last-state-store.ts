/** One text in IndexedDB. A browser that keeps nothing (private window, full disk) is one without a last state. */
const DATABASE = 'zeronaut';
const STORE = 'last-state';
const KEY = 'state';

export function read(): Promise<string | null> {
  return run<string | undefined>('readonly', (store) => store.get(KEY)).then((text) => text ?? null);
}

export async function write(text: string): Promise<void> {
  await run('readwrite', (store) => store.put(text, KEY));
}

export async function forget(): Promise<void> {
  await run('readwrite', (store) => store.delete(KEY));
}

/** Resolves with undefined where nothing can be kept. */
function run<T>(mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest): Promise<T | undefined> {
  return new Promise((resolve) => {
    const nothing = () => resolve(undefined);
    let opening: IDBOpenDBRequest;
    try {
      opening = indexedDB.open(DATABASE, 1);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      return nothing();
    }
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onerror = nothing;
    opening.onblocked = nothing;
    opening.onsuccess = () => {
      const database = opening.result;
      const transaction = database.transaction(STORE, mode);
      const request = ask(transaction.objectStore(STORE));
      transaction.oncomplete = () => {
        database.close();
        resolve(request.result as T);
      };
      transaction.onabort = () => {
        database.close();
        nothing();
      };
    };
  });
}
