import type { DiscoveredService } from '@zeronaut/model';
import { listListening } from '../discovery/listening.ts';
import type { Connection } from '../profile/connection.ts';
import type { Device } from '../profile/device.ts';
import type { DialTarget } from './served.ts';

/** `report`: the console is told what listens here. `publish`: and what it publishes of it is served. */
export type DiscoverMode = 'report' | 'publish';

/** What was published of this machine by the console: by resource. */
export type PublishedHere = ReadonlyMap<string, { readonly name: string; readonly targets: readonly DialTarget[] }>;

/** It is looked this often; what is published is served within this time. */
const LOOK_MS = 10_000;
/** Told again at least this often, so that the console knows that it still holds. */
const TELL_MS = 3_600_000;

/**
 * Looks what listens on this machine, if the file says so, and tells the console. What the console publishes is served only in the mode
 * `publish`, and only where the target is a loopback port that was found here: the console cannot make an agent dial anything else.
 */
export class Discovery {
  readonly #connection: Connection;
  readonly #device: () => Device;
  readonly #onPublished: (published: PublishedHere) => void;
  #mode: DiscoverMode | null = null;
  #timer: NodeJS.Timeout | undefined;
  #told = '';
  #toldAt = Number.NEGATIVE_INFINITY;
  #published = '';
  #stopped = false;

  constructor(connection: Connection, device: () => Device, onPublished: (published: PublishedHere) => void) {
    this.#connection = connection;
    this.#device = device;
    this.#onPublished = onPublished;
  }

  /** Null: it does not look any more; the console is told that there is nothing. */
  set(mode: DiscoverMode | null): void {
    if (mode === this.#mode) return;
    this.#mode = mode;
    clearTimeout(this.#timer);
    void this.#round();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #round(): Promise<void> {
    const mode = this.#mode;
    // A console that is away is told later; what is served meanwhile stays.
    await this.#look(mode).catch(() => undefined);
    if (this.#stopped || mode !== this.#mode || mode === null) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#round(), LOOK_MS);
    this.#timer.unref();
  }

  async #look(mode: DiscoverMode | null): Promise<void> {
    const services = mode === null ? [] : await listListening();
    const params = { id: this.#device().deviceId };
    const body = { publishes: mode === 'publish', services };
    const telling = JSON.stringify(body);
    const now = performance.now();
    if (telling !== this.#told || now - this.#toldAt > TELL_MS) {
      await this.#connection.api.call('devices.reportDiscovered', { params, body });
      this.#told = telling;
      this.#toldAt = now;
    }
    const { items } =
      mode === 'publish' ? await this.#connection.api.call('devices.listTargets', { params }) : { items: [] };
    if (this.#stopped || mode !== this.#mode) return;
    const published = publishedHere(items, services);
    const shown = JSON.stringify([...published]);
    if (shown === (this.#published || '[]')) return;
    this.#published = shown;
    this.#onPublished(published);
  }
}

/** Of what declared resources want of this device, what is a port that was found on its loopback. */
export function publishedHere(
  wanted: readonly { resourceId: string; name: string; address: string; protocol: 'tcp' | 'udp' }[],
  services: readonly DiscoveredService[],
): PublishedHere {
  const found = new Set(services.map(({ port }) => port));
  const published = new Map<string, { name: string; targets: DialTarget[] }>();
  for (const { resourceId, name, address, protocol } of wanted) {
    const port = /^(?:localhost|127\.0\.0\.1|\[::1\]):(\d{1,5})$/.exec(address)?.[1];
    if (port === undefined || protocol !== 'tcp' || !found.has(Number(port))) continue;
    const entry = published.get(resourceId) ?? { name, targets: [] };
    entry.targets.push({ address, protocol });
    published.set(resourceId, entry);
  }
  return published;
}
