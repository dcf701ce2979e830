import type { User } from '@zeronaut/model';
import { isoTime } from '../domains/page.ts';

/** How the API shows what a sign-in opened. */
export function withSession(result: { user: User; token: string; expiresAtMs: number }) {
  return { user: result.user, session: { token: result.token, expiresAt: isoTime(result.expiresAtMs) } };
}
