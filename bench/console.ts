/**
 * How fast the console's API answers what its pages ask, with 500 gateways, 5,000 services, 20,000 users and 1,000,000 access
 * events, on SQLite and on PostgreSQL.
 *
 *     npm run bench -- console [--quick] [--json] [--runs 3] [--only sqlite|postgres] [--pause]
 *
 * The database is filled past the console; then the real console runs on it, and each route is asked one request after the other over one
 * connection. Filling takes minutes and disturbs nothing that is measured: with `--pause` it waits for a line on its input afterwards. A figure is the 95th percentile of a round, from the request to the end of the answer.
 */
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freePort, postgresCluster, postgresMissing, temporaryDirectory, waitFor } from '@zeronaut/testkit';
import { NODE, ROOT } from '../scripts/npm-packages.mjs';
import { type Seeded, seedConsole } from './harness/console-seed.ts';
import { type Measurement, percentile, reportResults, toResult } from './harness/results.ts';
import { Stage } from './harness/stage.ts';

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    runs: { type: 'string' },
    only: { type: 'string' },
    pause: { type: 'boolean', default: false },
  },
});
const rounds = flags.runs === undefined ? (flags.quick ? 1 : 3) : Number(flags.runs);
const REQUESTS = flags.quick ? 20 : 40;
const WARM_UP = 5;
const MUST_MS = 50;
const SIZE = flags.quick
  ? {
      gateways: 50,
      services: 500,
      users: 2_000,
      devices: 1_000,
      sessions: 2_000,
      auditEntries: 10_000,
      events: 100_000,
    }
  : {
      gateways: 500,
      services: 5_000,
      users: 20_000,
      devices: 10_000,
      sessions: 20_000,
      auditEntries: 100_000,
      events: 1_000_000,
    };

/** What pages ask, by the page; `n` counts the requests, so that each is of something else. */
function questions({ gatewayIds, serviceIds, userIds }: Seeded): Record<string, (n: number) => string> {
  const some = (list: readonly string[], n: number) => list[(n * 7_919) % list.length]!;
  const page = (list: readonly string[], n: number) => {
    const from = (n * 100) % Math.max(1, list.length - 100);
    return list.slice(from, from + 100).join(',');
  };
  return {
    overview: () => 'overview',
    'traffic, a day': () => 'traffic?range=24h',
    'traffic, six hours by the minute': () => 'traffic?range=6h',
    'traffic, a month': () => 'traffic?range=30d',
    'traffic of a service': (n) => `traffic?range=7d&resourceId=${some(serviceIds, n)}`,
    'traffic of a gateway': (n) => `traffic?range=24h&gatewayId=${some(gatewayIds, n)}`,
    'top services, an hour': () => 'traffic/top?range=1h',
    'top services, a day': () => 'traffic/top?range=24h&order=failed',
    'top gateways, a day': () => 'traffic/top?range=24h&by=gateway',
    'small charts of 100 services': (n) => `traffic/sparklines?range=24h&ids=${page(serviceIds, n)}`,
    'reasons of refusals, a week': () => 'traffic/reasons?range=7d',
    services: () => 'services?limit=100',
    'services by name, searched': (n) => `services?limit=100&sort=-name&q=service-${n}`,
    'resources, changed last': () => 'resources?limit=100&sort=-updated',
    'health of 100 services': (n) => `resources/health?ids=${page(serviceIds, n)}`,
    'one service': (n) => `services/${some(serviceIds, n)}`,
    gateways: () => 'gateways?limit=100&sort=-seen',
    'gateways that are away': () => 'gateways?limit=100&connected=false',
    'one gateway': (n) => `gateways/${some(gatewayIds, n)}/status`,
    'users by name': () => 'users?limit=100&sort=name',
    'users, searched': (n) => `users?limit=100&q=user-${n}`,
    'users of a group': (n) => `users?limit=100&group=team-${n % 50}`,
    'one user': (n) => `users/${some(userIds, n)}`,
    'devices, searched': (n) => `devices?limit=100&q=laptop-${n}`,
    'devices of a user': (n) => `devices?limit=100&userId=${some(userIds, n)}`,
    'open sessions': () => 'sessions?limit=100&open=true&sort=-created',
    'sessions of a user': (n) => `sessions?limit=100&userId=${some(userIds, n)}`,
    'access events': () => 'access-events?limit=100',
    'access events, denied': () => 'access-events?limit=100&effect=deny',
    'access events by reason': () => 'access-events?limit=100&reason=access.not_allowed',
    'access events of a user': (n) => `access-events?limit=100&subject=${some(userIds, n)}`,
    'access events of a service': (n) => `access-events?limit=100&resourceId=${some(serviceIds, n)}`,
    'access events of a gateway': (n) => `access-events?limit=100&gatewayId=${some(gatewayIds, n)}`,
    'access events of an address': (n) => `access-events?limit=100&sourceAddress=203.0.113.${n % 250}`,
    'access events, searched': (n) => `access-events?limit=100&q=/page/${n}`,
    audit: () => 'audit?limit=100',
    'audit of an object': (n) => `audit?limit=100&objectId=${some(serviceIds, n)}`,
    'audit of a kind': () => 'audit?limit=100&action=service.*',
    'audit, searched': (n) => `audit?limit=100&q=service-${n}`,
    policies: () => 'policies?limit=100',
    'API keys': () => 'api-keys?limit=100',
    'access requests': () => 'access-requests?limit=100',
    sites: () => 'sites?limit=100',
    invitations: () => 'invitations?limit=100',
    me: () => 'me',
  };
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

function ask(port: number, key: string, path: string): Promise<{ status: number; tookMs: number; bytes: number }> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    request(
      { agent, host: '127.0.0.1', port, path: `/api/v1/${path}`, headers: { authorization: `Bearer ${key}` } },
      (response) => {
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, tookMs: performance.now() - startedAt, bytes }),
        );
      },
    )
      .on('error', reject)
      .end();
  });
}

