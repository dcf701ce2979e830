import { BasicConstraintsExtension } from '@peculiar/x509';
import { type Certificate, certificatesOf, isForModel } from './certificates.ts';
import { isSignedBy, type ReadStatement, signedBytes } from './statement.ts';

/** `packed` with a maker's certificate (WebAuthn 3, 8.2): what security keys answer with. */
export const readPacked: ReadStatement = (statement, attested) => {
  const chain = certificatesOf(statement.get('x5c'));
  if (chain === null) return null;
  const [maker] = chain;
  if (!isMaker(maker) || !isForModel(maker, attested.aaguid)) return null;
  const good = isSignedBy(maker.signed.publicKey, statement.get('alg'), signedBytes(attested), statement.get('sig'));
  return good ? { chain } : null;
};

/** WebAuthn 3, 8.2.1: what the certificate of a maker says. */
function isMaker({ signed, read }: Certificate): boolean {
  if (signed.ca || read.getExtension(BasicConstraintsExtension) === null) return false;
  const subject = new Map(
    signed.subject.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  if (subject.get('OU') !== 'Authenticator Attestation') return false;
  return Boolean(subject.get('O') && subject.get('CN') && subject.get('C')?.length === 2);
}
