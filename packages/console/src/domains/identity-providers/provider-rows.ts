import type {
  IdentityProvider,
  IdentityProviderDomain,
  IdentityProviderKind,
  IdentityProviderSettings,
} from '@zeronaut/model';
import type { Selectable } from 'kysely';
import { Refusal } from '../../store/refusal.ts';
import type { Schema } from '../../store/schema.ts';
import type { Queries } from '../../store/store.ts';
import type { Context } from '../context.ts';
import { isoTime } from '../page.ts';

export type ProviderRow = Selectable<Schema['identity_providers']>;
type DomainRow = Selectable<Schema['identity_provider_domains']>;

interface ProviderOf<K extends IdentityProviderKind> {
  readonly id: string;
  readonly organizationId: string;
  readonly kind: K;
  readonly name: string;
  readonly displayName: string;
  readonly version: number;
  readonly settings: Extract<IdentityProviderSettings, { kind: K }>;
  readonly sealedSecret: string | null;
  readonly createUsers: boolean;
  readonly defaultRole: IdentityProvider['defaultRole'];
  readonly groupMappings: IdentityProvider['groupMappings'];
}

/** A provider as the sign-in code works with it: settings parsed, of one kind. */
export type Provider<K extends IdentityProviderKind = IdentityProviderKind> = K extends IdentityProviderKind
  ? ProviderOf<K>
  : never;

export function toProvider(row: ProviderRow): Provider {
  return {
    id: row.id,
    organizationId: row.organization_id,
    kind: row.kind,
    name: row.name,
    displayName: row.display_name,
    version: row.version,
    settings: JSON.parse(row.settings),
    sealedSecret: row.sealed_secret,
    createUsers: row.create_users === 1,
    defaultRole: row.default_role,
    groupMappings: JSON.parse(row.group_mappings),
  };
}

/** What the seal is bound to: the secret of one provider cannot stand in for another's. */
export function secretName(providerId: string): string {
  return `identity-provider:${providerId}`;
}

export function openSecret(context: Context, provider: Provider): string | null {
  return provider.sealedSecret === null
    ? null
    : context.authority.sealer.open(secretName(provider.id), provider.sealedSecret);
}

/** Where the other side reaches us, per provider: an answer that was meant for one cannot be given to another. */
export function providerAddresses(
  publicUrl: string,
  id: string,
  kind: IdentityProviderKind,
): IdentityProvider['addresses'] {
  const saml = kind === 'saml';
  return {
    callback: saml ? `${publicUrl}/sign-in/saml/${id}` : kind === 'ldap' ? null : `${publicUrl}/sign-in/callback/${id}`,
    backChannelLogout: kind === 'oidc' ? `${publicUrl}/sign-in/logout/${id}` : null,
    samlMetadata: saml ? `${publicUrl}/sign-in/saml/${id}/metadata` : null,
    samlEntityId: saml ? `${publicUrl}/sign-in/saml/${id}/metadata` : null,
    scim: `${publicUrl}/scim/v2/${id}`,
  };
}

export function toDomain(row: DomainRow): IdentityProviderDomain {
  return {
    domain: row.domain,
    proof: row.proof,
    verifiedAt: isoTime(row.verified_at),
    record: row.proof === 'dns' ? { name: `_zeronaut.${row.domain}`, value: row.challenge } : null,
  };
}

export function toView(context: Context, row: ProviderRow, domains: readonly DomainRow[]): IdentityProvider {
  return {
    id: row.id,
    organizationId: row.organization_id,
    name: row.name,
    displayName: row.display_name,
    kind: row.kind,
    enabled: row.enabled === 1,
    position: row.position,
    settings: JSON.parse(row.settings),
    hasSecret: row.sealed_secret !== null,
    createUsers: row.create_users === 1,
    defaultRole: row.default_role,
    groupMappings: JSON.parse(row.group_mappings),
    domains: domains.filter((domain) => domain.provider_id === row.id).map(toDomain),
    addresses: providerAddresses(context.settings.publicUrl(), row.id, row.kind),
    createdAt: isoTime(row.created_at),
    updatedAt: isoTime(row.updated_at),
    version: row.version,
  };
}

/** By id or name, in one organization. */
export async function findProviderRow(
  queries: Queries,
  organizationId: string,
  idOrName: string,
): Promise<ProviderRow | Refusal> {
  const row = await queries
    .selectFrom('identity_providers')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where((eb) => eb.or([eb('id', '=', idOrName), eb('name', '=', idOrName)]))
    .executeTakeFirst();
  return row ?? new Refusal('api.not_found');
}

/** An enabled provider by id alone: for browsers and identity providers, which know no organization. */
export async function findEnabledProvider(queries: Queries, id: string): Promise<Provider | Refusal> {
  const row = await queries
    .selectFrom('identity_providers')
    .selectAll()
    .where('id', '=', id)
    .where('enabled', '=', 1)
    .executeTakeFirst();
  return row === undefined ? new Refusal('idp.not_found') : toProvider(row);
}

export async function domainsOf(queries: Queries, organizationId: string): Promise<DomainRow[]> {
  return await queries
    .selectFrom('identity_provider_domains')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .orderBy('domain')
    .execute();
}
