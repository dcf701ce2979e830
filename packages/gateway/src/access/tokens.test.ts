import assert from 'node:assert/strict';
import { createHmac, sign } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { CONSOLE_ISSUER, createId, PORTAL_AUDIENCE, TOKEN_TYPE } from '@zeronaut/model';
import { importJWK, jwtVerify } from 'jose';
import {
  type AccessWorld,
  createKey,
  createResource,
  type KeyPair,
  randomSecret,
  AccessWorld as World,
} from './access-world.suite.ts';
import { mintToken, TokenVerifier } from './tokens.ts';

const HOST = 'app.base.test';

describe('tokens', () => {
  let world: AccessWorld;
  let claims: Record<string, unknown>;
  before(async () => {
    world = await World.create([createResource('app')]);
    claims = {
      iss: world.gatewayId,
      aud: HOST,
      sub: world.ann.id,
      sid: createId('session'),
      org: world.ann.organizationId,
      iat: world.seconds(),
      exp: world.seconds() + 3600,
    };
  });

  const verify = (token: string, audience = HOST, verifier = new TokenVerifier()) =>
    verifier.verify('domainSession', token, { tables: world.tables.get(), audience, nowMs: world.clock.now() });

  /** A JWS with any header and payload text at all, signed for real. */
  function forge(header: unknown, payload: unknown, key: KeyPair = world.gatewayKey): string {
    const part = (value: unknown) =>
      Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
    const input = `${part(header)}.${part(payload)}`;
    return `${input}.${sign(null, Buffer.from(input), key.privateKey).toString('base64url')}`;
  }
  const header = (parts: object = {}) => ({ alg: 'EdDSA', kid: 'gateway-a', typ: TOKEN_TYPE.domainSession, ...parts });

  test('what we mint verifies here and with jose', async () => {
    const token = mintToken('domainSession', claims, world.gatewayKey);
    assert.deepEqual(verify(token), { state: 'valid', claims });
    const { payload, protectedHeader } = await jwtVerify(token, await importJWK(world.gatewayKey.jwk, 'EdDSA'), {
      audience: HOST,
      typ: TOKEN_TYPE.domainSession,
      currentDate: new Date(world.clock.now()),
    });
    assert.deepEqual(payload, claims);
    assert.deepEqual(protectedHeader, header());
  });

  test('what jose mints for the console verifies here', async () => {
    const { token, sessionId } = await world.portalToken(world.ann);
    const result = new TokenVerifier().verify('portalSession', token, {
      tables: world.tables.get(),
      audience: PORTAL_AUDIENCE,
      nowMs: world.clock.now(),
    });
    assert.equal(result.state === 'valid' && result.claims.sid, sessionId);
  });

  test('another gateway of the organization is believed under its own name', () => {
    const other = { ...claims, iss: world.otherGatewayId };
    assert.equal(verify(mintToken('domainSession', other, world.otherGatewayKey)).state, 'valid');
  });

  const refused: readonly [string, () => string][] = [
    [
      'alg none without signature',
      () =>
        `${forge(header({ alg: 'none' }), claims)
          .split('.')
          .slice(0, 2)
          .join('.')}.`,
    ],
    ['alg none with a signature', () => forge(header({ alg: 'none' }), claims)],
    ['alg NONE', () => forge(header({ alg: 'NONE' }), claims)],
    ['another spelling of the algorithm', () => forge(header({ alg: 'eddsa' }), claims)],
    ['Ed25519 as the algorithm name', () => forge(header({ alg: 'Ed25519' }), claims)],
    [
      'HS256 under the public key',
      () => {
        const input = forge(header({ alg: 'HS256' }), claims)
          .split('.')
          .slice(0, 2)
          .join('.');
        const secret = world.gatewayKey.publicKey.export({ format: 'der', type: 'spki' });
        return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
      },
    ],
    ['an unknown kid', () => forge(header({ kid: 'nobody' }), claims)],
    ['kid __proto__', () => forge(header({ kid: '__proto__' }), claims)],
    ['kid as a path', () => forge(header({ kid: '../../gateway-a' }), claims)],
    ['kid as a number', () => forge(header({ kid: 1 }), claims)],
    ['no kid', () => forge({ alg: 'EdDSA', typ: TOKEN_TYPE.domainSession }, claims)],
    ['a key of its own under our kid', () => forge(header(), claims, createKey('gateway-a'))],
    ['a key in the header', () => forge(header({ jwk: createKey('gateway-a').jwk }), claims)],
    ['jku', () => forge(header({ jku: 'https://evil.test/jwks' }), claims)],
    ['crit', () => forge(header({ crit: ['b64'] }), claims)],
    ['b64 false', () => forge(header({ b64: false }), claims)],
    ['the type of another token', () => forge(header({ typ: TOKEN_TYPE.code }), claims)],
    ['the type of an assertion', () => mintToken('assertion', claims, world.gatewayKey)],
    ['the type in another case', () => forge(header({ typ: 'ZN-SESSION+JWT' }), claims)],
    [
      'the kid of the other gateway under our name',
      () => forge(header({ kid: 'gateway-b' }), claims, world.otherGatewayKey),
    ],
    ['our key under the name of the other gateway', () => forge(header(), { ...claims, iss: world.otherGatewayId })],
    ['a console key', () => forge(header({ kid: 'console-1' }), { ...claims, iss: CONSOLE_ISSUER }, world.consoleKey)],
    ['another audience', () => forge(header(), { ...claims, aud: 'b.base.test' })],
    ['an audience list that holds ours', () => forge(header(), { ...claims, aud: [HOST] })],
    ['issued in the future', () => forge(header(), { ...claims, iat: world.seconds() + 61 })],
    ['no expiry', () => forge(header(), { ...claims, exp: undefined })],
    ['an expiry that is no number', () => forge(header(), { ...claims, exp: '9999999999' })],
    ['an expiry beyond numbers', () => forge(header(), JSON.stringify(claims).replace(/"exp":\d+/, '"exp":1e999'))],
    ['claims that are a list', () => forge(header(), [claims])],
    ['claims that are null', () => forge(header(), 'null')],
    ['claims that are no JSON', () => forge(header(), '{')],
    ['a header that is no JSON', () => forge('{', claims)],
    ['a header that is a string', () => forge('"EdDSA"', claims)],
    ['nothing', () => ''],
    ['dots', () => '..'],
    ['two parts', () => forge(header(), claims).split('.').slice(0, 2).join('.')],
    ['four parts', () => `${forge(header(), claims)}.x`],
    ['five parts, as in JWE', () => `${forge(header(), claims)}.x.x`],
    ['a space in front', () => ` ${forge(header(), claims)}`],
    ['padding', () => `${forge(header(), claims)}==`],
    ['a character of the other base64 alphabet', () => `${forge(header(), claims)}+`],
    ['too long', () => forge(header(), { ...claims, filler: 'x'.repeat(4096) })],
    ['a share of something', () => forge(header(), { ...claims, share: 'not an id!' })],
  ];
  for (const [name, make] of refused) {
    test(`refuses ${name}`, () => assert.deepEqual(verify(make()), { state: 'invalid' }));
  }

  test('refuses every token with one changed bit', () => {
    const token = mintToken('domainSession', claims, world.gatewayKey);
    const verifier = new TokenVerifier();
    assert.equal(verify(token, HOST, verifier).state, 'valid');
    for (let at = 0; at < token.length; at++) {
      const flipped = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
      assert.notEqual(verify(flipped, HOST, verifier).state, 'valid', `character ${at}`);
    }
  });

  test('refuses a signature in a second encoding of the same bytes', () => {
    const token = mintToken('domainSession', claims, world.gatewayKey);
    // 64 bytes are 86 characters; the last one has four bits that decoders ignore.
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = alphabet[alphabet.indexOf(token.at(-1)!) ^ 1]!;
    const twin = token.slice(0, -1) + last;
    assert.deepEqual(Buffer.from(twin.split('.')[2]!, 'base64url'), Buffer.from(token.split('.')[2]!, 'base64url'));
    assert.equal(verify(twin).state, 'invalid');
  });

  test('a minute of leeway for clocks that differ, but none for the end of a session', () => {
    const tables = world.tables.get();
    const endMs = (claims.exp as number) * 1000;
    const code = mintToken(
      'code',
      { ...claims, jti: randomSecret(), nonce: randomSecret(), path: '/', sexp: claims.exp },
      world.gatewayKey,
    );
    const session = mintToken('domainSession', claims, world.gatewayKey);
    const verifier = new TokenVerifier();
    const at = (type: 'code' | 'domainSession', nowMs: number) =>
      verifier.verify(type, type === 'code' ? code : session, { tables, audience: HOST, nowMs }).state;
    assert.equal(at('code', endMs + 59_999), 'valid');
    assert.equal(at('code', endMs + 60_000), 'expired');
    assert.equal(at('domainSession', endMs - 1), 'valid');
    assert.equal(at('domainSession', endMs), 'expired');
    const early = mintToken('domainSession', { ...claims, iat: world.seconds() + 60 }, world.gatewayKey);
    assert.equal(verify(early).state, 'valid');
  });

  test('a remembered token is refused as soon as its key, audience or type is not the one', async () => {
    const own = await World.create([createResource('app')]);
    const verifier = new TokenVerifier();
    const token = mintToken('domainSession', { ...claims, iss: own.gatewayId }, own.gatewayKey);
    const ask = (type: 'domainSession' | 'code' = 'domainSession', audience = HOST) =>
      verifier.verify(type, token, { tables: own.tables.get(), audience, nowMs: own.clock.now() }).state;
    assert.equal(ask(), 'valid');
    assert.equal(ask('code'), 'invalid');
    assert.equal(ask('domainSession', 'b.base.test'), 'invalid');
    own.change({});
    assert.equal(ask(), 'valid', 'a new snapshot with the same key');
    const keys = own.snapshot.gatewayKeys;
    own.change({ gatewayKeys: [{ gatewayId: own.gatewayId, key: createKey('gateway-a').jwk }] });
    assert.equal(ask(), 'invalid', 'another key under the same kid');
    own.change({ gatewayKeys: [] });
    assert.equal(ask(), 'invalid', 'no key');
    own.change({ gatewayKeys: [{ gatewayId: own.otherGatewayId, key: own.gatewayKey.jwk }] });
    assert.equal(ask(), 'invalid', 'the key is another gateway’s now');
    own.change({ gatewayKeys: keys });
    assert.equal(ask(), 'valid');
  });
});
