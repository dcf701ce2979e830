import { hash } from 'node:crypto';

/** What the first entry of a chain follows on: 32 zero bytes, base64url. */
export const CHAIN_START = 'A'.repeat(43);

/** Of one entry: SHA-256 over the hash before, a line feed, and the entry's canonical JSON without its hashes; base64url. */
export function chainHash(previousHash: string, body: string): string {
  return hash('sha256', `${previousHash}\n${body}`, 'base64url');
}
