const STEPS = 24;

/** How many of them were in each of the steps between two times. */
export function courseOf(
  events: readonly { readonly at: string }[],
  fromMs: number,
  toMs: number,
): { readonly times: readonly string[]; readonly counts: readonly number[] } {
  const stepMs = Math.max((toMs - fromMs) / STEPS, 1);
  const counts = Array.from({ length: STEPS }, () => 0);
  for (const { at } of events) {
    const step = Math.floor((Date.parse(at) - fromMs) / stepMs);
    if (step >= 0 && step < STEPS) counts[step]!++;
  }
  return { times: counts.map((_, step) => new Date(fromMs + step * stepMs).toISOString()), counts };
}
