/**
 * Opens an EncryptedAssertion: a key for us under RSA-OAEP, content under AES-GCM, or AES-CBC where a provider knows no
 * other. CBC is not authenticated, so that a sender of guesses must learn nothing from our answer: whatever goes wrong
 * in here has one reason, and a sign-in has one try.
 */
import { constants, createDecipheriv, privateDecrypt } from 'node:crypto';
import { Refusal } from '../../store/refusal.ts';
import { descendants, is, NS, onlyChild, textOf, type XmlElement } from './xml.ts';

interface Cipher {
  readonly name: 'aes-128-gcm' | 'aes-256-gcm' | 'aes-128-cbc' | 'aes-256-cbc';
  readonly keyBytes: number;
}

const CIPHERS: Readonly<Record<string, Cipher>> = {
  'http://www.w3.org/2009/xmlenc11#aes128-gcm': { name: 'aes-128-gcm', keyBytes: 16 },
  'http://www.w3.org/2009/xmlenc11#aes256-gcm': { name: 'aes-256-gcm', keyBytes: 32 },
  'http://www.w3.org/2001/04/xmlenc#aes128-cbc': { name: 'aes-128-cbc', keyBytes: 16 },
  'http://www.w3.org/2001/04/xmlenc#aes256-cbc': { name: 'aes-256-cbc', keyBytes: 32 },
};
/** RSA-OAEP; not RSAES-PKCS1-v1_5, whose padding has told secrets for 25 years. */
const KEY_TRANSPORT = 'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p';
const OAEP_HASHES: Readonly<Record<string, string>> = {
  'http://www.w3.org/2000/09/xmldsig#sha1': 'sha1',
  'http://www.w3.org/2001/04/xmlenc#sha256': 'sha256',
  'http://www.w3.org/2001/04/xmlenc#sha512': 'sha512',
};

/** The text of the assertion. `privateKey`: PEM. */
export function decryptAssertion(encrypted: XmlElement, privateKey: string): string | Refusal {
  const undecipherable = (detail: string) => new Refusal('idp.undecipherable', { detail });
  const data = onlyChild(encrypted, NS.encryption, 'EncryptedData');
  const cipher = data === null ? undefined : CIPHERS[methodOf(data)];
  if (data === null || cipher === undefined) return undecipherable('AES-GCM or AES-CBC is read');
  // Inside the data's KeyInfo, or beside the data.
  const keys = [...descendants(encrypted)].filter((one) => is(one, NS.encryption, 'EncryptedKey'));
  if (keys.length !== 1) return undecipherable('not one key for us');
  if (methodOf(keys[0]!) !== KEY_TRANSPORT) return undecipherable('RSA-OAEP is read');
  const digest = onlyChild(onlyChild(keys[0]!, NS.encryption, 'EncryptionMethod')!, NS.signature, 'DigestMethod');
  const oaepHash = digest === null ? 'sha1' : OAEP_HASHES[digest.attributes.get('Algorithm') ?? ''];
  const [wrapped, content] = [cipherValueOf(keys[0]!), cipherValueOf(data)];
  if (oaepHash === undefined || wrapped === null || content === null) return undecipherable('it is not complete');
  try {
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    const key = privateDecrypt({ key: privateKey, padding, oaepHash }, wrapped);
    if (key.length !== cipher.keyBytes) return undecipherable('it does not open');
    return new TextDecoder('utf-8', { fatal: true }).decode(open(cipher, key, content));
  } catch {
    // OpenSSL and the decoder say more; telling it would make an oracle.
    return undecipherable('it does not open');
  }
}

function open(cipher: Cipher, key: Buffer, content: Buffer): Buffer {
  if (cipher.name === 'aes-128-gcm' || cipher.name === 'aes-256-gcm') {
    const decipher = createDecipheriv(cipher.name, key, content.subarray(0, 12), { authTagLength: 16 });
    decipher.setAuthTag(content.subarray(-16));
    return Buffer.concat([decipher.update(content.subarray(12, -16)), decipher.final()]);
  }
  const decipher = createDecipheriv(cipher.name, key, content.subarray(0, 16)).setAutoPadding(false);
  const padded = Buffer.concat([decipher.update(content.subarray(16)), decipher.final()]);
  // XML Encryption, 5.2: the last byte counts, the others are arbitrary.
  const count = padded.at(-1) ?? 0;
  if (count < 1 || count > 16) throw new RangeError('padding');
  return padded.subarray(0, -count);
}

function methodOf(element: XmlElement): string {
  return onlyChild(element, NS.encryption, 'EncryptionMethod')?.attributes.get('Algorithm') ?? '';
}

function cipherValueOf(element: XmlElement): Buffer | null {
  const data = onlyChild(element, NS.encryption, 'CipherData');
  const text = data === null ? null : textOf(onlyChild(data, NS.encryption, 'CipherValue'));
  return text === null ? null : Buffer.from(text.replace(/\s+/g, ''), 'base64');
}
