import { useEffect, useState } from 'react';

/** What is typed, at once; `onSettled` hears of it after a pause. `value`: what counts now, which follows others too. */
export function useSettledText(
  value: string,
  onSettled: (text: string) => void,
  pauseMs: number,
): readonly [text: string, setText: (text: string) => void] {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => onSettled(text), pauseMs);
    return () => clearTimeout(timer);
  }, [text, value, onSettled, pauseMs]);
  return [text, setText];
}
