import { createHmac, generateKeyPairSync, type KeyObject, sign as signBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export interface TokenParts {
  readonly header?: Record<string, unknown>;
  readonly claims?: Record<string, unknown>;
  /** Default: the key that is published. */
  readonly key?: KeyObject;
  /** HMAC with this, whatever the header says. */
  readonly secret?: string;
  /** On the finished token. */
  readonly after?: (token: string) => string;
}

/** An OpenID provider whose tokens are whatever a test wants them to be. */
export interface RogueOidc {
  readonly issuer: string;
  /** PEM of the published key: what everybody knows. */
  readonly publicPem: string;
  readonly otherKey: KeyObject;
  /** Members of the discovery document that are different. */
  discovery: Record<string, unknown>;
  /** What the token endpoint answers. */
  tokens: Record<string, unknown>;
  /** A token with the published key's id, RS256, unless the parts say otherwise. */
  mint(parts: TokenParts): string;
}

export async function createRogueOidc(t: TestContext): Promise<RogueOidc> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const server = createServer((request, response) => {
    const send = (body: unknown) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    switch (request.url) {
      case '/.well-known/openid-configuration':
        return send({
          issuer: rogue.issuer,
          authorization_endpoint: `${rogue.issuer}/auth`,
          token_endpoint: `${rogue.issuer}/token`,
          jwks_uri: `${rogue.issuer}/jwks`,
          response_types_supported: ['code'],
          subject_types_supported: ['public'],
          id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
          ...rogue.discovery,
        });
      case '/jwks':
        return send({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig' }] });
      case '/token':
        return send(rogue.tokens);
      default:
        return response.writeHead(404).end();
    }
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const rogue: RogueOidc = {
    issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    otherKey: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
    discovery: {},
    tokens: {},
    mint({ header = {}, claims = {}, key = privateKey, secret, after = (token) => token }) {
      const input = `${encode({ alg: 'RS256', kid: 'one', ...header })}.${encode(claims)}`;
      const signature =
        secret === undefined
          ? signBytes('sha256', Buffer.from(input), key).toString('base64url')
          : createHmac('sha256', secret).update(input).digest('base64url');
      return after(`${input}.${signature}`);
    },
  };
  return rogue;
}
