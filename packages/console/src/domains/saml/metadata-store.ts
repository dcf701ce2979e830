/**
 * The metadata of a provider: as they were given, or from their address, kept in the database so that a provider whose
 * metadata server is away still signs people in. A rotated key is found by asking again, not by waiting.
 */
import { Refusal } from '../../store/refusal.ts';
import type { Context } from '../context.ts';
import type { Provider } from '../identity-providers/provider-rows.ts';
import { MAX_METADATA_BYTES, parseMetadata, type SamlMetadata } from './metadata.ts';

/** After this, metadata are asked for again before they are used. */
const REFRESH_AFTER_MS = 3_600_000;
/** How long the last good ones count while their server is away. */
const STALE_MS = 604_800_000;
/** Between two questions, whatever the reason: sign-ins must not wait for a dead server each time. */
const RETRY_AFTER_MS = 30_000;

/**
 * `fresh`: asked for again unless that was done just now. `idp.time_invalid` when they are past their `validUntil`.
 * What the server sent last and could not be read counts for nothing.
 */
export async function loadMetadata(
  context: Context,
  provider: Provider<'saml'>,
  fresh = false,
): Promise<SamlMetadata | Refusal> {
  const { metadata, metadataUrl, entityId } = provider.settings;
  if (metadata !== null) return current(context, parseMetadata(metadata, entityId));
  const nowMs = context.clock();
  const kept = await context.store.db
    .selectFrom('saml_metadata')
    .selectAll()
    .where('provider_id', '=', provider.id)
    .where('organization_id', '=', provider.organizationId)
    .where('provider_version', '=', provider.version)
    .executeTakeFirst();
  if (kept !== undefined) {
    const due = fresh || nowMs - kept.fetched_at > REFRESH_AFTER_MS;
    if (!due || nowMs - kept.tried_at < RETRY_AFTER_MS) {
      const usable = nowMs - kept.fetched_at < STALE_MS;
      if (usable) return current(context, parseMetadata(kept.document, entityId));
    }
  }
  const fetched = await fetchMetadata(context, metadataUrl!, entityId);
  if (fetched instanceof Refusal) {
    if (kept === undefined || nowMs - kept.fetched_at > STALE_MS) return fetched;
    await context.store.db
      .updateTable('saml_metadata')
      .set({ tried_at: nowMs })
      .where('provider_id', '=', provider.id)
      .execute();
    return current(context, parseMetadata(kept.document, entityId));
  }
  const row = {
    provider_version: provider.version,
    document: fetched.document,
    fetched_at: nowMs,
    tried_at: nowMs,
  };
  await context.store.db
    .insertInto('saml_metadata')
    .values({ provider_id: provider.id, organization_id: provider.organizationId, ...row })
    .onConflict((conflict) => conflict.column('provider_id').doUpdateSet(row))
    .execute();
  return current(context, fetched.metadata);
}

/** Whether another question could bring other keys. */
export function isRefreshable(provider: Provider<'saml'>): boolean {
  return provider.settings.metadataUrl !== null;
}

async function fetchMetadata(
  context: Context,
  url: string,
  entityId: string | null,
): Promise<{ document: string; metadata: SamlMetadata } | Refusal> {
  const answer = await context.outbound.fetch(url, {
    headers: { accept: 'application/samlmetadata+xml, application/xml;q=0.9, text/xml;q=0.9' },
    maxBytes: MAX_METADATA_BYTES,
  });
  if (answer instanceof Refusal) return answer;
  if (answer.status !== 200) {
    return new Refusal('idp.answer_invalid', { detail: `the metadata address answers with status ${answer.status}` });
  }
  const document = await answer.text();
  const metadata = parseMetadata(document, entityId);
  return metadata instanceof Refusal ? metadata : { document, metadata };
}

function current(context: Context, metadata: SamlMetadata | Refusal): SamlMetadata | Refusal {
  if (metadata instanceof Refusal || metadata.validUntilMs === null || metadata.validUntilMs > context.clock()) {
    return metadata;
  }
  return new Refusal('idp.time_invalid', {
    detail: `the metadata were valid until ${new Date(metadata.validUntilMs).toISOString()}`,
  });
}
