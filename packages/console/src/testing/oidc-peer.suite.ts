import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import Provider, { type Configuration } from 'oidc-provider';

export interface PeerAccount {
  readonly email?: string;
  readonly email_verified?: boolean;
  readonly name?: string;
  readonly groups?: readonly string[];
}

/** An OpenID provider of another make, on loopback. Whoever comes is signed in as `signedIn`, without being asked. */
export interface OidcPeer {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly accounts: Map<string, PeerAccount>;
  /** Subject that the next visitor is. */
  signedIn: string;
  /** Registers the client; the peer answers from then on. */
  start(client: { redirectUri: string; logoutUri?: string; keys?: JWK[] }): Promise<void>;
}

export async function createOidcPeer(t: Pick<TestContext, 'after'>, more: Configuration = {}): Promise<OidcPeer> {
  let handle: ReturnType<Provider['callback']> | null = null;
  const server: Server = createServer((request, response) => {
    if (handle === null) response.writeHead(503).end();
    else void handle(request, response);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const peer: OidcPeer = {
    issuer,
    clientId: 'zeronaut',
    clientSecret: 'the-client-secret-of-the-console',
    accounts: new Map(),
    signedIn: '',
    async start({ redirectUri, logoutUri, keys }) {
      const provider = new Provider(issuer, {
        clients: [
          {
            client_id: peer.clientId,
            client_secret: peer.clientSecret,
            redirect_uris: [redirectUri],
            ...(logoutUri === undefined
              ? {}
              : { backchannel_logout_uri: logoutUri, backchannel_logout_session_required: true }),
          },
        ],
        jwks: { keys: keys ?? [await rsaKey('one')] },
        cookies: { keys: ['for tests'] },
        claims: { openid: ['sub', 'groups', 'sid'], email: ['email', 'email_verified'], profile: ['name'] },
        conformIdTokenClaims: false,
        features: {
          devInteractions: { enabled: false },
          backchannelLogout: { enabled: true },
          rpInitiatedLogout: { enabled: true },
        },
        pkce: { required: () => true },
        ttl: { Interaction: 600, Session: 3600, Grant: 3600, AccessToken: 600, IdToken: 600 },
        findAccount: (_ctx, subject) => ({
          accountId: subject,
          claims: async () => ({ sub: subject, ...peer.accounts.get(subject) }),
        }),
        // Its own guard against special-use addresses would keep logout messages from a console on loopback.
        fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined } as RequestInit),
        interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
        ...more,
      });
      provider.use(async (ctx, next) => {
        if (!ctx.path.startsWith('/interaction/')) return await next();
        const { params } = await provider.interactionDetails(ctx.req, ctx.res);
        const grant = new provider.Grant({ accountId: peer.signedIn, clientId: params.client_id as string });
        grant.addOIDCScope(params.scope as string);
        const consent = { grantId: await grant.save() };
        await provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: peer.signedIn }, consent });
        ctx.respond = false;
      });
      handle = provider.callback();
    },
  };
  return peer;
}

export async function rsaKey(kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, use: 'sig', alg: 'RS256' };
}
