import type { NoticeKind } from '@zeronaut/model';
import { call } from './api.ts';
import type { Me } from './session.ts';

/** Who wished to be told in this browser, in which session the console heard of it last, and of what if they chose. */
const KEY = 'zeronaut.push';

export function keepPushWish({ user, sessionId }: Me, kinds: readonly NoticeKind[]): void {
  localStorage.setItem(KEY, `${user?.id} ${sessionId} ${kinds.join(',')}`);
}

export function forgetPushWish(): void {
  localStorage.removeItem(KEY);
}

/** A subscription goes with its session: after the next sign-in of the same person the console hears of it again. */
export async function renewPush(me: Me): Promise<void> {
  const [userId, sessionId, chosen = ''] = localStorage.getItem(KEY)?.split(' ') ?? [];
  if (userId === undefined || userId !== me.user?.id || sessionId === me.sessionId) return;
  try {
    // With the schemas of the API, which the first page does without.
    const { currentSubscription } = await import('./push.ts');
    const subscription = await currentSubscription(chosen.split(','));
    if (subscription === null) return forgetPushWish();
    const { kinds } = await call('push.subscribe', { body: subscription });
    keepPushWish(me, kinds);
  } catch {
    // The console is away, or the browser has no push service now: the next start tries again.
  }
}