const MAIN = join(ROOT, 'packages/client/bin/zeronaut.mjs');
const stage = new Stage();
const databases: { readonly name: string; readonly open: () => Promise<string> }[] = [];
const missing = postgresMissing();
if (flags.only !== 'postgres') {
  databases.push({
    name: 'SQLite',
    open: async () => `sqlite:${join(temporaryDirectory('bench'), 'zeronaut.db')}`,
  });
}
if (missing !== null) process.stdout.write(`without PostgreSQL: ${missing}\n`);
else if (flags.only !== 'sqlite') {
  databases.push({
    name: 'PostgreSQL',
    open: async () => (await (await postgresCluster({ durable: true })).createDatabase()).url,
  });
}

const measurements: (Measurement & { ours: number[] })[] = [];
try {
  const filled: { readonly name: string; readonly url: string; readonly seeded: Seeded }[] = [];
  for (const { name, open } of databases) {
    const url = await open();
    const startedAt = performance.now();
    filled.push({ name, url, seeded: await seedConsole(url, SIZE) });
    process.stdout.write(`${name}: filled in ${Math.round((performance.now() - startedAt) / 1000)} s\n`);
  }
  if (flags.pause) {
    process.stdout.write('filled; press Enter to measure\n');
    await once(process.stdin, 'data');
    process.stdin.pause();
  }
  for (const { name, url, seeded } of filled) {
    const home = temporaryDirectory('home');
    const [port, syncPort] = [await freePort(), await freePort()];
    const program = stage.start(
      stage.subjectCore,
      NODE,
      [MAIN, 'console', 'run', '--json', '--port', `${port}`, '--sync-port', `${syncPort}`],
      { ZERONAUT_HOME: home, ZERONAUT_CONSOLE_DATABASE_URL: url, ZERONAUT_CONSOLE_LOG_LEVEL: 'warn' },
    );
    await waitFor(
      async () => program.child.exitCode !== null || (await fetch(`http://127.0.0.1:${port}/api/v1/health`)).ok,
      {
        ...{ what: 'the console', timeoutMs: 60_000 },
      },
    ).catch((error: unknown) => {
      throw new Error(program.output(), { cause: error });
    });
    const asked = questions(seeded);
    const ofDatabase = new Map(
      Object.keys(asked).map((workload) => [
        workload,
        {
          workload: `${workload}, ${name}`,
          unit: 'ms p95',
          better: 'lower' as const,
          must: MUST_MS,
          ours: [] as number[],
        },
      ]),
    );
    for (let round = 0; round < rounds; round++) {
      for (const [workload, path] of Object.entries(asked)) {
        const took: number[] = [];
        for (let n = 0; n < REQUESTS + WARM_UP; n++) {
          const answer = await ask(port, seeded.key, path(round * 1_000 + n));
          if (answer.status !== 200) throw new Error(`${path(n)}: ${answer.status}`);
          if (n >= WARM_UP) took.push(answer.tookMs);
        }
        ofDatabase.get(workload)!.ours.push(percentile(took, 0.95));
      }
    }
    measurements.push(...ofDatabase.values());
    await program.kill();
  }
} finally {
  await stage.end();
}
const results = measurements.map((measurement) => toResult('console', measurement));
reportResults('console', results, { json: flags.json, shortfall: `Slower than ${MUST_MS} ms` });
process.exit(0);
