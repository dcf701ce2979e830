import { useSyncExternalStore } from 'react';

/** A choice that this browser keeps, such as the theme. What was kept and is no choice any more is the first one. */
export function storedChoice<const T extends string>(key: string, choices: readonly [T, ...T[]]) {
  const listeners = new Set<() => void>();
  const read = (): T => choices.find((one) => one === localStorage.getItem(key)) ?? choices[0];
  return {
    get: read,
    set(value: T): void {
      localStorage.setItem(key, value);
      for (const listener of listeners) listener();
    },
    use: (): T =>
      useSyncExternalStore((listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      }, read),
  };
}
