import { RateLimit, rateLimitKey } from './rate-limit.ts';

/**
 * How often somebody may guess. Three nets: per (account, address), per address, and per account for addresses from
 * which that user never signed in. So nobody can lock a user out of an address that the user works from: guesses from
 * elsewhere drain only the nets of elsewhere. Only failures count.
 */
export interface SignInLimits {
  /** 0: go on. Else the wait in ms. `isKnownAddress` is asked only when the account's own net is used up. */
  take(email: string, address: string, nowMs: number, isKnownAddress: () => Promise<boolean>): Promise<number>;
  succeeded(email: string, address: string): void;
  /** Whether a refused attempt is worth an audit entry: one a minute for each account, or guessing would fill the log. */
  isNews(email: string, nowMs: number): boolean;
}

export function createSignInLimits(): SignInLimits {
  const perPair = new RateLimit({ burst: 5, intervalMs: 12_000 });
  const perAddress = new RateLimit({ burst: 30, intervalMs: 2_000 });
  const perAccount = new RateLimit({ burst: 50, intervalMs: 30_000 });
  const news = new RateLimit({ burst: 1, intervalMs: 60_000 });
  return {
    isNews: (email, nowMs) => news.take(email, nowMs) === 0,
    async take(email, address, nowMs, isKnownAddress) {
      const place = rateLimitKey(address);
      const waitAddress = perAddress.take(place, nowMs);
      if (waitAddress > 0) return waitAddress;
      const waitPair = perPair.take(`${email} ${place}`, nowMs);
      if (waitPair > 0) return waitPair;
      const waitAccount = perAccount.take(email, nowMs);
      return waitAccount > 0 && !(await isKnownAddress()) ? waitAccount : 0;
    },
    succeeded(email, address) {
      const place = rateLimitKey(address);
      perAddress.giveBack(place);
      perPair.giveBack(`${email} ${place}`);
      perAccount.giveBack(email);
    },
  };
}
