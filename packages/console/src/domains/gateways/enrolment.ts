import { createPublicKey } from 'node:crypto';
import { createId, type Gateway, gatewayServerName, type PublicJwk } from '@zeronaut/model';
import { parseCertificateRequest, parsePublicKeyPem } from '../../authority/certificate-request.ts';
import { Refusal } from '../../store/refusal.ts';
import type { Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context, Origin } from '../context.ts';
import { invalidRequest } from '../devices/devices.ts';
import { createToken, hashToken } from '../random-token.ts';
import { isInternalName, PORTAL_LABEL } from '../resources/names.ts';
import { roleOfMaker } from '../roles/held-role.ts';
import { activeGateways, type GatewayRow, toGateway } from './gateways.ts';

export async function createEnrolment(
  context: Context,
  caller: Caller,
  input: { ttlSeconds: number },
): Promise<{ token: string; expiresAt: string }> {
  const createdAt = context.clock();
  const expiresAt = createdAt + input.ttlSeconds * 1000;
  const token = createToken('enrolment');
  await context.store.transaction(async (queries) => {
    const id = createId('enrolment', createdAt);
    await queries
      .insertInto('enrolment_tokens')
      .values({
        id,
        organization_id: caller.organizationId,
        token_hash: hashToken(token),
        created_by: caller.userId,
        created_at: createdAt,
        expires_at: expiresAt,
        used_at: null,
      })
      .execute();
    await appendAudit(queries, context, caller, {
      action: 'gateway.create_enrolment',
      objectKind: 'enrolment',
      objectId: id,
      after: { expiresAt: new Date(expiresAt).toISOString() },
    });
  });
  return { token, expiresAt: new Date(expiresAt).toISOString() };
}

export interface EnrolInput {
  token: string;
  csr: string;
  name: string;
  region: string;
  baseDomain: string;
  publicHost: string;
  httpsPort: number;
  tunnelPort: number;
  portRange: { from: number; to: number };
  signingKey: PublicJwk;
  tlsPublicKey: string;
}

export interface EnrolledGateway {
  gateway: Omit<Gateway, 'lease' | 'version'>;
  certificate: string;
  tunnelCertificate: string;
  certificateAuthority: string;
  snapshotKey: PublicJwk;
  syncAddress: string;
}

