/**
 * How fast the console and its pages are with 500 gateways, 5,000 services, 20,000 users and 1,000,000 access events, on SQLite and on
 * PostgreSQL: what the API answers, the first content of each page in a browser, and the feed of accesses under 200 events a second.
 *
 *     npm run bench -- console [--quick] [--json] [--runs 3] [--only sqlite|postgres] [--part fill|api|pages|feed|ingest] [--match TEXT]
 *                              [--pause] [--keep DIRECTORY]
 *
 * The databases are filled past the console, then the real console runs on each. Filling takes minutes and disturbs nothing that is
 * measured: with `--pause` it waits for a line on its input afterwards. With `--keep` they stay, and the next run measures them again;
 * `--part fill` does nothing else. What measures a part leaves the others in the results as they were.
 */
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freePort, waitFor } from '@zeronaut/testkit';
import { ensureWeb } from '../scripts/build-web.mjs';
import { NODE, ROOT } from '../scripts/npm-packages.mjs';
import { type FilledDatabase, fillDatabases } from './harness/console-databases.ts';
import { connectGateway, measureFeed } from './harness/console-feed.ts';
import { measureIngest } from './harness/console-ingest.ts';
import { addresses, loadPage, openConsoleBrowser } from './harness/console-pages.ts';
import { questions } from './harness/console-questions.ts';
import { type Measurement, percentile, reportResults, toResult } from './harness/results.ts';
import { Stage } from './harness/stage.ts';

const PARTS = ['fill', 'api', 'pages', 'feed', 'ingest'] as const;
const isAsked = (part: (typeof PARTS)[number]) => flags.part === undefined || flags.part === part;
const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    runs: { type: 'string' },
    only: { type: 'string' },
    part: { type: 'string' },
    match: { type: 'string', default: '' },
    pause: { type: 'boolean', default: false },
    keep: { type: 'string' },
  },
});
const rounds = flags.runs === undefined ? (flags.quick ? 1 : 3) : Number(flags.runs);
const REQUESTS = flags.quick ? 20 : 40;
const WARM_UP = 5;
const MUST_MS = 50;
const PAGE_MUST_MS = 1_000;
const STORED_EVENTS = flags.quick ? 5_000 : 20_000;
const FEED = { rate: 200, seconds: flags.quick ? 10 : 30 };
/** A frame that takes longer than this is one that people see. */
const FRAME_MUST_MS = 50;
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
const MAIN = join(ROOT, 'packages/client/bin/zeronaut.mjs');
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const stage = new Stage();

interface Series extends Measurement {
  readonly ours: number[];
}

/** Measurements by what they are of. */
class Collected {
  readonly #of = new Map<string, Series>();

  add(what: Omit<Measurement, 'ours'>, value: number): void {
    const known = this.#of.get(what.workload);
    if (known !== undefined) known.ours.push(value);
    else this.#of.set(what.workload, { ...what, ours: [value] });
  }

  /** The nearest to its bar first. */
  all(): Series[] {
    const share = ({ ours, must }: Series) => (must === undefined ? 0 : Math.max(...ours) / must);
    return [...this.#of.values()].sort((a, b) => share(b) - share(a));
  }
}

function bounded(workload: string, unit: string, must: number): Omit<Measurement, 'ours'> {
  return { workload, unit, better: 'lower', must };
}

function ask(port: number, key: string, path: string): Promise<{ status: number; tookMs: number; text: () => string }> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    request(
      { agent, host: '127.0.0.1', port, path: `/api/v1/${path}`, headers: { authorization: `Bearer ${key}` } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => void chunks.push(chunk));
        response.on('end', () =>
          resolve({
            ...{ status: response.statusCode ?? 0, tookMs: performance.now() - startedAt },
            text: () => Buffer.concat(chunks).toString('utf8'),
          }),
        );
      },
    )
      .on('error', reject)
      .end();
  });
}

async function startConsole({ url, home }: FilledDatabase) {
  const [port, syncPort] = [await freePort(), await freePort()];
  const program = stage.start(
    stage.subjectCore,
    NODE,
    [MAIN, 'console', 'run', '--json', '--port', `${port}`, '--sync-port', `${syncPort}`],
    { ZERONAUT_HOME: home, ZERONAUT_CONSOLE_DATABASE_URL: url, ZERONAUT_CONSOLE_LOG_LEVEL: 'warn' },
  );
  const isUp = async () =>
    program.child.exitCode !== null || (await fetch(`http://127.0.0.1:${port}/api/v1/health`)).ok;
  await waitFor(isUp, { what: 'the console', timeoutMs: 600_000 }).catch((error: unknown) => {
    throw new Error(program.output(), { cause: error });
  });
  return { program, port, syncPort };
}

