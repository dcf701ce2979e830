import { KeyObject, randomBytes, webcrypto } from 'node:crypto';
import { CONSOLE_SERVER_NAME, deviceUri, gatewayUri } from '@zeronaut/model';
import type { CertifiedKey } from './certificate-request.ts';
import { x509 } from './x509.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;
/** Certificates of devices, gateways and hosts. Their holders renew at two thirds. */
export const LEAF_LIFETIME_MS = 90 * DAY_MS;
export const RENEW_AFTER_MS = (LEAF_LIFETIME_MS / 3) * 2;
const ROOT_LIFETIME_MS = 20 * 365 * DAY_MS;
/** Clocks of other machines may be a little behind ours. */
const BACKDATE_MS = 3_600_000;

export interface Issued {
  readonly pem: string;
  readonly notAfterMs: number;
}

/** The internal CA: one self-signed ECDSA P-256 root that issues leaves and nothing else. */
export interface CertificateAuthority {
  /** PEM of the root, for people and programs to trust. */
  readonly certificate: string;
  device(key: CertifiedKey, ids: { organizationId: string; userId: string; deviceId: string }): Promise<Issued>;
  /** A gateway towards the console. */
  gateway(key: CertifiedKey, ids: { organizationId: string; gatewayId: string }): Promise<Issued>;
  /** A host (or `*.` wildcard) for a gateway's TLS key; its tunnel listener's name is one of them. */
  host(spki: Buffer, host: string): Promise<Issued>;
  /** A fresh key and certificate for the console's own sync listener. */
  syncServer(): Promise<Issued & { key: string }>;
}

export interface RootMaterial {
  readonly certificate: string;
  /** PKCS #8, PEM. */
  readonly privateKey: string;
}

export async function createRoot(nowMs: number): Promise<RootMaterial> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const serial = randomSerial();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial,
    // The serial in the name keeps two installations apart in a trust store.
    name: [{ O: ['Zeronaut'] }, { CN: [`Zeronaut internal CA ${serial.slice(-8)}`] }],
    notBefore: new Date(nowMs - BACKDATE_MS),
    notAfter: new Date(nowMs + ROOT_LIFETIME_MS),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    certificate: root.toString('pem'),
    privateKey: KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** A key for SAML, and a certificate that nobody vouches for: the other side pins it. */
export async function createSamlKey(nowMs: number): Promise<RootMaterial> {
  const algorithm = {
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: 'SHA-256',
  };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    name: [{ O: ['Zeronaut'] }, { CN: ['Zeronaut SAML'] }],
    notBefore: new Date(nowMs - BACKDATE_MS),
    notAfter: new Date(nowMs + ROOT_LIFETIME_MS),
    keys,
    signingAlgorithm: algorithm,
  });
  return {
    certificate: certificate.toString('pem'),
    privateKey: KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

export async function createCertificateAuthority(
  material: RootMaterial,
  clock: () => number,
): Promise<CertificateAuthority> {
  const root = new x509.X509Certificate(material.certificate);
  const signingKey = await webcrypto.subtle.importKey('pkcs8', pemBytes(material.privateKey), ALGORITHM, false, [
    'sign',
  ]);
  const rootKeyId = await x509.AuthorityKeyIdentifierExtension.create(root.publicKey);
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;

  async function issue(
    spki: Buffer,
    usages: x509.ExtendedKeyUsageType[],
    names: x509.JsonGeneralNames,
  ): Promise<Issued> {
    const nowMs = clock();
    // X.509 counts whole seconds.
    const notAfterMs = Math.floor((nowMs + LEAF_LIFETIME_MS) / 1000) * 1000;
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: randomSerial(),
      subject: [{ O: ['Zeronaut'] }],
      issuer: root.subjectName,
      notBefore: new Date(nowMs - BACKDATE_MS),
      notAfter: new Date(notAfterMs),
      publicKey: new x509.PublicKey(spki),
      signingKey,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension(usages),
        new x509.SubjectAlternativeNameExtension(names),
        rootKeyId,
      ],
    });
    return { pem: certificate.toString('pem'), notAfterMs };
  }

  return {
    certificate: material.certificate,
    device: (key, { organizationId, userId, deviceId }) =>
      issue(key.spki, [clientAuth], [{ type: 'url', value: deviceUri(organizationId, userId, deviceId) }]),
    gateway: (key, { organizationId, gatewayId }) =>
      issue(key.spki, [clientAuth], [{ type: 'url', value: gatewayUri(organizationId, gatewayId) }]),
    host: (spki, host) => issue(spki, [serverAuth], [{ type: 'dns', value: host }]),
    async syncServer() {
      const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
      const spki = KeyObject.from(keys.publicKey).export({ type: 'spki', format: 'der' });
      const issued = await issue(spki, [serverAuth], [{ type: 'dns', value: CONSOLE_SERVER_NAME }]);
      return { ...issued, key: KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString() };
    },
  };
}

function randomSerial(): string {
  // 16 bytes whose first bit is 0 and which do not begin with a zero byte: positive and in its shortest form.
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return bytes.toString('hex');
}

function pemBytes(pem: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64'));
}
