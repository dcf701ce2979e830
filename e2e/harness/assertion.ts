import assert from 'node:assert/strict';
import { createPublicKey, type JsonWebKeyInput, verify } from 'node:crypto';

/**
 * Checks the assertion of a service's request the way a service would, with the key set that the gateway publishes and
 * without a line of our own verifier. Gives the claims.
 */
export function verifyAssertion(assertion: string, keySet: string, audience: string): Record<string, unknown> {
  const [head, payload, signature] = assertion.split('.') as [string, string, string];
  const header = decode(head);
  assert.equal(header.alg, 'EdDSA');
  const keys = (JSON.parse(keySet) as { keys: (JsonWebKeyInput['key'] & { kid: string })[] }).keys;
  const jwk = keys.find(({ kid }) => kid === header.kid);
  assert.ok(jwk !== undefined, `no key ${String(header.kid)} in ${keySet}`);
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  assert.ok(
    verify(null, Buffer.from(`${head}.${payload}`), key, Buffer.from(signature, 'base64url')),
    'the signature is not valid',
  );
  const claims = decode(payload);
  const now = Date.now() / 1000;
  assert.equal(claims.aud, audience);
  assert.ok((claims.iat as number) <= now + 60 && (claims.exp as number) > now, 'not valid now');
  return claims;
}

function decode(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
}
