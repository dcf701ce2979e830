/**
 * Zeronaut as OpenID provider for services behind it: the certified library `oidc-provider`, with our store, our keys and
 * our sign-in. It keeps no session of its own: each authorization passes `pages/openid-pages.ts`, where the console's
 * session alone counts.
 */
import { timingSafeEqual } from 'node:crypto';
import { interactionPolicy, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { Context } from '../context.ts';
import { fetchThrough } from '../identity-providers/provider-fetch.ts';
import { hashToken } from '../random-token.ts';
import { isGrantAlive } from './grants.ts';
import { SILENT } from './openid-providers.ts';
import { OpenidStore } from './openid-store.ts';
import { findRelyingParty, openidIssuer } from './relying-parties.ts';

const CODE_SECONDS = 60;
const ACCESS_TOKEN_SECONDS = 900;
const ID_TOKEN_SECONDS = 3_600;
const INTERACTION_SECONDS = 1_200;
/** A refresh token that is not used for so long ends; each use makes a new one. */
const REFRESH_TOKEN_SECONDS = 14 * 86_400;
/** After this everybody signs in anew. */
const GRANT_SECONDS = 90 * 86_400;

/** One for each address that the console is known by: the issuer is part of every token. */
export async function createOpenidProvider(context: Context): Promise<Provider> {
  const { keys, cookieKey } = await context.authority.openidKeys();
  const provider = new Provider(openidIssuer(context), {
    adapter: (model: string) => new OpenidStore(context, model),
    // The first that fits signs; all are shown.
    jwks: { keys: keys.map(({ jwk }) => jwk) },
    cookies: {
      keys: [cookieKey],
      names: { session: 'zn_openid_session', interaction: 'zn_openid_interaction', resume: 'zn_openid_resume' },
    },
    // For logout tokens: services are told through the one guarded way out.
    fetch: fetchThrough(context.outbound) as typeof fetch,
    extraParams: [SILENT],
    features: {
      backchannelLogout: { enabled: true },
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      revocation: { enabled: true },
      userinfo: { enabled: true },
    },
    responseTypes: ['code'],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
    pkce: { required: () => true },
    scopes: ['openid', 'offline_access'],
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified'],
      profile: ['name', 'preferred_username'],
      groups: ['groups'],
    },
    // Many services look no further than the ID token.
    conformIdTokenClaims: false,
    allowOmittingSingleRegisteredRedirectUri: false,
    rotateRefreshToken: true,
    expiresWithSession: () => false,
    ttl: {
      AuthorizationCode: CODE_SECONDS,
      AccessToken: ACCESS_TOKEN_SECONDS,
      IdToken: ID_TOKEN_SECONDS,
      Interaction: INTERACTION_SECONDS,
      Session: INTERACTION_SECONDS,
      RefreshToken: REFRESH_TOKEN_SECONDS,
      Grant: GRANT_SECONDS,
    },
    interactions: { policy: alwaysThroughOurSignIn(), url: (_ctx, { uid }) => `/oidc/interaction/${uid}` },
    findAccount: (ctx, userId, token) =>
      findAccount(context, ctx, userId, token as { grantId?: string | undefined } | undefined),
    renderError(ctx, { error, error_description: description }) {
      ctx.type = 'text/plain; charset=utf-8';
      ctx.body = `${error}: ${description ?? ''}\n`;
    },
  });
  // The console sets what is true of the request itself, see `openid-pages.ts`.
  provider.proxy = true;
  Object.defineProperty(provider.Client.prototype, 'compareClientSecret', {
    value(this: { clientSecret: string }, given: string) {
      return timingSafeEqual(Buffer.from(hashToken(given)), Buffer.from(this.clientSecret));
    },
  });
  return provider;
}

function alwaysThroughOurSignIn() {
  const policy = interactionPolicy.base();
  policy
    .get('login')!
    .checks.add(
      new interactionPolicy.Check('console_session', 'the session of the console decides', 'login_required', (ctx) =>
        ctx.oidc.result?.login === undefined
          ? interactionPolicy.Check.REQUEST_PROMPT
          : interactionPolicy.Check.NO_NEED_TO_PROMPT,
      ),
    );
  return policy;
}

async function findAccount(
  context: Context,
  ctx: KoaContextWithOIDC,
  userId: string,
  token: { grantId?: string | undefined } | undefined,
) {
  const clientId = ctx.oidc.client?.clientId;
  const party = clientId === undefined ? null : await findRelyingParty(context, clientId);
  if (party === null) return undefined;
  if (token?.grantId !== undefined && !(await isGrantAlive(context, token.grantId))) return undefined;
  const user = await context.store.db
    .selectFrom('users')
    .select(['id', 'email', 'name', 'groups'])
    .where('organization_id', '=', party.organizationId)
    .where('id', '=', userId)
    .where('kind', '=', 'person')
    .where('status', '=', 'active')
    .executeTakeFirst();
  if (user === undefined) return undefined;
  const groups = JSON.parse(user.groups) as string[];
  // Asked anew at each refresh: who left the group is out.
  if (party.groups !== null && !party.groups.some((group) => groups.includes(group))) return undefined;
  return {
    accountId: user.id,
    claims: () => ({
      sub: user.id,
      email: user.email,
      // The organization gave or proved the address.
      email_verified: true,
      name: user.name,
      preferred_username: user.email,
      groups,
    }),
  };
}
