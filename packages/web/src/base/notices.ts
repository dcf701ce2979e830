/**
 * What was just done, told once at the foot of the page, with the way back where the API has one. One at a time: the newest counts. The frame
 * shows it (`app/notice-bar.tsx`), so it outlives the dialog and the page that told it.
 */
import { useSyncExternalStore } from 'react';

export interface Notice {
  readonly text: string;
  /** Calls the API that reverses it; rejects with the refusal, which is then shown. */
  readonly undo: (() => Promise<unknown>) | null;
  readonly state: 'told' | 'undoing' | 'undone' | 'failed';
  /** Of `failed`. */
  readonly error: unknown;
}

let current: Notice | null = null;
const listeners = new Set<() => void>();

function set(next: Notice | null): void {
  current = next;
  for (const listener of listeners) listener();
}

export function tell(text: string, undo: (() => Promise<unknown>) | null = null): void {
  set({ text, undo, state: 'told', error: null });
}

export function dismissNotice(): void {
  set(null);
}

/** Takes back what was told last, once. False: there is nothing to take back. */
export function undoLast(): boolean {
  const notice = current;
  if (notice === null || notice.undo === null || notice.state !== 'told') return false;
  const undoing: Notice = { ...notice, state: 'undoing' };
  set(undoing);
  // Something else may be told meanwhile, which then stays.
  const after = (next: Notice) => {
    if (current === undoing) set(next);
  };
  void notice.undo().then(
    () => after({ ...notice, state: 'undone' }),
    (error: unknown) => after({ ...notice, state: 'failed', error }),
  );
  return true;
}

export function useNotice(): Notice | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}
