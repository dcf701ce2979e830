import { parseDeviceUri, type Reason } from '@zeronaut/model';
import type { Tables } from '../tables.ts';

/** Who is on the other end of a tunnel: what the certificate says, which is a claim until the tables agree. */
export interface DeviceIdentity {
  readonly organizationId: string;
  readonly userId: string;
  readonly deviceId: string;
  readonly keyFingerprint: string;
}

/** Nothing unless exactly one name of the certificate is a device's: a second one could be believed by somebody else. */
export function parseDeviceIdentity(certificate: {
  readonly uris: readonly string[];
  readonly keyFingerprint: string;
}): DeviceIdentity | null {
  if (certificate.uris.length !== 1) return null;
  const ids = parseDeviceUri(certificate.uris[0]!);
  return ids === null ? null : { ...ids, keyFingerprint: certificate.keyFingerprint };
}

/** Null: let it in. Tables hold only what is active, so whatever is missing there is refused. */
export function refuseDevice(tables: Tables, identity: DeviceIdentity): Reason | null {
  const device = tables.devices.get(identity.deviceId);
  if (device === undefined) return 'access.device_unknown';
  const same =
    device.organizationId === identity.organizationId &&
    device.organizationId === tables.snapshot.organizationId &&
    device.userId === identity.userId &&
    device.keyFingerprint === identity.keyFingerprint;
  if (!same) return 'access.device_unknown';
  if (device.pending) return 'access.device_pending';
  const user = tables.users.get(identity.userId);
  if (user === undefined || user.organizationId !== identity.organizationId) return 'access.user_disabled';
  return null;
}

/** Null: this device may serve it. A thing of another organization is unknown to it, not forbidden. */
export function refuseBinding(tables: Tables, identity: DeviceIdentity, id: string): Reason | null {
  const site = tables.sites.get(id);
  const resource = tables.resources.get(id);
  const found = site ?? resource;
  if (found === undefined || found.organizationId !== identity.organizationId) return 'tunnel.unknown_resource';
  const owns =
    site !== undefined
      ? site.connection === 'tunnel' && site.deviceId === identity.deviceId
      : resource!.deviceId === identity.deviceId ||
        resource!.targets.some((target) => target.deviceId === identity.deviceId);
  return owns ? null : 'tunnel.not_owner';
}
