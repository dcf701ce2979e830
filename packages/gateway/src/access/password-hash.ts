import { argon2, timingSafeEqual } from 'node:crypto';
import { Fault } from '@zeronaut/model';

/** A parsed PHC string of argon2id. */
export interface PasswordHash {
  readonly memoryKib: number;
  readonly passes: number;
  readonly parallelism: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** Our choice: what one verification may cost at most. Four run at once, so 512 MiB in the worst case. */
const MAX_MEMORY_KIB = 131_072;
const MAX_PASSES = 16;
const MAX_PARALLELISM = 8;

/** `$argon2id$v=19$m=…,t=…,p=…$salt$hash`, exactly so. Nothing for any other algorithm, version, order or cost. */
export function parsePasswordHash(text: string): PasswordHash | null {
  if (text.length > 512) return null;
  const match =
    /^\$argon2id\$v=19\$m=([1-9]\d{0,6}),t=([1-9]\d{0,2}),p=([1-9]\d{0,1})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/.exec(
      text,
    );
  if (match === null) return null;
  const [memoryKib, passes, parallelism] = [Number(match[1]), Number(match[2]), Number(match[3])];
  // RFC 9106, 3.1: at least 8 KiB per lane.
  if (memoryKib > MAX_MEMORY_KIB || memoryKib < 8 * parallelism) return null;
  if (passes > MAX_PASSES || parallelism > MAX_PARALLELISM) return null;
  return {
    memoryKib,
    passes,
    parallelism,
    salt: Buffer.from(match[4]!, 'base64'),
    hash: Buffer.from(match[5]!, 'base64'),
  };
}

/** Runs on the thread pool. Rejects with a Fault when memory for it is not to be had. */
export function matchPassword(stored: PasswordHash, password: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    argon2(
      'argon2id',
      {
        message: Buffer.from(password, 'utf8'),
        nonce: stored.salt,
        parallelism: stored.parallelism,
        tagLength: stored.hash.length,
        memory: stored.memoryKib,
        passes: stored.passes,
      },
      (error, derived) => {
        if (error !== null) reject(new Fault('access.hash_failed', { side: 'local', retry: 'yes', cause: error }));
        else resolve(timingSafeEqual(derived, stored.hash));
      },
    );
  });
}
