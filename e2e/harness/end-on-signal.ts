import { constants } from 'node:os';

/**
 * The programs that tests and benchmarks start are ended when this process exits. Without this a signal (Ctrl-C, a
 * timeout of CI) would end it without that, and leave gateways and servers behind.
 */
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // Not once: a second copy of the signal, sent to the whole group, must not cut the cleaning up short.
  process.on(signal, () => process.exit(128 + constants.signals[signal]));
}
