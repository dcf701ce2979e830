/** On which side of our process the world failed. */
export type FaultSide = 'downstream' | 'upstream' | 'local';

/** Whether trying again can help: never, only on a connection that was not reused, or at once. */
export type FaultRetry = 'never' | 'on_fresh_connection' | 'yes';

/**
 * The world failed (a refused dial, a reset, a full disk). Status, retry and log level follow from its facts,
 * never from the place that caught it. An expected "no" is a Verdict instead; a bug is an assertion.
 */
export class Fault extends Error {
  override readonly name = 'Fault';
  /** Stable, dotted: `upstream.dial_refused`. The same string in log, metric and answer. */
  readonly code: string;
  readonly side: FaultSide;
  readonly retry: FaultRetry;

  constructor(code: string, options: { side: FaultSide; retry?: FaultRetry; message?: string; cause?: unknown }) {
    super(options.message ?? code, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.side = options.side;
    this.retry = options.retry ?? 'never';
  }
}
