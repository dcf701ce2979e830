import {
  createId,
  type IdentityProvider,
  type IdentityProviderInput,
  type IdentityProviderSettings,
} from '@zeronaut/model';
import { parseOutboundUrl } from '../../outbound/outbound.ts';
import { Refusal } from '../../store/refusal.ts';
import { isUniqueViolation, type Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { type Page, type PageQuery, parseCursor, toPage } from '../page.ts';
import { checkRole } from '../roles/held-role.ts';
import { parseMetadata } from '../saml/metadata.ts';
import { regrantAll } from '../scim/scim-grants.ts';
import { domainsOf, findProviderRow, type ProviderRow, secretName, toProvider, toView } from './provider-rows.ts';

export async function listProviders(
  context: Context,
  caller: Caller,
  query: PageQuery,
): Promise<Page<IdentityProvider> | Refusal> {
  const after = parseCursor(query.cursor, ['number', 'string']);
  if (after instanceof Refusal) return after;
  let select = context.store.db
    .selectFrom('identity_providers')
    .selectAll()
    .where('organization_id', '=', caller.organizationId)
    .orderBy('position')
    .orderBy('id')
    .limit(query.limit + 1);
  if (after !== null) {
    const [position, id] = [Number(after[0]), String(after[1])];
    select = select.where((eb) =>
      eb.or([eb('position', '>', position), eb.and([eb('position', '=', position), eb('id', '>', id)])]),
    );
  }
  const domains = await domainsOf(context.store.db, caller.organizationId);
  return toPage(
    await select.execute(),
    query.limit,
    (row) => toView(context, row, domains),
    (row) => [row.position, row.id],
  );
}

export async function getProvider(context: Context, caller: Caller, id: string): Promise<IdentityProvider | Refusal> {
  return await viewOf(context, context.store.db, caller.organizationId, id);
}

async function viewOf(context: Context, queries: Queries, organizationId: string, id: string) {
  const row = await findProviderRow(queries, organizationId, id);
  return row instanceof Refusal ? row : toView(context, row, await domainsOf(queries, organizationId));
}

export async function createProvider(
  context: Context,
  caller: Caller,
  input: IdentityProviderInput,
  remember: (queries: Queries, response: IdentityProvider) => Promise<void>,
): Promise<IdentityProvider | Refusal> {
  const invalid = checkInput(input, input.secret !== undefined && input.secret !== null);
  if (invalid !== null) return invalid;
  const nowMs = context.clock();
  const id = createId('identityProvider', nowMs);
  const row: ProviderRow = {
    id,
    organization_id: caller.organizationId,
    created_at: nowMs,
    version: 1,
    sealed_secret: seal(context, id, input.secret ?? null),
    ...columnsOf(input, nowMs),
  };
  try {
    return await context.store.transaction(async (queries) => {
      const unknown = await checkRoles(queries, caller, input);
      if (unknown !== null) return unknown;
      await queries.insertInto('identity_providers').values(row).execute();
      const provider = toView(context, row, []);
      await appendAudit(queries, context, caller, {
        action: 'identity_provider.create',
        objectKind: 'identity_provider',
        objectId: id,
        after: provider,
      });
      await remember(queries, provider);
      return provider;
    });
  } catch (error) {
    if (isUniqueViolation(error)) return new Refusal('api.name_taken');
    throw error;
  }
}

export async function updateProvider(
  context: Context,
  caller: Caller,
  id: string,
  version: number,
  input: IdentityProviderInput,
): Promise<IdentityProvider | Refusal> {
  const nowMs = context.clock();
  try {
    return await context.store.change(caller.organizationId, async (queries) => {
      const found = await findProviderRow(queries, caller.organizationId, id);
      if (found instanceof Refusal) return found;
      const before = toView(context, found, await domainsOf(queries, caller.organizationId));
      if (found.version !== version) return new Refusal('api.precondition_failed');
      if (found.kind !== input.settings.kind) return invalidField('/settings/kind', 'the kind of a provider stays');
      // Somebody who may change settings must not send a secret that they cannot read to a place of their own.
      const moved = addressOf(before.settings) !== addressOf(input.settings);
      if (moved && found.sealed_secret !== null && input.secret === undefined) {
        return invalidField('/secret', 'a provider at another address needs its secret again');
      }
      const sealed = input.secret === undefined ? found.sealed_secret : seal(context, found.id, input.secret);
      const invalid = checkInput(input, sealed !== null) ?? (await checkRoles(queries, caller, input));
      if (invalid !== null) return invalid;
      const row = await queries
        .updateTable('identity_providers')
        .set({ ...columnsOf(input, nowMs), sealed_secret: sealed, version: version + 1 })
        .where('id', '=', found.id)
        .where('organization_id', '=', caller.organizationId)
        .where('version', '=', version)
        .returningAll()
        .executeTakeFirst();
      if (row === undefined) return new Refusal('api.precondition_failed');
      await regrantAll(queries, context, toProvider(row), caller);
      const after = toView(context, row, await domainsOf(queries, caller.organizationId));
      await appendAudit(queries, context, caller, {
        action: 'identity_provider.update',
        objectKind: 'identity_provider',
        objectId: found.id,
        before,
        after: { ...after, ...(input.secret === undefined ? {} : { secretChanged: true }) },
      });
      return after;
    });
  } catch (error) {
    if (isUniqueViolation(error)) return new Refusal('api.name_taken');
    throw error;
  }
}

/** With it go its domains and identities; the sessions that it opened end. The people stay. */
export async function deleteProvider(context: Context, caller: Caller, id: string): Promise<undefined | Refusal> {
  return await context.store.change(caller.organizationId, async (queries) => {
    const before = await viewOf(context, queries, caller.organizationId, id);
    if (before instanceof Refusal) return before;
    await queries
      .updateTable('sessions')
      .set({ revoked_at: context.clock() })
      .where('organization_id', '=', caller.organizationId)
      .where('revoked_at', 'is', null)
      .where('id', 'in', (eb) =>
        eb.selectFrom('federated_sessions').select('session_id').where('provider_id', '=', before.id),
      )
      .execute();
    await queries
      .deleteFrom('identity_providers')
      .where('organization_id', '=', caller.organizationId)
      .where('id', '=', before.id)
      .execute();
    await appendAudit(queries, context, caller, {
      action: 'identity_provider.delete',
      objectKind: 'identity_provider',
      objectId: before.id,
      before,
    });
    return undefined;
  });
}

function columnsOf(input: IdentityProviderInput, nowMs: number) {
  return {
    name: input.name,
    display_name: input.displayName ?? input.name,
    kind: input.settings.kind,
    enabled: input.enabled ? 1 : 0,
    position: input.position,
    settings: JSON.stringify(input.settings),
    create_users: input.createUsers ? 1 : 0,
    default_role: input.defaultRole,
    group_mappings: JSON.stringify(input.groupMappings),
    updated_at: nowMs,
  };
}

function seal(context: Context, id: string, secret: string | null): string | null {
  return secret === null ? null : context.authority.sealer.seal(secretName(id), secret);
}

/** Where the secret is sent to. */
function addressOf(settings: IdentityProviderSettings): string {
  switch (settings.kind) {
    case 'oidc':
      return settings.issuer;
    case 'github':
      return `${settings.webUrl} ${settings.apiUrl}`;
    case 'saml':
      return '';
    case 'ldap':
      return `${settings.url} ${settings.startTls} ${settings.tlsServerName} ${settings.certificateAuthority}`;
  }
}

/** Whom it makes members of what must be there. */
async function checkRoles(
  queries: Queries,
  caller: Caller,
  { defaultRole, groupMappings }: Pick<IdentityProviderInput, 'defaultRole' | 'groupMappings'>,
): Promise<Refusal | null> {
  const unknown = await checkRole(queries, caller.organizationId, defaultRole, '/defaultRole');
  if (unknown !== null) return unknown;
  for (const [index, { role }] of groupMappings.entries()) {
    const path = `/groupMappings/${index}/role`;
    const missing = role === null ? null : await checkRole(queries, caller.organizationId, role, path);
    if (missing !== null) return missing;
  }
  return null;
}

/** What the schema cannot say: fields that need each other. */
function checkInput({ settings, defaultRole }: IdentityProviderInput, hasSecret: boolean): Refusal | null {
  if (defaultRole === 'owner') return invalidField('/defaultRole', 'nobody becomes an owner by default');
  switch (settings.kind) {
    case 'oidc': {
      const issuer = parseOutboundUrl(settings.issuer);
      if (issuer instanceof Refusal) return invalidField('/settings/issuer', issuer.detail ?? 'not a URL');
      if (issuer.search !== '' || issuer.hash !== '') {
        return invalidField(
          '/settings/issuer',
          'an issuer has neither query nor fragment (OpenID Connect Discovery, 2)',
        );
      }
      if (!settings.scopes.includes('openid')) return invalidField('/settings/scopes', 'openid is needed');
      if (settings.clientAuthentication !== 'none' && !hasSecret)
        return invalidField('/secret', 'the client secret is needed');
      return null;
    }
    case 'github':
      return hasSecret ? null : invalidField('/secret', 'the client secret is needed');
    case 'saml': {
      if ((settings.metadataUrl === null) === (settings.metadata === null)) {
        return invalidField('/settings/metadata', 'either metadata or metadataUrl');
      }
      if (settings.metadataUrl !== null) {
        const url = parseOutboundUrl(settings.metadataUrl);
        return url instanceof Refusal ? invalidField('/settings/metadataUrl', url.detail ?? 'not a URL') : null;
      }
      const metadata = parseMetadata(settings.metadata!, settings.entityId);
      return metadata instanceof Refusal
        ? invalidField('/settings/metadata', metadata.detail ?? 'not SAML metadata')
        : null;
    }
    case 'ldap': {
      if ((settings.bindDn === null) === (settings.userDn === null)) {
        return invalidField('/settings/bindDn', 'either bindDn (search, then bind) or userDn (bind directly)');
      }
      if (settings.bindDn !== null && !hasSecret) return invalidField('/secret', 'the password of bindDn is needed');
      if (settings.url.startsWith('ldaps:') && settings.startTls) {
        return invalidField('/settings/startTls', 'ldaps has TLS from its first byte');
      }
      if (['member', 'matching_rule'].includes(settings.groups) && settings.groupBaseDn === null) {
        return invalidField('/settings/groupBaseDn', 'where the groups are is needed');
      }
      return null;
    }
  }
}

function invalidField(path: string, message: string): Refusal {
  return new Refusal('api.invalid', { errors: [{ path, message }] });
}
