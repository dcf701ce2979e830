import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { clampPrivateKey, importDhKeyPair, parseBase64Key } from '@zeronaut/tunnel/wireguard';
import { usageError } from '../cli-error.ts';
import type { Output } from '../output/output.ts';

export async function printKey(kind: 'genkey' | 'genpsk' | 'pubkey', output: Output): Promise<void> {
  const key = Buffer.from(await make(kind)).toString('base64');
  output.line(key);
  output.document({ key });
}

async function make(kind: 'genkey' | 'genpsk' | 'pubkey'): Promise<Uint8Array> {
  if (kind === 'genpsk') return randomBytes(32);
  if (kind === 'genkey') return clampPrivateKey(randomBytes(32));
  const key = parseBase64Key((await text(process.stdin)).trim());
  if (key === undefined) {
    throw usageError('standard input is no private key', 'Make one with zeronaut wg genkey: 44 base64 characters.');
  }
  return importDhKeyPair(key).publicKey;
}
