import { createCipheriv, createHash } from 'node:crypto';

/**
 * Bytes that every test and process can make again: noise whose period is a prime beside every buffer size, so that a
 * block that is lost, doubled or out of place changes the hash.
 */
const BLOCK = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16, 2)).update(Buffer.alloc(1_000_003));

/** `size` bytes in blocks. */
export function* blocksOf(size: number): Generator<Buffer> {
  for (let left = size; left > 0; left -= BLOCK.length) yield left >= BLOCK.length ? BLOCK : BLOCK.subarray(0, left);
}

/** SHA-256 of those bytes, hex. */
export function hashOfBytes(size: number): string {
  const hash = createHash('sha256');
  for (const block of blocksOf(size)) hash.update(block);
  return hash.digest('hex');
}
