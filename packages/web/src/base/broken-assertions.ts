/**
 * Assertions of policies that a change just broke, or that were broken before it: told by the frame (`app/broken-bar.tsx`) until somebody has
 * read it, as the dialog that made the change is gone by then. The newest counts.
 */
import type { BrokenAssertions } from '@zeronaut/model';
import { useSyncExternalStore } from 'react';

let current: BrokenAssertions | null = null;
const listeners = new Set<() => void>();

/** Null: it was read. */
export function tellBroken(broken: BrokenAssertions | null): void {
  current = broken;
  for (const listener of listeners) listener();
}

export function useBroken(): BrokenAssertions | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}
