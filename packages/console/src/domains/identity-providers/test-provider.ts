import { Refusal } from '../../store/refusal.ts';
import type { Caller, Context } from '../context.ts';
import { loadMetadata } from '../saml/metadata-store.ts';
import { checkDirectory } from './ldap.ts';
import { discover } from './oidc.ts';
import { findProviderRow, type Provider, toProvider } from './provider-rows.ts';

export interface ProviderCheck {
  check: string;
  ok: boolean;
  reason: string | null;
  detail: string;
}

/** What can be asked of the other side without a person, as the sign-in would ask it. Nothing is kept. */
export async function testProvider(
  context: Context,
  caller: Caller,
  id: string,
): Promise<{ ok: boolean; checks: ProviderCheck[] } | Refusal> {
  const row = await findProviderRow(context.store.db, caller.organizationId, id);
  if (row instanceof Refusal) return row;
  const checks = await checksOf(context, toProvider(row));
  return { ok: checks.every(({ ok }) => ok), checks };
}

async function checksOf(context: Context, provider: Provider): Promise<ProviderCheck[]> {
  switch (provider.kind) {
    case 'oidc': {
      const metadata = await discover(context, provider, true);
      const checks = [toCheck('discovery', metadata, (found) => `issuer ${found.issuer}`)];
      if (metadata instanceof Refusal) return checks;
      const keys = await context.outbound.fetch(metadata.jwks_uri!);
      checks.push(toCheck('keys', await countKeys(keys), (count) => `${count} keys at ${metadata.jwks_uri}`));
      return checks;
    }
    case 'github': {
      const answer = await context.outbound.fetch(`${provider.settings.apiUrl.replace(/\/$/, '')}/meta`, {
        headers: { 'user-agent': 'zeronaut', accept: 'application/vnd.github+json' },
      });
      return [toCheck('api', answer, ({ status }) => `status ${status}`)];
    }
    case 'ldap':
      return [toCheck('directory', await checkDirectory(context, provider), (text) => text)];
    case 'saml':
      return [
        toCheck(
          'metadata',
          await loadMetadata(context, provider, true),
          ({ entityId, keys, signInUrl }) => `${entityId}, ${keys.length} keys, sign-in at ${signInUrl}`,
        ),
      ];
  }
}

export function toCheck<T>(check: string, result: T | Refusal, describe: (result: T) => string): ProviderCheck {
  return result instanceof Refusal
    ? { check, ok: false, reason: result.reason, detail: result.detail ?? '' }
    : { check, ok: true, reason: null, detail: describe(result) };
}

async function countKeys(answer: Response | Refusal): Promise<number | Refusal> {
  if (answer instanceof Refusal) return answer;
  const body = (await answer.json().catch(() => null)) as { keys?: unknown } | null;
  return answer.status === 200 && Array.isArray(body?.keys) && body.keys.length > 0
    ? body.keys.length
    : new Refusal('idp.answer_invalid', { detail: `status ${answer.status}, no keys` });
}
