/** This browser and the push service behind it. Who may be told what is for the console. */
import { noticeKind, type PushSubscriptionInput, pushSubscriptionInput } from '@zeronaut/model';
import { currentLanguage } from './messages.ts';

/** Why a browser cannot be told anything; null: it can, or could be asked. */
export function pushObstacle(): 'unsupported' | 'denied' | null {
  if (!('serviceWorker' in navigator) || !('PushManager' in globalThis) || !('Notification' in globalThis)) {
    return 'unsupported';
  }
  return Notification.permission === 'denied' ? 'denied' : null;
}

/** Asks the person, then the push service. Null: the person said no. Rejects where there is no push service. */
export async function subscribeBrowser(publicKey: string): Promise<PushSubscriptionInput | null> {
  if ((await Notification.requestPermission()) !== 'granted') return null;
  const { pushManager } = await navigator.serviceWorker.ready;
  // One of an earlier console key would be refused for ever.
  await (await pushManager.getSubscription())?.unsubscribe();
  const subscription = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: publicKey });
  return inputOf(subscription);
}

/** What this browser is told with already, to be told of these kinds; null: with nothing. */
export async function currentSubscription(chosen: readonly string[]): Promise<PushSubscriptionInput | null> {
  const registration = await navigator.serviceWorker?.getRegistration();
  const subscription = await registration?.pushManager?.getSubscription();
  if (!subscription) return null;
  const kinds = noticeKind.options.filter((kind) => chosen.includes(kind));
  return { ...inputOf(subscription), ...(kinds.length > 0 && { kinds }) };
}

/** Messages come in the language that the page has now. */
function inputOf(subscription: PushSubscription): PushSubscriptionInput {
  const { endpoint, keys } = subscription.toJSON();
  return pushSubscriptionInput.parse({ endpoint, keys, language: currentLanguage() });
}

export async function unsubscribeBrowser(): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration();
  await (await registration?.pushManager.getSubscription())?.unsubscribe();
}
