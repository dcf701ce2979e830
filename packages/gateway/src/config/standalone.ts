import { createHash, type KeyObject } from 'node:crypto';
import {
  type AccessRule,
  type HeaderRulesInput,
  hasLimits,
  ID_PREFIX,
  type IdKind,
  type PublicJwk,
  parseHostPort,
  type Snapshot,
  type SnapshotHeaderRules,
  type SnapshotResource,
  snapshotDefaults,
} from '@zeronaut/model';
import type { Configuration } from './load.ts';

/**
 * A configuration file as the snapshot that a console would have sent, so that a gateway without a console runs the
 * very same tables and stages. Ids are hashes of names: after a reload, health, pools and grants find their own again.
 */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** The same name gives the same id, on every machine and for ever. */
export function stableId(kind: IdKind, ...name: readonly string[]): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([kind, ...name]))
    .digest();
  let tail = '';
  for (let i = 0; i < 26; i++) tail += ALPHABET[digest[i]! & 31];
  return `${ID_PREFIX[kind]}_${tail}`;
}

export const STANDALONE_ORGANIZATION = stableId('organization', 'standalone');
export const STANDALONE_GATEWAY = stableId('gateway', 'standalone');
/** Nobody signs in at a gateway without a console; RFC 2606 keeps this name from ever being somebody's. */
const PORTAL_HOST = 'portal.zeronaut.invalid';

export function standaloneSnapshot(
  configuration: Configuration,
  options: { readonly version: number; readonly signingKey: PublicJwk },
): Snapshot {
  const { file } = configuration;
  const https = file.listeners.find((listener) => listener.protocol === 'https');
  return {
    format: 1,
    version: options.version,
    gatewayId: STANDALONE_GATEWAY,
    organizationId: STANDALONE_ORGANIZATION,
    issuedAt: new Date().toISOString(),
    baseDomain: 'zeronaut.invalid',
    portalHost: PORTAL_HOST,
    httpsPort: (https && parseHostPort(https.address)?.port) || 443,
    portRange: { from: 1, to: 1 },
    certificateAuthority: '',
    consoleKeys: [],
    gatewayKeys: [{ gatewayId: STANDALONE_GATEWAY, key: options.signingKey }],
    certificates: [],
    users: [],
    devices: [],
    revokedSessions: [],
    ...snapshotDefaults(),
    resources: file.resources.map((resource) => snapshotResource(configuration, resource)),
    sites: [],
  };
}

function snapshotResource(
  configuration: Configuration,
  resource: Configuration['file']['resources'][number],
): SnapshotResource {
  const seen = new Map<string, number>();
  return {
    id: stableId('resource', resource.name),
    organizationId: STANDALONE_ORGANIZATION,
    name: resource.name,
    protocol: resource.protocol,
    hosts: resource.domains,
    port: resource.port,
    access: accessRule(configuration, resource),
    shares: [],
    targets: resource.targets.map((target) => {
      // The same address twice is two targets; which is which does not matter, as long as it stays so.
      const twin = seen.get(target.address) ?? 0;
      seen.set(target.address, twin + 1);
      return {
        id: stableId('target', resource.name, target.address, String(twin)),
        address: target.address,
        deviceId: null,
        protocol: target.protocol ?? resource.protocol,
        weight: target.weight,
        healthCheck: target.healthCheck,
        tlsVerify: target.tlsVerify,
        tlsServerName: target.tlsServerName,
      };
    }),
    proxyProtocol: resource.proxyProtocol,
    deviceId: null,
    ...headersOf(resource.headers),
    ...(hasLimits(resource.limits) && { limits: resource.limits }),
    ...(resource.balancing !== 'weighted' && { balancing: resource.balancing }),
  };
}

function headersOf({ host, request, response }: HeaderRulesInput): { headers?: SnapshotHeaderRules } {
  if (host === null && request.length + response.length === 0) return {};
  const rule = ({ action, name, value }: HeaderRulesInput['response'][number]) => ({
    ...{ action, name },
    ...(value !== null && { value }),
  });
  return { headers: { ...(host !== null && { host }), request: request.map(rule), response: response.map(rule) } };
}

function accessRule(configuration: Configuration, resource: Configuration['file']['resources'][number]): AccessRule {
  const closed: AccessRule = { mode: 'login', allow: [], addresses: [], basic: [], tokens: null };
  const { access } = resource;
  if (access === 'public') return { ...closed, mode: 'public' };
  if ('addresses' in access) return { ...closed, addresses: access.addresses };
  const { audience, issuer } = access.verificationKey;
  const key = verificationJwk(configuration.verificationKeys.get(resource.name)!);
  return { ...closed, tokens: { audience, keys: [key], ...(issuer === undefined ? {} : { issuer }) } };
}

/** The key's own fingerprint is its name; a token without `kid` is tried against every key of its rule. */
function verificationJwk(key: KeyObject): PublicJwk {
  const jwk = key.export({ format: 'jwk' });
  const kid = createHash('sha256')
    .update(key.export({ format: 'der', type: 'spki' }))
    .digest('base64url');
  return { kty: jwk.kty as PublicJwk['kty'], kid, crv: jwk.crv, x: jwk.x, y: jwk.y, n: jwk.n, e: jwk.e };
}
