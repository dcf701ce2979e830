import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { Refusal } from '../../store/refusal.ts';
import type { Context } from '../context.ts';

/**
 * Public keys of workload issuers, through the guarded way out. They are believed for ten minutes, so that a key that
 * was withdrawn stops counting; an unknown key id asks again, at most twice a minute, so that a new one counts at once
 * and made-up ids do not turn us against the issuer.
 */
const TTL_MS = 600_000;
const COOLDOWN_MS = 30_000;
const MAX_ISSUERS = 1_000;
const MAX_BYTES = 262_144;

interface Entry {
  readonly kids: ReadonlySet<string>;
  readonly keys: JWTVerifyGetKey | Refusal;
  readonly fetchedAt: number;
}

export interface KeySource {
  readonly issuer: string;
  readonly jwksUri: string | null;
  readonly keys: readonly object[] | null;
}

const caches = new WeakMap<Context, Map<string, Promise<Entry>>>();

/** Keys to verify a token with `kid` with. A refusal of the way out, or `workload.issuer_invalid`. */
export async function issuerKeys(
  context: Context,
  source: KeySource,
  kid: string | undefined,
): Promise<JWTVerifyGetKey | Refusal> {
  if (source.keys !== null) return createLocalJWKSet({ keys: [...source.keys] } as unknown as JSONWebKeySet);
  const cache = caches.get(context) ?? new Map<string, Promise<Entry>>();
  caches.set(context, cache);
  const name = `${source.issuer} ${source.jwksUri ?? ''}`;
  const known = await cache.get(name);
  const age = known === undefined ? Number.POSITIVE_INFINITY : context.clock() - known.fetchedAt;
  const useless = known !== undefined && (known.keys instanceof Refusal || (kid !== undefined && !known.kids.has(kid)));
  if (known !== undefined && age < (useless ? COOLDOWN_MS : TTL_MS)) return known.keys;
  // Of several callers at once the first one fetches.
  const current = cache.get(name);
  if (current !== undefined && (await current) !== known) return (await current).keys;
  const fetching = load(context, source);
  cache.delete(name);
  if (cache.size >= MAX_ISSUERS) cache.delete(cache.keys().next().value!);
  cache.set(name, fetching);
  return (await fetching).keys;
}

async function load(context: Context, source: KeySource): Promise<Entry> {
  const fetchedAt = context.clock();
  const uri = source.jwksUri ?? (await discoverKeysUri(context, source.issuer));
  const set = uri instanceof Refusal ? uri : await fetchJson(context, uri);
  if (set instanceof Refusal) return { kids: new Set(), keys: set, fetchedAt };
  const list = (set as { keys?: unknown }).keys;
  if (!Array.isArray(list) || list.length === 0 || list.length > 200) {
    return {
      kids: new Set(),
      keys: new Refusal('workload.issuer_invalid', { detail: 'no keys at jwks_uri' }),
      fetchedAt,
    };
  }
  // Never a secret key: with `oct` a token could be signed by whoever reads the public document.
  const keys = list.filter((key) => ['RSA', 'EC', 'OKP'].includes(key?.kty)).map(({ d: _private, ...key }) => key);
  const kids = new Set(keys.map((key) => String(key.kid)));
  return { kids, keys: createLocalJWKSet({ keys } as unknown as JSONWebKeySet), fetchedAt };
}

async function discoverKeysUri(context: Context, issuer: string): Promise<string | Refusal> {
  const document = await fetchJson(context, `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  if (document instanceof Refusal) return document;
  const { issuer: said, jwks_uri: uri } = document as { issuer?: unknown; jwks_uri?: unknown };
  if (said !== issuer)
    return new Refusal('workload.issuer_invalid', { detail: 'the discovery document names another issuer' });
  return typeof uri === 'string' ? uri : new Refusal('workload.issuer_invalid', { detail: 'no jwks_uri' });
}

async function fetchJson(context: Context, url: string): Promise<object | Refusal> {
  const answer = await context.outbound.fetch(url, { headers: { accept: 'application/json' }, maxBytes: MAX_BYTES });
  if (answer instanceof Refusal) return answer;
  const body: unknown = await answer.json().catch(() => null);
  return answer.status === 200 && typeof body === 'object' && body !== null
    ? body
    : new Refusal('workload.issuer_invalid', { detail: `status ${answer.status} or no JSON` });
}