async function measureApi(port: number, { name, seeded }: FilledDatabase, collected: Collected): Promise<void> {
  const answerOf = async (path: string) => {
    const answer = await ask(port, seeded.key, path);
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.text()}`);
    return answer;
  };
  const asked = await questions(seeded, async (path) => JSON.parse((await answerOf(path)).text()));
  for (let round = 0; round < rounds; round++) {
    for (const [workload, path] of Object.entries(asked)) {
      if (!workload.includes(flags.match)) continue;
      const took: number[] = [];
      for (let n = 0; n < REQUESTS + WARM_UP; n++) {
        const { tookMs } = await answerOf(path(round * 1_000 + n));
        if (n >= WARM_UP) took.push(tookMs);
      }
      collected.add(bounded(`${workload}, ${name}`, 'ms p95', MUST_MS), percentile(took, 0.95));
    }
  }
}

async function measureInBrowser(
  { port, syncPort }: { readonly port: number; readonly syncPort: number },
  { name, seeded }: FilledDatabase,
  collected: Collected,
): Promise<void> {
  const browser = await openConsoleBrowser(stage, port, seeded);
  if (isAsked('pages')) {
    // Of each page the files are there from the second time on, as for whoever works with it.
    for (let round = 0; round <= rounds; round++) {
      for (const path of addresses(seeded)) {
        if (!path.includes(flags.match)) continue;
        const { contentMs, slowest } = await loadPage(browser, path);
        const what = path.replace(/_[0-9a-z]{20,}/g, '_…');
        if (round > 0) collected.add(bounded(`page ${what}, ${name}`, 'ms', PAGE_MUST_MS), contentMs);
        if (round > 0 && contentMs > PAGE_MUST_MS)
          process.stdout.write(
            `${what}: ${Math.round(contentMs)} ms, of it ${Math.round(slowest.tookMs)} for ${slowest.path}\n`,
          );
      }
    }
  }
  if (isAsked('feed')) {
    for (let round = 0; round < rounds; round++) {
      const gateway = await connectGateway(port, syncPort, seeded);
      const load = await measureFeed(browser, gateway, seeded, FEED);
      gateway.link.socket.destroy();
      const of = `of the feed under ${FEED.rate} events/s, ${name}`;
      collected.add(bounded(`longest task ${of}`, 'ms', FRAME_MUST_MS), load.longestTaskMs);
      collected.add(bounded(`frames ${of}`, 'ms p99', FRAME_MUST_MS), load.frameP99Ms);
      process.stdout.write(
        `${name}: feed: ${load.longTasks} long tasks, longest ${Math.round(load.longestTaskMs)} ms; frames p99 ${Math.round(load.frameP99Ms)} ms, longest ${Math.round(load.longestFrameMs)} ms; the last event was there after ${Math.round(load.shownAfterMs)} ms\n`,
      );
    }
  }
  await browser.page.context().browser()?.close();
}

if (flags.part !== undefined && !(PARTS as readonly string[]).includes(flags.part))
  throw new Error(`--part is one of ${PARTS.join(', ')}`);
ensureWeb();
const collected = new Collected();
try {
  const filled = await fillDatabases(SIZE, { only: flags.only, keep: flags.keep });
  if (flags.pause) {
    process.stdout.write('filled; press Enter to measure\n');
    await once(process.stdin, 'data');
    process.stdin.pause();
  }
  for (const database of filled) {
    if (isAsked('api') || isAsked('pages') || isAsked('feed')) {
      const { program, ...ports } = await startConsole(database);
      if (isAsked('api')) await measureApi(ports.port, database, collected);
      if (isAsked('pages') || isAsked('feed')) await measureInBrowser(ports, database, collected);
      await program.kill();
    }
    if (isAsked('ingest')) {
      const what = { workload: `events stored, ${database.name}`, unit: 'events/s', better: 'higher' as const };
      for (let round = 0; round < rounds; round++)
        collected.add(what, await measureIngest(database.url, database.seeded, STORED_EVENTS));
    }
  }
} finally {
  await stage.end();
}
const results = collected.all().map((measurement) => toResult('console', measurement));
const isPart = flags.part !== undefined || flags.only !== undefined || flags.match !== '';
reportResults('console', results, { json: flags.json, isPart, shortfall: 'Slower than the issue asks' });
process.exit(0);
