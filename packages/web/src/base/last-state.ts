/**
 * What the pages showed last, kept by the browser for a start while the console is away. One state of one user: it is gone with the
 * sign-out, with the end of the session, and when somebody else signs in. Lists of people, policies and logs are not in it.
 */
import { type DehydratedState, dehydrate, hydrate, type QueryClient } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { forget, read, write } from './last-state-store.ts';

/** Routes whose answers are kept. */
const KEPT = /^(?:me\.get|overview\.|gateways\.|resources\.|services\.)/;
/** Of the whole state (characters). */
const MAX_STATE = 4_000_000;
const SAVE_AFTER_MS = 2_000;

interface LastState {
  readonly at: string;
  readonly userId: string;
  readonly queries: DehydratedState;
}

let restoredAt: string | null = null;
const listeners = new Set<() => void>();

function setRestoredAt(at: string | null): void {
  if (restoredAt === at) return;
  restoredAt = at;
  for (const listener of listeners) listener();
}

/** When what is shown was seen last, if it is a kept state; null: it comes from the console. */
export function useRestoredAt(): string | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => restoredAt,
  );
}

export function leaveRestored(): void {
  setRestoredAt(null);
}

/** Puts the kept state into the cache. False: there is none. */
export async function restoreLastState(client: QueryClient): Promise<boolean> {
  const text = await read();
  if (text === null) return false;
  const { at, queries } = JSON.parse(text) as LastState;
  setRestoredAt(at);
  hydrate(client, queries);
  return true;
}

/** Keeps what the cache has for as long as this user is signed in. Returns what ends it. */
export function keepLastState(client: QueryClient, userId: string): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const save = (): void => {
    timer = undefined;
    // What was restored is not seen anew.
    if (restoredAt !== null) return;
    const queries = dehydrate(client, {
      shouldDehydrateMutation: () => false,
      shouldDehydrateQuery: ({ queryKey, state }) => state.status === 'success' && KEPT.test(String(queryKey[0])),
    });
    const state: LastState = { at: new Date().toISOString(), userId, queries };
    const text = JSON.stringify(state);
    void (text.length > MAX_STATE ? forget() : write(text));
  };
  const unsubscribe = client.getQueryCache().subscribe(({ type }) => {
    if (type === 'updated') timer ??= setTimeout(save, SAVE_AFTER_MS);
  });
  timer = setTimeout(save, SAVE_AFTER_MS);
  return () => {
    unsubscribe();
    clearTimeout(timer);
  };
}

/** Nothing of another user stays here. */
export async function forgetOthers(userId: string): Promise<void> {
  const text = await read();
  if (text !== null && (JSON.parse(text) as LastState).userId !== userId) await forget();
}

export const forgetLastState = forget;
