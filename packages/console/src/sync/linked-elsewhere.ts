import { gatewayLoad, id, unhealthyTarget } from '@zeronaut/model';
import { z } from 'zod';
import type { Notices } from '../store/notices.ts';
import type { GatewayLink } from './gateway-link.ts';
import type { GatewayStatus } from './presence.ts';

/**
 * Gateways that are linked to other consoles on the same database, and what they say of themselves there. Each console tells it of
 * its own when they say it, which is every few seconds; of which nothing is heard for a while, it or its console is away.
 */
const LOOK_MS = 5_000;
const FORGET_AFTER_MS = 20_000;
/** Where a gateway has more to tell than goes into a notice, of what it serves nothing is told. */
const MAX_LISTED = 8_000;

const ids = z.array(id).max(MAX_LISTED);
const notice = z.union([
  z.strictObject({
    organizationId: id,
    gatewayId: id,
    status: z
      .strictObject({
        load: gatewayLoad,
        at: z.int(),
        devices: ids,
        serving: ids,
        unhealthy: z.array(unhealthyTarget).max(MAX_LISTED),
      })
      .nullable(),
  }),
  z.strictObject({ gatewayId: id, gone: z.literal(true) }),
]);

interface Elsewhere {
  readonly organizationId: string;
  readonly status: GatewayStatus | null;
  readonly console: string;
  readonly heardAt: number;
}

export class LinkedElsewhere {
  readonly #notices: Notices;
  readonly #clock: () => number;
  readonly #gateways = new Map<string, Elsewhere>();
  readonly #timer: NodeJS.Timeout;

  /** `linksHere`: of those that say nothing of themselves, as older ones do, it is told that they are there. */
  constructor(notices: Notices, clock: () => number, linksHere: () => Iterable<GatewayLink>) {
    this.#notices = notices;
    this.#clock = clock;
    notices.listen({
      onTold: (topic, value, console) => {
        if (topic === 'gateways') this.#hear(value, console);
      },
    });
    this.#timer = setInterval(() => {
      for (const link of linksHere()) if (link.status === null) this.tell(link);
      const before = this.#clock() - FORGET_AFTER_MS;
      for (const [gatewayId, { heardAt }] of this.#gateways) if (heardAt < before) this.#gateways.delete(gatewayId);
    }, LOOK_MS);
  }

  ids(): IterableIterator<string> {
    return this.#gateways.keys();
  }

  *statusesOf(organizationId: string): Generator<[string, GatewayStatus]> {
    for (const [gatewayId, gateway] of this.#gateways) {
      if (gateway.organizationId === organizationId && gateway.status !== null) yield [gatewayId, gateway.status];
    }
  }

  tell({ gateway, status }: GatewayLink): void {
    const listed = status === null ? 0 : status.devices.size + status.serving.size + status.unhealthy.length;
    this.#notices.tell('gateways', {
      organizationId: gateway.organization_id,
      gatewayId: gateway.id,
      status:
        status === null || listed > MAX_LISTED
          ? null
          : { ...status, devices: [...status.devices], serving: [...status.serving] },
    });
  }

  tellGone(gatewayId: string): void {
    this.#notices.tell('gateways', { gatewayId, gone: true });
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #hear(value: unknown, console: string): void {
    const { data: told } = notice.safeParse(value);
    if (told === undefined) return;
    if ('gone' in told) {
      // It may be linked to a third one by now.
      if (this.#gateways.get(told.gatewayId)?.console === console) this.#gateways.delete(told.gatewayId);
      return;
    }
    const { status } = told;
    this.#gateways.set(told.gatewayId, {
      organizationId: told.organizationId,
      status:
        status === null ? null : { ...status, devices: new Set(status.devices), serving: new Set(status.serving) },
      console,
      heardAt: this.#clock(),
    });
  }
}
