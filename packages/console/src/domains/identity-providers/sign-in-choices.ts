import type { Queries } from '../../store/store.ts';
import { onlyOrganization } from './mail-domains.ts';
import { type Provider, toProvider } from './provider-rows.ts';

/** Buttons of one sign-in page; more are reached by mail domain. */
const MAX_BUTTONS = 12;

export interface SignInChoices {
  /** Enabled providers of the organization that the page is of, in order. */
  readonly providers: readonly Provider[];
  /** Whether a mail address can lead to a provider here. */
  readonly byEmail: boolean;
}

/** `slug`: the organization whose page it is; null: the common page, which shows buttons only when there is one. */
export async function signInChoices(queries: Queries, slug: string | null): Promise<SignInChoices> {
  const organizationId = slug === null ? await onlyOrganization(queries) : await bySlug(queries, slug);
  const domain = await queries
    .selectFrom('identity_provider_domains')
    .select('domain')
    .where('verified_at', 'is not', null)
    .limit(1)
    .executeTakeFirst();
  if (organizationId === null) return { providers: [], byEmail: domain !== undefined };
  const rows = await queries
    .selectFrom('identity_providers')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('enabled', '=', 1)
    .orderBy('position')
    .orderBy('id')
    .limit(MAX_BUTTONS)
    .execute();
  return { providers: rows.map(toProvider), byEmail: domain !== undefined };
}

export async function bySlug(queries: Queries, slug: string): Promise<string | null> {
  const row = await queries.selectFrom('organizations').select('id').where('slug', '=', slug).executeTakeFirst();
  return row?.id ?? null;
}
