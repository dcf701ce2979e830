/**
 * Signing in while somebody guesses: 200 wrong passwords a second from a thousand addresses, at the real console.
 *
 *     npm run bench -- sign-in [--quick] [--json] [--runs 3]
 *
 * And whether the time of an answer tells who exists. Everything goes over loopback, each address of which is a source of its own.
 */
import { Agent, request } from 'node:http';
import { parseArgs } from 'node:util';
import { startWorld } from '../e2e/harness/world.ts';
import { type Measurement, median, percentile, reportResults, toResult } from './harness/results.ts';
import { Stage } from './harness/stage.ts';

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    runs: { type: 'string' },
  },
});
const rounds = flags.runs === undefined ? (flags.quick ? 1 : 3) : Number(flags.runs);
const ATTACK_MS = flags.quick ? 6_000 : 15_000;
const GUESSES_PER_SECOND = 200;
const ADDRESSES = 1_000;
const PAIRS = 40;

type Rounds = Measurement & { ours: number[] };
const workload = (name: string, unit: string, must?: number, better: 'lower' | 'higher' = 'lower'): Rounds => ({
  ...{ workload: name, unit, better, ours: [] },
  ...(must !== undefined && { must }),
});

/** The `n`-th address of 127.0.0.0/8 in a range of its own for each use. */
const addressOf = (range: number, n: number): string => `127.${range}.${n >> 8}.${n & 255}`;
const agent = new Agent({ keepAlive: false });

function signIn(
  console: URL,
  localAddress: string,
  credentials: { email: string; password: string },
): Promise<{ status: number; tookMs: number }> {
  const startedAt = performance.now();
  const { email, password } = credentials;
  const body = JSON.stringify({ email, password });
  return new Promise((resolve) => {
    const sent = request(
      {
        ...{ agent, localAddress, host: '127.0.0.1', port: console.port, method: 'POST', path: '/api/v1/sessions' },
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      },
      (response) => {
        response.resume().on('end', () => {
          resolve({ status: response.statusCode ?? 0, tookMs: performance.now() - startedAt });
        });
      },
    );
    // A console that has too many connections resets some: of guesses, that is as good as an answer.
    sent.on('error', () => resolve({ status: 0, tookMs: performance.now() - startedAt }));
    sent.end(body);
  });
}

/** Guesses at an even pace until told to stop; resolves with how many answers of each status there were. */
function startGuessing(console: URL, emails: readonly string[], range: number): () => Promise<Map<number, number>> {
  const statuses = new Map<number, number>();
  const open = new Set<Promise<void>>();
  const startedAt = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) / 1000) * GUESSES_PER_SECOND);
    while (sent < due) {
      const guess = { email: emails[sent % emails.length]!, password: `a wrong guess ${sent}` };
      const answered: Promise<void> = signIn(console, addressOf(range, sent % ADDRESSES), guess).then(({ status }) => {
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        open.delete(answered);
      });
      open.add(answered);
      sent++;
    }
  }, 5);
  return async () => {
    clearInterval(timer);
    await Promise.all(open);
    return statuses;
  };
}

async function run(stage: Stage): Promise<Measurement[]> {
  const world = await startWorld(stage);
  const url = new URL(world.consoleUrl);
  const quiet = workload('sign in, nobody guesses, p50', 'ms');
  const known = workload('sign in from an address used before, 200 guesses/s, p99', 'ms', 1_000);
  const fresh = workload('sign in from a new address, 200 guesses/s, p99', 'ms', 1_000);
  const knownIn = workload('… let in', '%', 100, 'higher');
  const freshIn = workload('… let in, from a new address', '%', undefined, 'higher');
  const looked = workload('guesses that cost a hash', '1/s');
  const timing = workload('existing or not, difference of p50', 'ms', 5);
  for (let round = 0; round < rounds; round++) {
    const user = (name: string) => world.createUser({ email: `${name}-${round}@example.com` });
    const [ann, bob, eve] = await Promise.all([user('ann'), user('bob'), user('eve')]);
    // Several, because an address may make so many calls without a credential in a minute.
    const homes = Array.from({ length: 10 }, (_, index) => addressOf(100 + round, index));

    const alone: number[] = [];
    for (const home of homes) {
      const { status, tookMs } = await signIn(url, home, ann);
      if (status !== 201) throw new Error(`the right password was answered with ${status}`);
      alone.push(tookMs);
    }
    quiet.ours.push(median(alone));

    // Ann's own account is among those that are guessed at; Bob comes from places where nobody has been.
    const emails = [ann.email, ...Array.from({ length: 400 }, (_, index) => `nobody-${round}-${index}@example.com`)];
    const stop = startGuessing(url, emails, 20 + round);
    const [fromHome, fromElsewhere]: [number[], number[]] = [[], []];
    let knownLetIn = 0;
    let freshLetIn = 0;
    const endsAt = performance.now() + ATTACK_MS;
    for (let i = 0; performance.now() < endsAt; i++) {
      const one = await signIn(url, homes[i % homes.length]!, ann);
      const other = await signIn(url, addressOf(150 + round, i), bob);
      fromHome.push(one.tookMs);
      fromElsewhere.push(other.tookMs);
      knownLetIn += Number(one.status === 201);
      freshLetIn += Number(other.status === 201);
    }
    const statuses = await stop();
    known.ours.push(percentile(fromHome, 0.99));
    fresh.ours.push(percentile(fromElsewhere, 0.99));
    knownIn.ours.push((knownLetIn / fromHome.length) * 100);
    freshIn.ours.push((freshLetIn / fromElsewhere.length) * 100);
    looked.ours.push(((statuses.get(401) ?? 0) / ATTACK_MS) * 1000);
    process.stdout.write(`answers to guesses: ${JSON.stringify(Object.fromEntries(statuses))}\n`);

    const [exists, existsNot]: [number[], number[]] = [[], []];
    for (let i = 0; i < PAIRS; i++) {
      const password = `a wrong guess ${i}`;
      const there = () => signIn(url, addressOf(200 + round, i), { email: eve.email, password });
      const notThere = () => signIn(url, addressOf(220 + round, i), { email: `eva-${round}@example.com`, password });
      // In changing order, so that drift hits both.
      for (const ask of i % 2 === 0 ? [there, notThere] : [notThere, there]) {
        const { status, tookMs } = await ask();
        if (status !== 401) throw new Error(`a wrong password was answered with ${status}`);
        (ask === there ? exists : existsNot).push(tookMs);
      }
    }
    timing.ours.push(Math.abs(median(exists) - median(existsNot)));
  }
  return [quiet, known, knownIn, fresh, freshIn, looked, timing];
}

const stage = new Stage();
let failed = false;
try {
  const results = (await run(stage)).map((measurement) => toResult('sign-in', measurement));
  reportResults('sign-in', results, { json: flags.json });
} catch (error) {
  failed = true;
  process.stderr.write(`${(error as Error).stack}\n`);
} finally {
  await stage.end();
}
process.exit(failed ? 1 : 0);
