import 'reflect-metadata';
import { KeyObject, randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { packedStatement } from './virtual-passkey.ts';

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;

interface LeafOptions {
  /** The AAGUID that the certificate is for; null: it does not say. Otherwise the maker's own. */
  readonly model?: Buffer | null;
  readonly subject?: string;
  readonly authority?: boolean;
  readonly notAfter?: Date;
  /** What must be understood and is not. */
  readonly criticalExtension?: boolean;
  /** An authority between the root and the certificate. */
  readonly intermediate?: boolean;
}

/** Who makes authenticators, and vouches for them: a root, and certificates below it. For tests. */
export interface AuthenticatorMaker {
  /** PEM. */
  readonly root: string;
  readonly aaguid: Buffer;
  /** What a `VirtualPasskey` answers with: this maker's word for it. */
  vouch(options?: LeafOptions): Promise<ReturnType<typeof vouched>>;
  /** A certificate of its own, or of a key that is given: DER. */
  issue(subject: string, publicKey: KeyObject, extensions: readonly x509.Extension[]): Promise<Buffer>;
}

export async function createAuthenticatorMaker(
  nowMs: number,
  options: { readonly pathLength?: number; readonly rootNotAfter?: Date } = {},
): Promise<AuthenticatorMaker> {
  const aaguid = randomBytes(16);
  const keys = await webcrypto.subtle.generateKey(EC, true, ['sign', 'verify']);
  const name = `C=CH, O=Example Keys, CN=Example root ${randomBytes(4).toString('hex')}`;
  const notBefore = new Date(nowMs - DAY_MS);
  const notAfter = new Date(nowMs + DAY_MS);
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name,
    notBefore,
    notAfter: options.rootNotAfter ?? notAfter,
    keys,
    signingAlgorithm: EC,
    extensions: [new x509.BasicConstraintsExtension(true, options.pathLength, true)],
  });
  return {
    root: root.toString('pem'),
    aaguid,
    issue: async (subject, publicKey, extensions) => {
      const certificate = await x509.X509CertificateGenerator.create({
        ...{ serialNumber: '04', subject, issuer: name, notBefore, notAfter, signingKey: keys.privateKey },
        publicKey: new x509.PublicKey(publicKey.export({ type: 'spki', format: 'der' })),
        signingAlgorithm: EC,
        extensions: [...extensions],
      });
      return Buffer.from(certificate.rawData);
    },
    vouch: async (leaf = {}) => {
      let issuer = { subject: name, privateKey: keys.privateKey };
      const chain: Buffer[] = [];
      if (leaf.intermediate) {
        const middle = await webcrypto.subtle.generateKey(EC, true, ['sign', 'verify']);
        const subject = 'C=CH, O=Example Keys, CN=Example batch';
        const certificate = await x509.X509CertificateGenerator.create({
          serialNumber: '02',
          subject,
          issuer: issuer.subject,
          notBefore,
          notAfter,
          publicKey: middle.publicKey,
          signingKey: issuer.privateKey,
          signingAlgorithm: EC,
          extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
        });
        chain.push(Buffer.from(certificate.rawData));
        issuer = { subject, privateKey: middle.privateKey };
      }
      const own = await webcrypto.subtle.generateKey(EC, true, ['sign', 'verify']);
      const model = leaf.model === undefined ? aaguid : leaf.model;
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: '03',
        subject: leaf.subject ?? 'C=CH, O=Example Keys, OU=Authenticator Attestation, CN=Example key',
        issuer: issuer.subject,
        notBefore,
        notAfter: leaf.notAfter ?? notAfter,
        publicKey: own.publicKey,
        signingKey: issuer.privateKey,
        signingAlgorithm: EC,
        extensions: [
          new x509.BasicConstraintsExtension(leaf.authority ?? false, undefined, true),
          ...(model === null
            ? []
            : [new x509.Extension('1.3.6.1.4.1.45724.1.1.4', false, Buffer.concat([Buffer.from([4, 16]), model]))]),
          ...(leaf.criticalExtension ? [new x509.Extension('1.3.6.1.4.1.55555.1', true, Buffer.from([5, 0]))] : []),
        ],
      });
      return vouched(KeyObject.from(own.privateKey), [Buffer.from(certificate.rawData), ...chain], aaguid);
    },
  };
}

function vouched(key: KeyObject, chain: readonly Buffer[], aaguid: Buffer) {
  return {
    format: 'packed',
    aaguid,
    statement: (signed: { authenticatorData: Buffer; clientDataHash: Buffer }) =>
      packedStatement(key, Buffer.concat([signed.authenticatorData, signed.clientDataHash]), chain),
  };
}
