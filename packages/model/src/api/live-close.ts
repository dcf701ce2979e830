// Apart from the schemas, which a page that only listens does not load.

/**
 * Live updates of the console: a WebSocket at `/ws`, JSON in text messages. The client says what it wants (`subscribe`, first
 * and whenever that changes), the console greets (`hello`) and then tells what happened. Each message has the `seq` that it
 * leads up to: who reconnects with `since` gets what came meanwhile, or a `resync` where that is no longer known.
 */
export const LIVE_PATH = '/ws';

/** Why the console closes. With the others (1000, 1001, 1006) clients connect again. */
export const LIVE_CLOSE = {
  /** The session ended, or the credential counts no more: sign in again. */
  unauthenticated: 4401,
  /** No valid `subscribe`, or one that the caller may not send. */
  invalid: 4400,
  /** It was not read for too long: connect again. */
  slow: 4408,
  /** The caller may do something else than before: load everything anew and connect again. */
  roleChanged: 4409,
} as const;