/** A gateway trades its one-time token for an identity. The token is used up in the transaction that creates the row. */
export async function enrolGateway(
  context: Context,
  input: EnrolInput,
  origin: Origin,
): Promise<EnrolledGateway | Refusal> {
  const nowMs = context.clock();
  const token = await context.store.db
    .selectFrom('enrolment_tokens')
    .selectAll()
    .where('token_hash', '=', hashToken(input.token))
    .executeTakeFirst();
  if (token === undefined) return new Refusal('api.unauthenticated', { detail: 'the enrolment token is not known' });
  if (token.used_at !== null) return new Refusal('api.token_used');
  if (token.expires_at <= nowMs) return new Refusal('api.token_expired');

  const key = await parseCertificateRequest(input.csr);
  if (key === null) return invalidRequest();
  const tlsKey = parsePublicKeyPem(input.tlsPublicKey);
  if (tlsKey === null) return invalidField('/tlsPublicKey', 'a P-256, Ed25519 or RSA public key in PEM');
  if (!isSigningKey(input.signingKey)) return invalidField('/signingKey', 'an Ed25519 public key');
  if (input.baseDomain.startsWith('*.')) return invalidField('/baseDomain', 'a domain without a wildcard');
  if (isInternalName(input.baseDomain)) return invalidField('/baseDomain', 'a domain that is not ours');

  const organizationId = token.organization_id;
  const gatewayId = createId('gateway', nowMs);
  const { certificates } = context.authority;
  const certificate = await certificates.gateway(key, { organizationId, gatewayId });
  // The first one; snapshots carry those that follow it.
  const tunnelCertificate = await certificates.host(tlsKey.spki, gatewayServerName(gatewayId));
  return await context.store.change(organizationId, async (queries) => {
    const used = await queries
      .updateTable('enrolment_tokens')
      .set({ used_at: nowMs })
      .where('id', '=', token.id)
      .where('organization_id', '=', organizationId)
      .where('used_at', 'is', null)
      .returning('id')
      .executeTakeFirst();
    if (used === undefined) return new Refusal('api.token_used');
    if ((await roleOfMaker(queries, organizationId, token.created_by, 'gateways:write')) === null) {
      return new Refusal('api.unauthenticated', {
        detail: 'who made the enrolment token may not add gateways any more',
      });
    }
    const others = await activeGateways(queries, organizationId);
    if (others.some((other) => other.name === input.name)) {
      return new Refusal('api.name_taken', { detail: `a gateway called ${input.name} exists; revoke it or rename` });
    }
    // A session says by key id who signed it, so an id must never mean two keys.
    if (others.some((other) => JSON.parse(other.signing_key).kid === input.signingKey.kid)) {
      return invalidField('/signingKey/kid', 'another gateway uses this key id');
    }
    const clash = await findHostClash(queries, organizationId, input.baseDomain);
    if (clash !== null) return invalidField('/baseDomain', `${clash} is a domain of a resource already`);
    const row: GatewayRow = {
      id: gatewayId,
      organization_id: organizationId,
      name: input.name,
      region: input.region,
      base_domain: input.baseDomain,
      public_host: input.publicHost,
      https_port: input.httpsPort,
      tunnel_port: input.tunnelPort,
      port_from: input.portRange.from,
      port_to: input.portRange.to,
      signing_key: JSON.stringify(input.signingKey),
      tls_public_key: tlsKey.spki.toString('base64url'),
      key_fingerprint: key.fingerprint,
      status: 'active',
      last_seen_at: null,
      applied_version: null,
      software_version: null,
      place: null,
      segments: '[]',
      snapshot_version: 0,
      snapshot_hash: '',
      snapshot_issued_at: 0,
      created_at: nowMs,
      load: null,
      load_at: null,
      cpu_percent: null,
      open_connections: null,
      drain_since: null,
      drain_until: null,
      lease_seconds: null,
    };
    await queries.insertInto('gateways').values(row).execute();
    const { lease: _, version: __, ...gateway } = toGateway(row, new Set());
    await appendAudit(
      queries,
      context,
      {
        organizationId,
        actor: { kind: 'system', id: token.id, name: 'enrolment token', address: origin.address },
        requestId: origin.requestId,
      },
      { action: 'gateway.enrol', objectKind: 'gateway', objectId: gatewayId, after: gateway },
    );
    return {
      gateway,
      certificate: certificate.pem,
      tunnelCertificate: tunnelCertificate.pem,
      certificateAuthority: certificates.certificate,
      snapshotKey: context.authority.snapshotKey.publicJwk,
      syncAddress: context.settings.syncAddress(),
    };
  });
}

/** A declared domain that would be the automatic host of something on the new gateway. */
async function findHostClash(queries: Queries, organizationId: string, baseDomain: string): Promise<string | null> {
  const rows = await queries
    .selectFrom('resource_domains')
    .innerJoin('resources', 'resources.id', 'resource_domains.resource_id')
    .select(['resource_domains.domain', 'resources.name'])
    .where('resource_domains.organization_id', '=', organizationId)
    .where('resource_domains.domain', 'like', `%${baseDomain}`)
    .execute();
  const names = new Set(
    (await queries.selectFrom('resources').select('name').where('organization_id', '=', organizationId).execute()).map(
      ({ name }) => name,
    ),
  );
  const clash = rows.find(({ domain, name }) => {
    if (domain === baseDomain || domain === `*.${baseDomain}`) return true;
    if (!domain.endsWith(`.${baseDomain}`)) return false;
    const label = domain.slice(0, -baseDomain.length - 1);
    return label === PORTAL_LABEL || (label !== name && names.has(label));
  });
  return clash?.domain ?? null;
}

function invalidField(path: string, message: string): Refusal {
  return new Refusal('api.invalid', { errors: [{ path, message }] });
}

function isSigningKey(jwk: PublicJwk): boolean {
  if (jwk.kty !== 'OKP' || jwk.crv !== 'Ed25519') return false;
  try {
    createPublicKey({ key: { ...jwk }, format: 'jwk' });
    return true;
  } catch {
    // A JWK that no key comes out of: the caller is told which field.
    return false;
  }
}
