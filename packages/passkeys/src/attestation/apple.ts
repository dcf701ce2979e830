import { certificatesOf } from './certificates.ts';
import { type ReadStatement, sha256, signedBytes } from './statement.ts';

const NONCE_EXTENSION = '1.2.840.113635.100.8.2';
/** SEQUENCE { [1] EXPLICIT OCTET STRING of 32 bytes }. */
const NONCE_HEAD = Buffer.from([0x30, 0x24, 0xa1, 0x22, 0x04, 0x20]);

/** `apple` (WebAuthn 3, 8.8): a certificate of the passkey's own key, made for this one registration. */
export const readApple: ReadStatement = (statement, attested) => {
  const chain = certificatesOf(statement.get('x5c'));
  if (chain === null) return null;
  const [{ signed, read }] = chain;
  const nonce = Buffer.concat([NONCE_HEAD, sha256(signedBytes(attested))]);
  const extension = read.getExtension(NONCE_EXTENSION);
  if (extension === null || !nonce.equals(Buffer.from(extension.value))) return null;
  return !signed.ca && signed.publicKey.equals(attested.key) ? { chain, understood: [NONCE_EXTENSION] } : null;
};
