import type { PushSubscriptionInput } from '@zeronaut/model';
import { call } from './api.ts';
import type { Me } from './session.ts';

/** Who wished to be told in this browser, and in which session the console heard of it last. */
const KEY = 'zeronaut.push';

export function keepPushWish({ user, sessionId }: Me): void {
  localStorage.setItem(KEY, `${user?.id} ${sessionId}`);
}

export function forgetPushWish(): void {
  localStorage.removeItem(KEY);
}

/** A subscription goes with its session: after the next sign-in of the same person the console hears of it again. */
export async function renewPush(me: Me): Promise<void> {
  const [userId, sessionId] = localStorage.getItem(KEY)?.split(' ') ?? [];
  if (userId === undefined || userId !== me.user?.id || sessionId === me.sessionId) return;
  if (!me.permissions.includes('events:read')) return;
  try {
    const registration = await navigator.serviceWorker?.getRegistration();
    const subscription = await registration?.pushManager?.getSubscription();
    if (subscription === null || subscription === undefined) return forgetPushWish();
    const { endpoint, keys } = subscription.toJSON();
    await call('push.subscribe', { body: { endpoint, keys } as unknown as PushSubscriptionInput });
    keepPushWish(me);
  } catch {
    // The console is away, or the browser has no push service now: the next start tries again.
  }
}
