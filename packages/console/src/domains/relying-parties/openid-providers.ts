import type { Provider } from 'oidc-provider';
import type { Context } from '../context.ts';

/**
 * Stands in for `prompt=none`, which the library answers before our session was looked at: the page of the interaction
 * then finishes without a person, or says what one would be needed for.
 */
export const SILENT = 'zn_silent';

const providers = new WeakMap<Context, Map<string, Promise<Provider>>>();

/** The OpenID provider under the address that the console has now: the issuer is part of every token. */
export async function openidProvider(context: Context): Promise<Provider> {
  const known = providers.get(context) ?? new Map<string, Promise<Provider>>();
  providers.set(context, known);
  const url = context.settings.publicUrl();
  let provider = known.get(url);
  if (provider === undefined) {
    provider = load(context);
    provider.catch(() => known.delete(url));
    known.set(url, provider);
  }
  return await provider;
}

/** Not before somebody uses it: the library is large, and most consoles never need it. */
async function load(context: Context): Promise<Provider> {
  const { createOpenidProvider } = await import('./openid-provider.ts');
  return await createOpenidProvider(context);
}
