/**
 * Hours in small: HTTP, WebSockets and raw connections at an even pace for as long as is asked for (30 minutes), while people, policies
 * and sessions change. Nothing may be answered wrongly, memory may not grow, open files go back to where they were. With `--kills N`,
 * console, gateway or agent are killed N times meanwhile, in an order that a seed gives, and each has to be back within 5 s; at the end
 * the audit log has to prove itself.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { seededRandom, waitFor } from '@zeronaut/testkit';
import type { Api } from '../e2e/harness/api.ts';
import { startWebService } from '../e2e/harness/web-service.ts';
import { residentBytes, startWorld, type World } from '../e2e/harness/world.ts';
import { type Measurement, percentile, reportResults, toResult } from './harness/results.ts';
import { type Seen, startLoad } from './harness/soak-load.ts';
import { Stage } from './harness/stage.ts';

const { values: flags } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    kills: { type: 'string', default: '0' },
    rate: { type: 'string', default: '200' },
    lanes: { type: 'string', default: '50' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const minutes = flags.quick ? 1 : Number(flags.minutes);
const kills = Number(flags.kills);
const SAMPLE_MS = 5_000;
const CHANGE_MS = 5_000;
const CHANGES_A_SIGN_IN = 60;
/** Caches fill, code is compiled: memory is looked at after this share of the time. */
const WARM_UP = 1 / 3;
const RECOVERY_BAR_MS = 5_000;
const MEMORY_BAR_MB = 1;
const FILES_BACK_MS = 10_000;

const stage = new Stage();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void stage.end().finally(() => process.exit(1)));
}

interface Sample {
  readonly atMs: number;
  readonly bytes: number;
}

/** MB that it grows by in ten minutes, by least squares. */
function growth(samples: readonly Sample[]): number {
  const mean = (of: (sample: Sample) => number) => samples.reduce((sum, each) => sum + of(each), 0) / samples.length;
  const [meanAt, meanBytes] = [mean(({ atMs }) => atMs), mean(({ bytes }) => bytes)];
  const covariance = mean(({ atMs, bytes }) => (atMs - meanAt) * (bytes - meanBytes));
  return ((covariance / mean(({ atMs }) => (atMs - meanAt) ** 2)) * 600_000) / 1e6;
}

const openFiles = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;
const say = (text: string) => process.stdout.write(`${text}\n`);

/** Whoever changes users has to have signed in lately. */
async function signInAnew(world: World): Promise<Api> {
  const { session } = await world.api.call('sessions.create', { body: world.owner });
  return world.api.as(session.token);
}

/** Somebody comes and goes, a policy changes: snapshots flow and sessions end. */
async function change(api: Api, round: number): Promise<void> {
  const whoever = { email: `soak-${round}@example.com`, password: 'one password for everybody in this test' };
  const user = await api.call('users.create', {
    body: { ...whoever, name: `Soak ${round}`, role: 'member', groups: [`team-${round % 7}`] },
  });
  await api.call('sessions.create', { body: whoever });
  const policy = await api.call('policies.create', {
    body: {
      name: `soak-${round}`,
      text: `forbid (principal == User::"${user.id}", action, resource);`,
      mode: 'enforce',
    },
  });
  await api.call('policies.delete', { params: { id: policy.id } }, policy.version);
  await api.call('users.update', { params: { id: user.id }, body: { status: 'disabled' } }, 1);
}

