/**
 * One message to a browser, as its push service takes it: encrypted for the browser alone (RFC 8291, in the coding `aes128gcm` of RFC 8188) and
 * signed with the key by which the service knows us (VAPID, RFC 8292). Pure: what goes out is for `push.ts` to send.
 */
import { createCipheriv, createECDH, createPublicKey, hkdfSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** Of one record, with its tag and its padding (RFC 8291, 4): what services take at least. */
const RECORD_BYTES = 4_096;
/** The longest plain text that fits: tag, delimiter, and the header of 86 bytes go off. */
export const MAX_MESSAGE_BYTES = RECORD_BYTES - 16 - 1 - 86;
/** RFC 8292, 2: 24 hours are the most. */
const TOKEN_SECONDS = 43_200;
const TAG_BYTES = 16;

export interface PushTarget {
  readonly endpoint: string;
  readonly keys: { readonly p256dh: string; readonly auth: string };
}

/** The public half, as a browser wants it: an uncompressed point. */
export function publicPointOf(key: KeyObject): Buffer {
  const { x, y } = createPublicKey(key).export({ format: 'jwk' });
  return Buffer.concat([Buffer.from([4]), Buffer.from(x!, 'base64url'), Buffer.from(y!, 'base64url')]);
}

/** Null: the browser's key is no point of the curve. `message` has at most `MAX_MESSAGE_BYTES`. */
export function encryptPush(message: Uint8Array, { p256dh, auth }: PushTarget['keys']): Buffer | null {
  const theirs = Buffer.from(p256dh, 'base64url');
  const ephemeral = createECDH('prime256v1');
  const ours = ephemeral.generateKeys();
  let shared: Buffer;
  try {
    shared = ephemeral.computeSecret(theirs);
  } catch {
    return null;
  }
  // RFC 8291, 3.4.
  const keyInfo = Buffer.concat([Buffer.from('WebPush: info\0'), theirs, ours]);
  const ikm = derive(shared, Buffer.from(auth, 'base64url'), keyInfo, 32);
  const salt = randomBytes(16);
  const key = derive(ikm, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16);
  const nonce = derive(ikm, salt, Buffer.from('Content-Encoding: nonce\0'), 12);
  const cipher = createCipheriv('aes-128-gcm', key, nonce, { authTagLength: TAG_BYTES });
  // One record, the last one: its delimiter is 2 (RFC 8188, 2).
  const body = Buffer.concat([cipher.update(message), cipher.update(Buffer.from([2])), cipher.final()]);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(RECORD_BYTES);
  return Buffer.concat([salt, size, Buffer.from([ours.length]), ours, body, cipher.getAuthTag()]);
}

/** The value of `Authorization`. `subject`: whom a push service may ask about us; a URL of https, or nothing. */
export function vapidOf(key: KeyObject, endpoint: string, subject: string, nowMs: number): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    aud: new URL(endpoint).origin,
    exp: Math.floor(nowMs / 1000) + TOKEN_SECONDS,
    ...(subject.startsWith('https://') ? { sub: subject } : {}),
  };
  const signed = `${part({ typ: 'JWT', alg: 'ES256' })}.${part(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `vapid t=${signed}.${signature.toString('base64url')}, k=${publicPointOf(key).toString('base64url')}`;
}

function derive(ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', ikm, salt, info, bytes));
}
