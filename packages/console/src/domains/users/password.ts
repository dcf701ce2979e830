import { type Argon2Parameters, argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { Fault } from '@zeronaut/model';

/** OWASP's minimum for argon2id: 19 MiB, two passes, one lane. */
const COST = { memory: 19_456, passes: 2, parallelism: 1 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** As many at once as libuv has threads; each takes 19 MiB while it runs. */
const MAX_RUNNING = 4;
/** Of these, as many of suspects: a good sign-in never waits for one of them. */
const MAX_RUNNING_SUSPECTS = 2;
/** Who waits behind them waits at most a few seconds; beyond that it is better to say no. */
const MAX_WAITING_KNOWN = 200;
const MAX_WAITING_FIRST = 30;
const MAX_WAITING_SUSPECTS = 20;

const PHC = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,88})\$([A-Za-z0-9+/]{22,88})$/;

/**
 * Who goes first when passwords come faster than they can be hashed: who signed in from that address before, or is signed in
 * already; then an address from which nothing wrong came lately; last the others, who may be guessing.
 */
export type Precedence = 'known' | 'first' | 'suspect';

const WAITING: Readonly<Record<Precedence, number>> = {
  known: MAX_WAITING_KNOWN,
  first: MAX_WAITING_FIRST,
  suspect: MAX_WAITING_SUSPECTS,
};

/** argon2id with PHC strings. Rejects with a Fault `passwords.busy` when too many wait already. */
export interface PasswordHasher {
  hash(password: string): Promise<string>;
  /** With null it takes just as long and is false: for users that do not exist. `precedence`: default `known`. */
  verify(password: string, phc: string | null, precedence?: Precedence): Promise<boolean>;
}

/** `cost` is for tests that sign many people in; what is stored says itself what it cost. */
export function createPasswordHasher(cost: typeof COST = COST): PasswordHasher {
  const slots = new Slots();

  async function derive(
    password: string,
    parameters: Omit<Argon2Parameters, 'message'>,
    precedence: Precedence,
  ): Promise<Buffer> {
    await slots.take(precedence);
    try {
      return await new Promise<Buffer>((resolve, reject) => {
        argon2('argon2id', { ...parameters, message: Buffer.from(password.normalize('NFC')) }, (error, key) =>
          error === null ? resolve(key) : reject(error),
        );
      });
    } finally {
      slots.release(precedence);
    }
  }

  const nobody = { nonce: randomBytes(SALT_BYTES), hash: randomBytes(HASH_BYTES) };
  return {
    async hash(password) {
      const nonce = randomBytes(SALT_BYTES);
      const key = await derive(password, { ...cost, nonce, tagLength: HASH_BYTES }, 'known');
      const { memory, passes, parallelism } = cost;
      return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(nonce)}$${base64(key)}`;
    },
    async verify(password, phc, precedence = 'known') {
      const match = phc === null ? null : PHC.exec(phc);
      const expected = match === null ? nobody.hash : Buffer.from(match[5]!, 'base64');
      const parameters = {
        nonce: match === null ? nobody.nonce : Buffer.from(match[4]!, 'base64'),
        memory: match === null ? cost.memory : Number(match[1]),
        passes: match === null ? cost.passes : Number(match[2]),
        parallelism: match === null ? cost.parallelism : Number(match[3]),
        tagLength: expected.length,
      };
      const key = await derive(password, parameters, precedence);
      return timingSafeEqual(key, expected) && match !== null;
    },
  };
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}

/** The threads that hash, and who waits for them. */
class Slots {
  readonly #waiting: Record<Precedence, (() => void)[]> = { known: [], first: [], suspect: [] };
  #running = 0;
  #suspects = 0;

  async take(precedence: Precedence): Promise<void> {
    if (this.#mayRun(precedence)) {
      this.#start(precedence);
      return;
    }
    const waiting = this.#waiting[precedence];
    if (waiting.length >= WAITING[precedence]) throw new Fault('passwords.busy', { side: 'local', retry: 'yes' });
    await new Promise<void>((resolve) => waiting.push(resolve));
  }

  /** The slot goes straight to the next in line. */
  release(precedence: Precedence): void {
    this.#running--;
    if (precedence === 'suspect') this.#suspects--;
    for (const next of ['known', 'first', 'suspect'] as const) {
      while (this.#waiting[next].length > 0 && this.#mayRun(next)) {
        this.#start(next);
        this.#waiting[next].shift()!();
      }
    }
  }

  #mayRun(precedence: Precedence): boolean {
    if (this.#running >= MAX_RUNNING) return false;
    return precedence !== 'suspect' || this.#suspects < MAX_RUNNING_SUSPECTS;
  }

  #start(precedence: Precedence): void {
    this.#running++;
    if (precedence === 'suspect') this.#suspects++;
  }
}