async function run(): Promise<boolean> {
  const world = await startWorld(stage);
  const service = await startWebService(stage);
  const echo = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  stage.after(() => echo.close());
  const echoPort = (echo.address() as { port: number }).port;
  const file = join(world.home, 'agent.yaml');
  writeFileSync(
    file,
    `version: 1
exposes:
  - { target: "${service.address}", protocol: http, name: soak, public: true }
  - { target: "127.0.0.1:${echoPort}", protocol: tcp, name: soak-raw, public: true }
`,
  );
  const startAgent = () => world.agent(stage, file);
  let agent = await startAgent();
  const { items } = await world.api.call('services.list', {});
  const tcpPort = items.find(({ name }) => name === 'soak-raw')!.port!;
  const httpUrl = `https://soak.${world.baseDomain}:${world.httpsPort}`;
  const pids = () => ({ console: world.console.pid, gateway: world.gateway.pid, agent: agent.process.pid });
  const filesBefore = Object.entries(pids()).map(([name, pid]) => [name, openFiles(pid)] as const);

  const load = startLoad({ world, httpUrl, tcpPort, rate: Number(flags.rate), lanes: Number(flags.lanes) });
  const { seen } = load;
  const startedAt = performance.now();
  const endsAt = startedAt + minutes * 60_000;
  const samples: Record<string, Sample[]> = { console: [], gateway: [], agent: [] };
  let changes = 0;
  const failures: string[] = [];
  let owner = Promise.resolve(world.api);
  const changing = setInterval(() => {
    const round = changes++;
    if (round % CHANGES_A_SIGN_IN === 0) owner = signInAnew(world).catch(() => world.api);
    void owner
      .then((api) => change(api, round))
      .catch((error: unknown) => {
        // While the console is down nothing can be changed.
        if (kills === 0) failures.push(`change ${round}: ${(error as Error).message}`);
      });
  }, CHANGE_MS);
  const sampling = setInterval(() => {
    // Of what is killed and started again nothing can be said.
    if (kills > 0) return;
    for (const [name, pid] of Object.entries(pids())) {
      samples[name]!.push({ atMs: performance.now() - startedAt, bytes: residentBytes(pid) });
    }
  }, SAMPLE_MS);
  stage.after(() => {
    clearInterval(changing);
    clearInterval(sampling);
  });

  const recoveries: number[] = [];
  if (kills > 0) {
    const random = seededRandom();
    say(`killing in the order of ZERONAUT_SEED=${random.seed}`);
    const parts = {
      console: async () => {
        await world.console.kill('SIGKILL');
        await world.console.start();
      },
      gateway: async () => {
        await world.gateway.kill('SIGKILL');
        await world.gateway.start();
      },
      agent: async () => {
        await agent.process.kill('SIGKILL');
        agent = await startAgent();
      },
    };
    for (let done = 0; done < kills; done++) {
      const part = random.pick(Object.keys(parts) as (keyof typeof parts)[]);
      const killedAt = performance.now();
      await parts[part]();
      const backAt = performance.now();
      await waitFor(() => seen.lastGoodAt > backAt, {
        what: `answers after the ${part} was killed`,
        timeoutMs: 30_000,
      });
      recoveries.push(performance.now() - killedAt);
      const [ready, served] = [backAt - killedAt, recoveries.at(-1)!].map(Math.round);
      say(`${part} killed: ready after ${ready} ms, served after ${served} ms`);
      const rest = (endsAt - performance.now()) / (kills - done);
      await new Promise((resolve) => setTimeout(resolve, Math.max(500, random.next() * rest * 1.5)));
    }
  }
  let told = 0;
  while (performance.now() < endsAt) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    if (++told % 60 === 0) say(progress(seen, performance.now() - startedAt));
  }
  clearInterval(changing);
  clearInterval(sampling);
  await load.stop();

  const measurements: Measurement[] = [
    { workload: 'wrong answers', unit: '', better: 'lower', ours: [seen.wrong], must: 0 },
    ...(kills === 0
      ? [{ workload: 'unanswered', unit: '', better: 'lower' as const, ours: [seen.unavailable], must: 0 }]
      : [
          {
            workload: `back after kill -9 (${kills})`,
            unit: 'ms',
            better: 'lower' as const,
            ours: [Math.max(...recoveries)],
            must: RECOVERY_BAR_MS,
          },
        ]),
    { workload: 'HTTP, p99', unit: 'ms', better: 'lower', ours: [percentile(seen.latencies, 0.99)] },
  ];
  if (kills === 0) {
    const from = minutes * 60_000 * WARM_UP;
    for (const [name, all] of Object.entries(samples)) {
      const settled = all.filter(({ atMs }) => atMs >= from);
      measurements.push({
        ...{ workload: `growth of the ${name}, MB in 10 minutes`, unit: 'MB', better: 'lower' },
        ...{ ours: [growth(settled)], must: MEMORY_BAR_MB },
      });
    }
    for (const [name, before] of filesBefore) {
      const pid = pids()[name as keyof ReturnType<typeof pids>];
      await waitFor(() => openFiles(pid) <= before, {
        what: `open files of the ${name} are back at ${before}`,
        timeoutMs: FILES_BACK_MS,
      }).catch(() => failures.push(`the ${name} has ${openFiles(pid)} files open, ${before} at the beginning`));
    }
  }
  const log = join(world.home, 'audit.jsonl');
  const exported = await world.zeronaut(['audit', 'export', log]);
  const proved = await world.zeronaut(['audit', 'verify', log]);
  if (exported.code !== 0 || proved.code !== 0)
    failures.push(`audit: ${exported.stderr}${proved.stdout}${proved.stderr}`);
  say(progress(seen, performance.now() - startedAt));
  for (const note of [...seen.notes, ...failures]) say(note);
  const results = measurements.map((measurement) => toResult('soak', measurement));
  reportResults('soak', results, { json: flags.json, isPart: true });
  return failures.length === 0 && seen.wrong === 0;
}

function progress({ good, wrong, unavailable }: Seen, elapsedMs: number): string {
  const number = (value: number) => value.toLocaleString('en-US');
  return `${Math.round(elapsedMs / 60_000)} min: ${number(good)} good, ${number(wrong)} wrong, ${number(unavailable)} unavailable`;
}

try {
  process.exitCode = (await run()) ? 0 : 1;
} finally {
  await stage.end();
}
