/**
 * Which provider vouches for which mail domain. The attacker to think of is the owner of another organization on the
 * same console who names a domain that is not theirs: so a domain that only an owner's word stands for counts within
 * that organization, and sends nobody of the common sign-in page anywhere while there is more than one organization. A
 * domain that DNS proved counts for the whole console, and only one organization can hold it.
 */
import { randomBytes } from 'node:crypto';
import type { IdentityProviderDomain } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import { isUniqueViolation, type Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { findProviderRow, type Provider, toDomain, toProvider } from './provider-rows.ts';

const MAX_DOMAINS_PER_ORGANIZATION = 200;

export async function addDomain(
  context: Context,
  caller: Caller,
  providerId: string,
  input: { domain: string; proof: 'dns' | 'owner' },
): Promise<IdentityProviderDomain | Refusal> {
  try {
    return await context.store.transaction(async (queries) => {
      const provider = await findProviderRow(queries, caller.organizationId, providerId);
      if (provider instanceof Refusal) return provider;
      const { count } = await queries
        .selectFrom('identity_provider_domains')
        .select((eb) => eb.fn.countAll().as('count'))
        .where('organization_id', '=', caller.organizationId)
        .executeTakeFirstOrThrow();
      if (Number(count) >= MAX_DOMAINS_PER_ORGANIZATION) {
        return new Refusal('api.invalid', { detail: `at most ${MAX_DOMAINS_PER_ORGANIZATION} domains` });
      }
      if (input.proof === 'owner' && (await isProvedElsewhere(queries, caller.organizationId, input.domain))) {
        return new Refusal('idp.domain_taken');
      }
      const row = {
        organization_id: caller.organizationId,
        provider_id: provider.id,
        domain: input.domain,
        proof: input.proof,
        challenge: `zeronaut-domain=${randomBytes(24).toString('base64url')}`,
        verified_at: input.proof === 'owner' ? context.clock() : null,
      };
      await queries.insertInto('identity_provider_domains').values(row).execute();
      const domain = toDomain(row);
      await appendAudit(queries, context, caller, {
        action: 'identity_provider.add_domain',
        objectKind: 'identity_provider',
        objectId: provider.id,
        after: domain,
      });
      return domain;
    });
  } catch (error) {
    if (isUniqueViolation(error)) return new Refusal('idp.domain_taken');
    throw error;
  }
}

/** Looks for the TXT record. Proving again is no error, and asks DNS again. */
export async function verifyDomain(
  context: Context,
  caller: Caller,
  providerId: string,
  domain: string,
): Promise<IdentityProviderDomain | Refusal> {
  const known = await findDomain(context.store.db, caller.organizationId, providerId, domain);
  if (known instanceof Refusal) return known;
  if (known.proof === 'owner') return toDomain(known);
  const records = await context.outbound.resolveTxt(`_zeronaut.${domain}`);
  if (records instanceof Refusal) return records;
  if (!records.includes(known.challenge)) return new Refusal('idp.domain_unproved');
  try {
    return await context.store.transaction(async (queries) => {
      const row = await queries
        .updateTable('identity_provider_domains')
        .set({ verified_at: context.clock() })
        .where('organization_id', '=', caller.organizationId)
        .where('domain', '=', domain)
        .where('challenge', '=', known.challenge)
        .returningAll()
        .executeTakeFirst();
      if (row === undefined) return new Refusal('api.not_found');
      await appendAudit(queries, context, caller, {
        action: 'identity_provider.verify_domain',
        objectKind: 'identity_provider',
        objectId: row.provider_id,
        before: toDomain(known),
        after: toDomain(row),
      });
      return toDomain(row);
    });
  } catch (error) {
    // The index over proved domains: another organization has proved it.
    if (isUniqueViolation(error)) return new Refusal('idp.domain_taken');
    throw error;
  }
}

export async function removeDomain(
  context: Context,
  caller: Caller,
  providerId: string,
  domain: string,
): Promise<undefined | Refusal> {
  return await context.store.transaction(async (queries) => {
    const known = await findDomain(queries, caller.organizationId, providerId, domain);
    if (known instanceof Refusal) return known;
    await queries
      .deleteFrom('identity_provider_domains')
      .where('organization_id', '=', caller.organizationId)
      .where('domain', '=', domain)
      .execute();
    await appendAudit(queries, context, caller, {
      action: 'identity_provider.remove_domain',
      objectKind: 'identity_provider',
      objectId: known.provider_id,
      before: toDomain(known),
    });
    return undefined;
  });
}

async function findDomain(queries: Queries, organizationId: string, providerId: string, domain: string) {
  const provider = await findProviderRow(queries, organizationId, providerId);
  if (provider instanceof Refusal) return provider;
  const row = await queries
    .selectFrom('identity_provider_domains')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('provider_id', '=', provider.id)
    .where('domain', '=', domain)
    .executeTakeFirst();
  return row ?? new Refusal('api.not_found');
}

async function isProvedElsewhere(queries: Queries, organizationId: string, domain: string): Promise<boolean> {
  const other = await queries
    .selectFrom('identity_provider_domains')
    .select('domain')
    .where('domain', '=', domain)
    .where('organization_id', '!=', organizationId)
    .where('proof', '=', 'dns')
    .where('verified_at', 'is not', null)
    .executeTakeFirst();
  return other !== undefined;
}

/** Whether the provider vouches for this address: its own proved or chosen domains, exactly. */
export async function vouchesFor(queries: Queries, provider: Provider, email: string): Promise<boolean> {
  const row = await queries
    .selectFrom('identity_provider_domains')
    .select('domain')
    .where('organization_id', '=', provider.organizationId)
    .where('provider_id', '=', provider.id)
    .where('domain', '=', domainOf(email))
    .where('verified_at', 'is not', null)
    .executeTakeFirst();
  if (row === undefined) return false;
  return !(await isProvedElsewhere(queries, provider.organizationId, row.domain));
}

/**
 * Home-realm discovery: the enabled provider that an address leads to. `organizationId`: the sign-in page of one
 * organization, where its owners' word is enough; null: the common one.
 */
export async function discoverProvider(
  queries: Queries,
  email: string,
  organizationId: string | null,
): Promise<Provider | null> {
  const only = organizationId ?? (await onlyOrganization(queries));
  let select = queries
    .selectFrom('identity_provider_domains')
    .innerJoin('identity_providers', 'identity_providers.id', 'identity_provider_domains.provider_id')
    .selectAll('identity_providers')
    .where('identity_provider_domains.domain', '=', domainOf(email))
    .where('identity_provider_domains.verified_at', 'is not', null)
    .where('identity_providers.enabled', '=', 1);
  select =
    only === null
      ? select.where('identity_provider_domains.proof', '=', 'dns')
      : select.where('identity_providers.organization_id', '=', only);
  const row = await select.executeTakeFirst();
  return row === undefined ? null : toProvider(row);
}

/** The organization, when there is exactly one on this console. */
export async function onlyOrganization(queries: Queries): Promise<string | null> {
  const rows = await queries.selectFrom('organizations').select('id').limit(2).execute();
  return rows.length === 1 ? rows[0]!.id : null;
}

function domainOf(email: string): string {
  return email.slice(email.lastIndexOf('@') + 1).toLowerCase();
}
