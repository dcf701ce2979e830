import type { AccessEvent } from '@zeronaut/model';
import type { Observer } from '../rooms.ts';
import type { DeviceSession } from './device-session.ts';

/**
 * Which tunnels want to see which resources. Every request of the gateway passes by here once somebody watches, so it
 * costs one look-up, whatever the number of tunnels; while nobody watches it costs nothing.
 */
export class Watchers {
  readonly #observer: Pick<Observer, 'subscribe'>;
  readonly #byResource = new Map<string, Set<DeviceSession>>();
  #unsubscribe: (() => void) | null = null;

  constructor(observer: Pick<Observer, 'subscribe'>) {
    this.#observer = observer;
  }

  replace(session: DeviceSession, resourceIds: ReadonlySet<string>, before: ReadonlySet<string>): void {
    for (const id of before) {
      const sessions = this.#byResource.get(id);
      sessions?.delete(session);
      if (sessions?.size === 0) this.#byResource.delete(id);
    }
    for (const id of resourceIds) {
      const sessions = this.#byResource.get(id);
      if (sessions === undefined) this.#byResource.set(id, new Set([session]));
      else sessions.add(session);
    }
    if (this.#byResource.size === 0) {
      this.#unsubscribe?.();
      this.#unsubscribe = null;
    } else {
      this.#unsubscribe ??= this.#observer.subscribe((event) => this.#pass(event));
    }
  }

  #pass(event: AccessEvent): void {
    if (event.resourceId === null) return;
    for (const session of this.#byResource.get(event.resourceId) ?? []) session.onAccess(event, event.resourceId);
  }
}
