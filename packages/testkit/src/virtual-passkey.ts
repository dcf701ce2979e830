import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** What of an honest answer is to be something else. Everything is signed as it then stands, unless `signature` says more. */
export interface PasskeyForgery {
  readonly origin?: string;
  readonly rpId?: string;
  readonly challenge?: string;
  readonly type?: string;
  readonly crossOrigin?: boolean;
  readonly topOrigin?: string;
  /** Flags byte of the authenticator data. */
  readonly flags?: number;
  readonly signCount?: number;
  readonly userHandle?: string;
  readonly credentialId?: string;
  /** Another key signs. */
  readonly key?: KeyObject;
  /** COSE algorithm that a new key claims. */
  readonly algorithm?: number;
  readonly format?: string;
  /** Of its model, 16 bytes; zeros otherwise. */
  readonly aaguid?: Buffer;
  /** Its maker's statement, in CBOR, over what is given; otherwise an empty map. */
  readonly statement?: (signed: { readonly authenticatorData: Buffer; readonly clientDataHash: Buffer }) => Buffer;
}

const UP = 0x01;
const UV = 0x04;
const AT = 0x40;

/** An authenticator with one passkey (ES256, or RS256), in software, which also lies when it is told to. */
export class VirtualPasskey {
  readonly credentialId = randomBytes(32).toString('base64url');
  readonly keys: { readonly privateKey: KeyObject; readonly publicKey: KeyObject };
  /** Null: it does not count, as those that are kept in a cloud do. */
  signCount: number | null = 0;
  userHandle = '';

  constructor(kind: 'ec' | 'rsa' = 'ec') {
    this.keys =
      kind === 'ec'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('rsa', { modulusLength: 2048 });
  }

  /** Answers the options of a registration (JSON of WebAuthn). */
  create(options: CreationOptions, forgery: PasskeyForgery & { readonly origin: string }) {
    this.userHandle = options.user.id;
    const id = forgery.credentialId ?? this.credentialId;
    const rawId = Buffer.from(id, 'base64url');
    const length = Buffer.alloc(2);
    length.writeUInt16BE(rawId.length);
    const data = Buffer.concat([
      this.#authenticatorData(forgery.rpId ?? options.rp.id, forgery.flags ?? UP | UV | AT, forgery.signCount ?? 0),
      forgery.aaguid ?? Buffer.alloc(16),
      length,
      rawId,
      this.#coseKey(forgery.algorithm),
    ]);
    const size = Buffer.alloc(2);
    size.writeUInt16BE(data.length);
    const format = Buffer.from(forgery.format ?? 'none');
    const clientDataJSON = clientData('webauthn.create', options.challenge, forgery);
    const clientDataHash = createHash('sha256').update(Buffer.from(clientDataJSON, 'base64url')).digest();
    const statement = forgery.statement?.({ authenticatorData: data, clientDataHash }) ?? Buffer.from([0xa0]);
    const attestationObject = Buffer.concat([
      Buffer.from([0xa3, 0x63]),
      Buffer.from('fmt'),
      Buffer.from([0x60 + format.length]),
      format,
      Buffer.from([0x67]),
      Buffer.from('attStmt'),
      statement,
      Buffer.from([0x68]),
      Buffer.from('authData'),
      Buffer.from([0x59]),
      size,
      data,
    ]).toString('base64url');
    return { id, type: 'public-key' as const, response: { clientDataJSON, attestationObject } };
  }

  /** Answers the options of a sign-in. */
  get(options: { readonly challenge: string; readonly rpId: string }, forgery: PasskeyForgery & { origin: string }) {
    if (this.signCount !== null && forgery.signCount === undefined) this.signCount++;
    const count = forgery.signCount ?? this.signCount ?? 0;
    const data = this.#authenticatorData(forgery.rpId ?? options.rpId, forgery.flags ?? UP | UV, count);
    const clientDataJSON = clientData('webauthn.get', options.challenge, forgery);
    const hash = createHash('sha256').update(Buffer.from(clientDataJSON, 'base64url')).digest();
    const signature = sign('sha256', Buffer.concat([data, hash]), forgery.key ?? this.keys.privateKey);
    return {
      id: forgery.credentialId ?? this.credentialId,
      type: 'public-key' as const,
      response: {
        clientDataJSON,
        authenticatorData: data.toString('base64url'),
        signature: signature.toString('base64url'),
        userHandle: forgery.userHandle ?? this.userHandle,
      },
    };
  }

