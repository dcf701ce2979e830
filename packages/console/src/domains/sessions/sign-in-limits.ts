import type { Precedence } from '../users/password.ts';
import { RateLimit, rateLimitKey } from './rate-limit.ts';

/**
 * How often somebody may guess. Three nets: per (account, address), per address, and per account for addresses from
 * which that user never signed in. So nobody can lock a user out of an address that the user works from: guesses from
 * elsewhere drain only the nets of elsewhere. Only failures count.
 */
export interface SignInLimits {
  /** Whether the try may be looked at, and before whose. */
  take(email: string, address: string, nowMs: number, isKnownAddress: () => Promise<boolean>): Promise<SignInTry>;
  succeeded(email: string, address: string): void;
  /** Whether a refused attempt is worth an audit entry: one a minute for each account, or guessing would fill the log. */
  isNews(email: string, nowMs: number): boolean;
}

export interface SignInTry {
  /** 0: go on. Else the wait in ms. */
  readonly waitMs: number;
  readonly precedence: Precedence;
}

/** How long an address from which a failure came is a suspect (ms). */
const SUSPECT_MS = 600_000;

export function createSignInLimits(): SignInLimits {
  const perPair = new RateLimit({ burst: 5, intervalMs: 12_000 });
  const perAddress = new RateLimit({ burst: 30, intervalMs: 2_000 });
  const perAccount = new RateLimit({ burst: 50, intervalMs: 30_000 });
  const suspects = new RateLimit({ burst: 1, intervalMs: SUSPECT_MS });
  const news = new RateLimit({ burst: 1, intervalMs: 60_000 });
  return {
    isNews: (email, nowMs) => news.take(email, nowMs) === 0,
    async take(email, address, nowMs, isKnownAddress) {
      const place = rateLimitKey(address);
      const precedence = suspects.take(place, nowMs) > 0 ? 'suspect' : 'first';
      const waitMs = perAddress.take(place, nowMs) || perPair.take(`${email} ${place}`, nowMs);
      if (waitMs > 0) return { waitMs, precedence };
      const waitAccount = perAccount.take(email, nowMs);
      if (await isKnownAddress()) return { waitMs: 0, precedence: 'known' };
      return { waitMs: waitAccount, precedence };
    },
    succeeded(email, address) {
      const place = rateLimitKey(address);
      suspects.giveBack(place);
      perAddress.giveBack(place);
      perPair.giveBack(`${email} ${place}`);
      perAccount.giveBack(email);
    },
  };
}
