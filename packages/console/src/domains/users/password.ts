import { type Argon2Parameters, argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { Fault } from '@zeronaut/model';

/** OWASP's minimum for argon2id: 19 MiB, two passes, one lane. */
const COST = { memory: 19_456, passes: 2, parallelism: 1 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** As many at once as libuv has threads; each takes 19 MiB while it runs. */
const MAX_RUNNING = 4;
/** Who waits behind them waits at most a few seconds; beyond that it is better to say no. */
const MAX_WAITING = 200;

const PHC = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,88})\$([A-Za-z0-9+/]{22,88})$/;

/** argon2id with PHC strings. Rejects with a Fault `passwords.busy` when too many wait already. */
export interface PasswordHasher {
  hash(password: string): Promise<string>;
  /** With null it takes just as long and is false: for users that do not exist. */
  verify(password: string, phc: string | null): Promise<boolean>;
}

/** `cost` is for tests that sign many people in; what is stored says itself what it cost. */
export function createPasswordHasher(cost: typeof COST = COST): PasswordHasher {
  let running = 0;
  const waiting: (() => void)[] = [];

  async function derive(password: string, parameters: Omit<Argon2Parameters, 'message'>): Promise<Buffer> {
    if (running >= MAX_RUNNING) {
      if (waiting.length >= MAX_WAITING) throw new Fault('passwords.busy', { side: 'local', retry: 'yes' });
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      running++;
    }
    try {
      return await new Promise<Buffer>((resolve, reject) => {
        argon2('argon2id', { ...parameters, message: Buffer.from(password.normalize('NFC')) }, (error, key) =>
          error === null ? resolve(key) : reject(error),
        );
      });
    } finally {
      // The slot goes straight to the next in line.
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  }

  const nobody = { nonce: randomBytes(SALT_BYTES), hash: randomBytes(HASH_BYTES) };
  return {
    async hash(password) {
      const nonce = randomBytes(SALT_BYTES);
      const key = await derive(password, { ...cost, nonce, tagLength: HASH_BYTES });
      const { memory, passes, parallelism } = cost;
      return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(nonce)}$${base64(key)}`;
    },
    async verify(password, phc) {
      const match = phc === null ? null : PHC.exec(phc);
      const expected = match === null ? nobody.hash : Buffer.from(match[5]!, 'base64');
      const key = await derive(password, {
        nonce: match === null ? nobody.nonce : Buffer.from(match[4]!, 'base64'),
        memory: match === null ? cost.memory : Number(match[1]),
        passes: match === null ? cost.passes : Number(match[2]),
        parallelism: match === null ? cost.parallelism : Number(match[3]),
        tagLength: expected.length,
      });
      return timingSafeEqual(key, expected) && match !== null;
    },
  };
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}
