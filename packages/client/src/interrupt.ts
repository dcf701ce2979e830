/** Ctrl-C may come twice from one press: from the terminal, and passed on by who started us (npm). */
const IMPATIENT_AFTER_MS = 500;

/**
 * The first SIGINT, SIGTERM or SIGHUP (a terminal that went away) asks for an orderly end; a later SIGINT ends at once.
 * `hangup: false` leaves SIGHUP to the caller (services reload on it).
 */
export function onInterrupt(options: { hangup?: boolean } = {}): { readonly signal: AbortSignal; dispose(): void } {
  const controller = new AbortController();
  let askedAt = 0;
  const stop = (name: NodeJS.Signals) => {
    if (!controller.signal.aborted) {
      askedAt = performance.now();
      controller.abort();
    } else if (name === 'SIGINT' && performance.now() - askedAt > IMPATIENT_AFTER_MS) {
      process.exit(130);
    }
  };
  const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', ...((options.hangup ?? true) ? (['SIGHUP'] as const) : [])];
  for (const signal of signals) process.on(signal, stop);
  return {
    signal: controller.signal,
    dispose() {
      for (const signal of signals) process.off(signal, stop);
    },
  };
}

/** Resolves when `signal` aborts; at once if it has. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
