import { createHash } from 'node:crypto';

/** What the first entry of a chain follows on: 32 zero bytes, base64url. */
export const CHAIN_START = 'A'.repeat(43);

/** Of one entry: SHA-256 over the hash before, a line feed, and the entry's canonical JSON without its hashes; base64url. */
export function chainHash(previousHash: string, body: string): string {
  return createHash('sha256').update(previousHash).update('\n').update(body).digest('base64url');
}
