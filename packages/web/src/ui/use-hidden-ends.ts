import { type RefObject, useEffect, useState } from 'react';

/** Whether anything of a row that scrolls sideways is out of sight at either end. `parts`: how many there are in it. */
export function useHiddenEnds(
  scrolled: RefObject<HTMLElement | null>,
  parts: number,
): { readonly before: boolean; readonly after: boolean } {
  const [hidden, setHidden] = useState({ before: false, after: false });
  // biome-ignore lint/correctness/useExhaustiveDependencies: other parts are another width
  useEffect(() => {
    const row = scrolled.current;
    if (row === null) return;
    const look = () => {
      const left = row.scrollWidth - row.clientWidth - row.scrollLeft;
      const now = { before: row.scrollLeft > 1, after: left > 1 };
      setHidden((was) => (was.before === now.before && was.after === now.after ? was : now));
    };
    const observer = new ResizeObserver(look);
    observer.observe(row);
    row.addEventListener('scroll', look, { passive: true });
    return () => {
      observer.disconnect();
      row.removeEventListener('scroll', look);
    };
  }, [scrolled, parts]);
  return hidden;
}