  #coseKey(algorithm: number | undefined): Buffer {
    const { kty, x, y, n, e } = this.keys.publicKey.export({ format: 'jwk' });
    if (kty === 'RSA') {
      // {1: 3, 3: algorithm, -1: n, -2: e}
      return Buffer.concat([
        Buffer.from([0xa4, 0x01, 0x03, 0x03]),
        cborInteger(algorithm ?? -257),
        Buffer.from([0x20]),
        cborBytes(Buffer.from(n!, 'base64url')),
        Buffer.from([0x21]),
        cborBytes(Buffer.from(e!, 'base64url')),
      ]);
    }
    return Buffer.concat([
      // {1: 2, 3: algorithm, -1: 1, -2: x, -3: y}
      Buffer.from([0xa5, 0x01, 0x02, 0x03]),
      cborInteger(algorithm ?? -7),
      Buffer.from([0x20, 0x01, 0x21, 0x58, 0x20]),
      Buffer.from(x!, 'base64url'),
      Buffer.from([0x22, 0x58, 0x20]),
      Buffer.from(y!, 'base64url'),
    ]);
  }

  #authenticatorData(rpId: string, flags: number, signCount: number): Buffer {
    const data = Buffer.alloc(37);
    createHash('sha256').update(rpId).digest().copy(data);
    data.writeUInt8(flags, 32);
    data.writeUInt32BE(signCount, 33);
    return data;
  }
}

export interface CreationOptions {
  readonly challenge: string;
  readonly rp: { readonly id: string };
  readonly user: { readonly id: string };
}

function clientData(type: string, challenge: string, forgery: PasskeyForgery): string {
  const { origin, crossOrigin = false, topOrigin } = forgery;
  const data = {
    type: forgery.type ?? type,
    challenge: forgery.challenge ?? challenge,
    origin,
    crossOrigin,
    ...(topOrigin === undefined ? {} : { topOrigin }),
  };
  return Buffer.from(JSON.stringify(data)).toString('base64url');
}

/** A packed statement (WebAuthn 3, 8.2): `chain` is DER, the certificate of `key` first; without one, the passkey's own. */
export function packedStatement(key: KeyObject, data: Buffer, chain: readonly Buffer[] = [], algorithm = -7): Buffer {
  const parts = { alg: algorithm, sig: sign('sha256', data, key) };
  return cborStatement(chain.length === 0 ? parts : { ...parts, x5c: chain });
}

/** A map of texts, bytes, small integers, and arrays of bytes. */
export function cborStatement(parts: Readonly<Record<string, string | number | Buffer | readonly Buffer[]>>): Buffer {
  const entries = Object.entries(parts).flatMap(([name, value]) => [
    cborText(name),
    typeof value === 'string'
      ? cborText(value)
      : typeof value === 'number'
        ? cborInteger(value)
        : Buffer.isBuffer(value)
          ? cborBytes(value)
          : Buffer.concat([Buffer.from([0x80 + value.length]), ...value.map(cborBytes)]),
  ]);
  return Buffer.concat([Buffer.from([0xa0 + Object.keys(parts).length]), ...entries]);
}

/** Up to 23 bytes. */
function cborText(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x60 + text.length]), Buffer.from(text)]);
}

/** Up to 65,535 of them. */
function cborBytes(bytes: Buffer): Buffer {
  return Buffer.concat([cborHead(0x40, bytes.length), bytes]);
}

/** Small integers of both signs, up to 65,536 away from zero. */
function cborInteger(value: number): Buffer {
  return value < 0 ? cborHead(0x20, -1 - value) : cborHead(0x00, value);
}

/** In the shortest form, as authenticators have to write it. */
function cborHead(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([major | value]);
  if (value < 256) return Buffer.from([major | 24, value]);
  return Buffer.from([major | 25, value >> 8, value & 255]);
}
