import type { Reason } from '@zeronaut/model';

/** What the browser says of where a passkey was asked for. */
export interface ClientData {
  readonly challenge: string;
}

/**
 * Looks at it before anything is computed: the type, where the page was, and that it stood in no frame of another site. The
 * challenge is for the caller, who knows which ones are open.
 */
export function readClientData(
  encoded: string,
  expected: { readonly type: 'webauthn.create' | 'webauthn.get'; readonly origin: string },
): ClientData | Reason {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'));
  } catch {
    // JSON.parse has no other way to say so.
    return 'passkey.malformed';
  }
  if (typeof value !== 'object' || value === null) return 'passkey.malformed';
  const { type, challenge, origin, crossOrigin, topOrigin } = value as Record<string, unknown>;
  if (type !== expected.type || typeof challenge !== 'string') return 'passkey.malformed';
  if (origin !== expected.origin || (crossOrigin ?? false) !== false || topOrigin !== undefined)
    return 'passkey.origin';
  return { challenge };
}
