import type { Reason } from './reasons.ts';

/**
 * What a stage says of a flow. The pipeline starts at deny, and only an explicit `pass` of every stage lets bytes
 * through. A verdict is a value; it is never thrown.
 */
export type Verdict =
  | { readonly effect: 'pass'; readonly reason: Reason }
  /** The caller can do something about it at once: sign in, send credentials. */
  | { readonly effect: 'challenge'; readonly reason: Reason }
  | { readonly effect: 'deny'; readonly reason: Reason };

export type VerdictEffect = Verdict['effect'];

export const DENY_BY_DEFAULT: Verdict = Object.freeze({ effect: 'deny', reason: 'access.no_rule' });

export function pass(reason: Reason): Verdict {
  return { effect: 'pass', reason };
}
export function challenge(reason: Reason): Verdict {
  return { effect: 'challenge', reason };
}
export function deny(reason: Reason): Verdict {
  return { effect: 'deny', reason };
}
