import 'reflect-metadata';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/**
 * A PKCS #10 request (PEM) that proves possession of an ECDSA P-256 key. The subject is only for people who read it:
 * the console decides what the certificate says. Imported lazily, because the library costs more than a cold start may.
 */
export async function createCertificateRequest(privateKey: string, commonName: string): Promise<string> {
  const key = createPrivateKey(privateKey);
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: `CN=${commonName}`,
    signingAlgorithm: ALGORITHM,
    keys: {
      privateKey: key.toCryptoKey(ALGORITHM, false, ['sign']),
      publicKey: createPublicKey(key).toCryptoKey(ALGORITHM, true, ['verify']),
    },
  });
  return request.toString('pem');
}
