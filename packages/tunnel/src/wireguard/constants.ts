/** The protocol's constants (paper, section 6.1). Times in milliseconds. */

export const REKEY_AFTER_TIME = 120_000;
export const REJECT_AFTER_TIME = 180_000;
export const REKEY_ATTEMPT_TIME = 90_000;
export const REKEY_TIMEOUT = 5_000;
export const KEEPALIVE_TIMEOUT = 10_000;
/** Cookies and the secret they come from. */
export const COOKIE_REFRESH_TIME = 120_000;

export const REKEY_AFTER_MESSAGES = 2 ** 60;
/** The paper says 2^64 - 2^13 - 1; a counter here is exact up to 2^53, which is never reached: REKEY_AFTER_TIME comes first. */
export const REJECT_AFTER_MESSAGES = 2 ** 53 - 1;

/** At most this is added to REKEY_TIMEOUT, at random, so that two peers who start together do not go on colliding. */
export const REKEY_JITTER = 333;

/** When nothing of a peer's sessions is kept any more. */
export const WIPE_AFTER_TIME = 3 * REJECT_AFTER_TIME;

/** How soon after one initiation of a peer the next is looked at (as in wireguard-go and Linux: 50 a second). */
export const INITIATION_INTERVAL = 20;

/** Peers of one interface; each has a slot below this (as in wireguard-go and Linux). */
export const MAX_PEERS = 65_536;
