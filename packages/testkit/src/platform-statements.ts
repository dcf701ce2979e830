import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { AuthorizationList, IntegerSet, id_ce_keyDescription, KeyDescription } from '@peculiar/asn1-android';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import * as x509 from '@peculiar/x509';
import type { AuthenticatorMaker } from './authenticator-maker.ts';
import { cborStatement, type VirtualPasskey } from './virtual-passkey.ts';

/** What a statement is made over. */
export interface Signed {
  readonly authenticatorData: Buffer;
  readonly clientDataHash: Buffer;
}

/** Statements of platforms, for tests: honest unless told otherwise. */
export async function appleStatement(
  maker: AuthenticatorMaker,
  passkey: VirtualPasskey,
  signed: Signed,
  forgery: { readonly key?: KeyObject; readonly nonce?: Buffer; readonly authority?: boolean } = {},
): Promise<Buffer> {
  const nonce = forgery.nonce ?? hash('sha256', both(signed));
  const head = Buffer.from([0x30, 0x24, 0xa1, 0x22, 0x04, 0x20]);
  const certificate = await maker.issue('CN=passkey', forgery.key ?? passkey.keys.publicKey, [
    new x509.BasicConstraintsExtension(forgery.authority ?? false, undefined, true),
    new x509.Extension('1.2.840.113635.100.8.2', false, Buffer.concat([head, nonce])),
  ]);
  return cborStatement({ x5c: [certificate] });
}

export async function androidStatement(
  maker: AuthenticatorMaker,
  passkey: VirtualPasskey,
  signed: Signed,
  forgery: {
    readonly key?: KeyObject;
    readonly challenge?: Buffer;
    readonly signer?: KeyObject;
    readonly tee?: Partial<AuthorizationList>;
    readonly software?: Partial<AuthorizationList>;
    readonly bare?: boolean;
  } = {},
): Promise<Buffer> {
  const description = new KeyDescription({
    attestationChallenge: new OctetString(forgery.challenge ?? signed.clientDataHash),
    uniqueId: new OctetString(0),
    softwareEnforced: new AuthorizationList(forgery.software ?? { creationDateTime: 1 }),
    teeEnforced: new AuthorizationList(
      forgery.tee ?? { purpose: new IntegerSet([2]), algorithm: 3, keySize: 256, origin: 0 },
    ),
  });
  const extension = new x509.Extension(id_ce_keyDescription, false, AsnConvert.serialize(description));
  const certificate = await maker.issue(
    'CN=Android Keystore Key',
    forgery.key ?? passkey.keys.publicKey,
    forgery.bare ? [] : [extension],
  );
  return cborStatement({
    alg: -7,
    sig: sign('sha256', both(signed), forgery.signer ?? passkey.keys.privateKey),
    x5c: [certificate],
  });
}

export interface TpmForgery {
  readonly key?: KeyObject;
  readonly version?: string;
  readonly magic?: number;
  readonly type?: number;
  /** Of the public area, in its head. */
  readonly attributes?: number;
  readonly extra?: Buffer;
  readonly name?: Buffer;
  readonly subject?: string;
  readonly usage?: string;
  readonly attributesOfName?: readonly string[];
  readonly authority?: boolean;
  readonly model?: Buffer;
  /** Bytes after the end of what the TPM signs. */
  readonly trailing?: boolean;
  /** Another bit of what was signed. */
  readonly tampered?: boolean;
  /** `sha1`: as older Windows signs. */
  readonly hash?: 'sha1' | 'sha256';
}

export async function tpmStatement(
  maker: AuthenticatorMaker,
  passkey: VirtualPasskey,
  signed: Signed,
  forgery: TpmForgery = {},
): Promise<Buffer> {
  const { hash: algorithm = 'sha256', attributesOfName = ['2.23.133.2.1', '2.23.133.2.2', '2.23.133.2.3'] } = forgery;
  const aik = identityKey();
  const certificate = await maker.issue(forgery.subject ?? '', aik.publicKey, [
    new x509.BasicConstraintsExtension(forgery.authority ?? false, undefined, true),
    // As Microsoft writes it.
    new x509.CertificatePolicyExtension(['1.3.6.1.4.1.311.21.31'], true),
    new x509.ExtendedKeyUsageExtension([forgery.usage ?? '2.23.133.8.3']),
    new x509.SubjectAlternativeNameExtension(
      [{ type: 'dn', value: attributesOfName.map((attribute) => `${attribute}=id:414D4400`).join('+') }],
      true,
    ),
    ...(forgery.model === undefined
      ? []
      : [new x509.Extension('1.3.6.1.4.1.45724.1.1.4', false, Buffer.concat([Buffer.from([4, 16]), forgery.model]))]),
  ]);
  const area = publicArea(forgery.key ?? passkey.keys.publicKey, forgery.attributes ?? 0x00060472);
  const name = forgery.name ?? Buffer.concat([uint(0x000b, 2), hash('sha256', area)]);
  const info = Buffer.concat([
    uint(forgery.magic ?? 0xff544347, 4),
    uint(forgery.type ?? 0x8017, 2),
    sized(Buffer.from('0022000b', 'hex')),
    sized(forgery.extra ?? hash(algorithm, both(signed))),
    Buffer.alloc(17 + 8),
    sized(name),
    sized(name),
    Buffer.alloc(forgery.trailing ? 1 : 0),
  ]);
  const sig = sign(algorithm, info, aik.privateKey);
  if (forgery.tampered) info[40]! ^= 1;
  return cborStatement({
    ...{ ver: forgery.version ?? '2.0', alg: algorithm === 'sha1' ? -65535 : -257, sig },
    ...{ x5c: [certificate], pubArea: area, certInfo: info },
  });
}

let identity: { readonly publicKey: KeyObject; readonly privateKey: KeyObject } | undefined;

/** One for all: such keys take a while. */
function identityKey() {
  identity ??= generateKeyPairSync('rsa', { modulusLength: 2048 });
  return identity;
}

/** TPMT_PUBLIC of a key without a scheme of its own. */
function publicArea(key: KeyObject, attributes: number): Buffer {
  const { kty, n, x, y } = key.export({ format: 'jwk' });
  const head = (type: number) => [uint(type, 2), uint(0x000b, 2), uint(attributes, 4), sized(Buffer.alloc(32, 7))];
  const none = uint(0x0010, 2);
  if (kty === 'RSA') {
    return Buffer.concat([
      ...head(0x0001),
      ...[none, none, uint(2048, 2), uint(0, 4), sized(Buffer.from(n!, 'base64url'))],
    ]);
  }
  const point = [x!, y!].map((part) => sized(Buffer.from(part, 'base64url')));
  return Buffer.concat([...head(0x0023), none, none, uint(0x0003, 2), none, ...point]);
}

const both = ({ authenticatorData, clientDataHash }: Signed) => Buffer.concat([authenticatorData, clientDataHash]);
const hash = (algorithm: string, data: Buffer) => createHash(algorithm).update(data).digest();
const sized = (bytes: Buffer) => Buffer.concat([uint(bytes.length, 2), bytes]);

function uint(value: number, size: 2 | 4): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntBE(value, 0, size);
  return bytes;
}
