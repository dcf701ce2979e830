// `npm run fuzz -- wireguard [--minutes 10] [--target messages|packets|texts] [--seed N]`: rounds of made-up input for that many
// minutes of CPU, shared among the targets. A round that fails is printed with its seed and ends the run; --seed repeats it.
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { FUZZ_TARGETS, type FuzzTarget, fuzzRound } from '../packages/tunnel/src/wireguard/fuzz.suite.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: 'string', default: '1' }, target: { type: 'string' }, seed: { type: 'string' } },
});
const targets = FUZZ_TARGETS.filter((target) => values.target === undefined || target === values.target);
if (positionals.join() !== 'wireguard' || targets.length === 0 || !(Number(values.minutes) > 0)) {
  process.stderr.write(
    `Usage: npm run fuzz -- wireguard [--minutes 10] [--target ${FUZZ_TARGETS.join('|')}] [--seed N]\n`,
  );
  process.exit(2);
}

async function run(target: FuzzTarget, seed: number): Promise<void> {
  try {
    await fuzzRound(target, seed);
  } catch (error) {
    process.stderr.write(`${target} fails with seed ${seed}\n`);
    throw error;
  }
}

const cpuSeconds = () => process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6;
for (const target of targets) {
  if (values.seed !== undefined) {
    await run(target, Number(values.seed));
    continue;
  }
  const until = cpuSeconds() + (Number(values.minutes) * 60) / targets.length;
  let rounds = 0;
  for (; cpuSeconds() < until; rounds++) await run(target, randomInt(2 ** 31));
  process.stdout.write(`${target}: ${rounds.toLocaleString('en-US')} rounds\n`);
}
