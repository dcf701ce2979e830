import 'reflect-metadata';
import { createHash, KeyObject, randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { deviceUri, gatewayServerName, gatewayUri } from '@zeronaut/model';

/** A certificate with its key, as `node:tls` wants them. */
export interface Credentials {
  /** PEM. */
  readonly cert: string;
  /** PKCS #8 PEM. */
  readonly key: string;
  /** SHA-256 of the SubjectPublicKeyInfo, base64url: what a snapshot holds of a device. */
  readonly keyFingerprint: string;
}

export interface IssueOptions {
  /** Default: an hour ago. */
  readonly notBefore?: Date;
  /** Default: in a day. */
  readonly notAfter?: Date;
  /** Object identifiers. Default: for servers and clients. */
  readonly purposes?: readonly string[];
}

/** A certificate authority that lives in memory, for tests. */
export interface TestAuthority {
  /** PEM of the root. */
  readonly certificate: string;
  device(
    ids: { organizationId: string; userId: string; deviceId: string },
    options?: IssueOptions,
  ): Promise<Credentials>;
  /** For the tunnel listener (server name) and for the sync link (URI). */
  gateway(ids: { organizationId: string; gatewayId: string }, options?: IssueOptions): Promise<Credentials>;
  /** A web or console server. Names may be host names or addresses. */
  server(names: readonly string[], options?: IssueOptions): Promise<Credentials>;
  /** Any subject alternative names: for certificates that must be refused. */
  issue(names: x509.JsonGeneralNames, options?: IssueOptions): Promise<Credentials>;
}

const BOTH_PURPOSES = [x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth];
const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export async function createTestAuthority(commonName = 'Zeronaut test authority'): Promise<TestAuthority> {
  const keys = await webcrypto.subtle.generateKey(EC, true, ['sign', 'verify']);
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=${commonName}`,
    ...validity({}),
    keys,
    signingAlgorithm: EC,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });

  async function issue(names: x509.JsonGeneralNames, options: IssueOptions = {}): Promise<Credentials> {
    const leaf = await webcrypto.subtle.generateKey(EC, true, ['sign', 'verify']);
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serial(),
      subject: 'O=Zeronaut test',
      issuer: root.subject,
      ...validity(options),
      publicKey: leaf.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: EC,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([...(options.purposes ?? BOTH_PURPOSES)]),
        new x509.SubjectAlternativeNameExtension(names),
        await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    const publicKey = KeyObject.from(leaf.publicKey).export({ type: 'spki', format: 'der' });
    return {
      cert: certificate.toString('pem'),
      key: KeyObject.from(leaf.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString(),
      keyFingerprint: createHash('sha256').update(publicKey).digest('base64url'),
    };
  }

  return {
    certificate: root.toString('pem'),
    issue,
    device: ({ organizationId, userId, deviceId }, options) =>
      issue([{ type: 'url', value: deviceUri(organizationId, userId, deviceId) }], options),
    gateway: ({ organizationId, gatewayId }, options) =>
      issue(
        [
          { type: 'dns', value: gatewayServerName(gatewayId) },
          { type: 'url', value: gatewayUri(organizationId, gatewayId) },
        ],
        options,
      ),
    server: (names, options) =>
      issue(
        names.map((value) => ({ type: /^[\d.]+$|:/.test(value) ? ('ip' as const) : ('dns' as const), value })),
        options,
      ),
  };
}

function serial(): string {
  // The first bit stays 0: serial numbers are positive.
  return `5${randomBytes(15).toString('hex')}`.slice(0, 30);
}

function validity({ notBefore, notAfter }: IssueOptions): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: notBefore ?? new Date(now - 3_600_000), notAfter: notAfter ?? new Date(now + 86_400_000) };
}
