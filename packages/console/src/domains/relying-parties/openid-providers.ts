import type { Provider } from 'oidc-provider';
import type { Context } from '../context.ts';

/**
 * Stands in for `prompt=none`, which the library answers before our session was looked at: the page of the interaction
 * then finishes without a person, or says what one would be needed for.
 */
export const SILENT = 'zn_silent';

/** How long a console may go on with the keys that it knows: far shorter than a new one is shown before it signs. */
const KEYS_TTL_MS = 60_000;

interface Made {
  readonly provider: Promise<Provider>;
  /** Which keys it has, the signing one first. */
  readonly keyIds: Promise<string>;
  checkedAtMs: number;
}

const providers = new WeakMap<Context, Map<string, Made>>();

/**
 * The OpenID provider under the address that the console has now, since the issuer is part of every token, and with the
 * keys that have their turn.
 */
export async function openidProvider(context: Context): Promise<Provider> {
  const known = providers.get(context) ?? new Map<string, Made>();
  providers.set(context, known);
  const url = context.settings.publicUrl();
  let made = known.get(url);
  const nowMs = context.clock();
  if (made !== undefined && nowMs - made.checkedAtMs >= KEYS_TTL_MS) {
    made.checkedAtMs = nowMs;
    if ((await made.keyIds) !== (await keyIds(context))) made = undefined;
  }
  if (made === undefined) {
    // Its keys are read after their names: where they changed in between, it is only made once more.
    const ids = keyIds(context);
    made = { provider: ids.then(() => load(context)), keyIds: ids, checkedAtMs: nowMs };
    Promise.all([made.provider, made.keyIds]).catch(() => known.delete(url));
    known.set(url, made);
  }
  return await made.provider;
}

async function keyIds(context: Context): Promise<string> {
  return (await context.authority.openidKeys()).keys.map(({ jwk }) => jwk.kid).join(' ');
}

/** Not before somebody uses it: the library is large, and most consoles never need it. */
async function load(context: Context): Promise<Provider> {
  const { createOpenidProvider } = await import('./openid-provider.ts');
  return await createOpenidProvider(context);
}
