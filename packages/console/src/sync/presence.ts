import type { GatewayLoad, UnhealthyTarget } from '@zeronaut/model';

/** What a connected gateway says of itself. Held by its link and gone with it: a gateway that is away says nothing. */
export interface GatewayStatus {
  readonly load: GatewayLoad;
  readonly at: number;
  readonly devices: ReadonlySet<string>;
  /** Resources and sites that a tunnel there serves. */
  readonly serving: ReadonlySet<string>;
  readonly unhealthy: readonly UnhealthyTarget[];
}

/** The same of all connected gateways of one organization, as far as they told. */
export interface Presence {
  readonly gateways: ReadonlyMap<string, GatewayStatus>;
  /** With a tunnel to any of them. */
  readonly devices: ReadonlySet<string>;
  readonly serving: ReadonlySet<string>;
}

export const NOBODY_PRESENT: Presence = { gateways: new Map(), devices: new Set(), serving: new Set() };

export function presenceOf(gateways: ReadonlyMap<string, GatewayStatus>): Presence {
  const devices = new Set<string>();
  const serving = new Set<string>();
  for (const status of gateways.values()) {
    for (const id of status.devices) devices.add(id);
    for (const id of status.serving) serving.add(id);
  }
  return { gateways, devices, serving };
}
