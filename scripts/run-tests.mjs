// Runs node:test on some files with Node 26 and brings the totals back. Used by check.mjs, test.mjs and unit.mjs.
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { NODE, ROOT } from './npm-packages.mjs';

const STOPPING = ['SIGINT', 'SIGTERM'];

export const UNIT_FILES = ['packages/*/src/**/*.test.ts', 'scripts/**/*.test.ts', 'bench/**/*.test.ts'];

/** What they assert is how fast or how small something is: nothing else runs beside them. */
const MEASURING = ['bulk', 'closings', 'start', 'sync-latency', 'web-speed', 'wireguard-hostile'];
/** They wait for time to pass: two minutes for a session of WireGuard to be renewed, one with open sockets, half of one for a link. */
const WAITING = ['link-cut', 'snapshot-expiry', 'websockets', 'wireguard'];
/** Minutes of one core in an emulated machine, where one is asked for. */
const EMULATED = 'wireguard-kernel';

/**
 * The whole-process tests, as lists of files. `beside`, one at a time, hardly takes a core from `together`, which run
 * `together.concurrency` at a time; then nothing runs beside `alone`.
 */
export function e2eLanes() {
  const names = readdirSync(join(ROOT, 'e2e'))
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => file.slice(0, -'.test.ts'.length));
  const files = (belongs) => names.filter(belongs).map((name) => `e2e/${name}.test.ts`);
  const beside = [EMULATED, ...WAITING];
  return {
    beside: { files: files((name) => beside.includes(name)), concurrency: 1 },
    together: {
      files: files((name) => !beside.includes(name) && !MEASURING.includes(name)),
      concurrency: process.env.ZERONAUT_KERNEL_VM === '1' ? 1 : 2,
    },
    alone: { files: files((name) => MEASURING.includes(name)), concurrency: 1 },
  };
}

/**
 * `quiet` collects the output instead of showing it. Resolves to the runner's counts, its exit code, the output, and how
 * long each file took; counts are zero, and files none, if the runner did not come to its end.
 */
export function runTests({ files, concurrency, testTimeoutMs, quiet = false, extraArguments = [] }) {
  const directory = mkdtempSync(join(tmpdir(), 'zeronaut-tests-'));
  const temporary = files === UNIT_FILES ? createMemoryDirectory() : null;
  const summaryFile = join(directory, 'summary.ndjson');
  const started = Date.now();
  const child = spawn(
    NODE,
    [
      '--test',
      // A PostgreSQL for each file would cost more than the tests in it.
      ...(files === UNIT_FILES ? [`--test-global-setup=${join(ROOT, 'scripts/shared-postgres.ts')}`] : []),
      `--test-concurrency=${concurrency}`,
      `--test-timeout=${testTimeoutMs}`,
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      `--test-reporter=${join(ROOT, 'scripts/summary-reporter.mjs')}`,
      `--test-reporter-destination=${summaryFile}`,
      ...extraArguments,
      ...files,
    ],
    {
      cwd: ROOT,
      stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
      env: testEnvironment(temporary),
    },
  );
  const chunks = [];
  child.stdout?.on('data', (chunk) => chunks.push(chunk));
  child.stderr?.on('data', (chunk) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    let stopped = null;
    const stop = (by) => {
      stopped = by;
      child.kill(by);
    };
    for (const name of STOPPING) process.on(name, stop);
    child.on('close', (code, signal) => {
      for (const name of STOPPING) process.off(name, stop);
      let counts = { tests: 0, passed: 0, failed: 0, skipped: 0, cancelled: 0, todo: 0 };
      let fileTimes = [];
      let finished = false;
      try {
        const summary = JSON.parse(readFileSync(summaryFile, 'utf8').trim().split('\n').at(-1));
        counts = { ...counts, ...summary.counts };
        fileTimes = summary.files;
        finished = true;
      } catch (error) {
        chunks.push(Buffer.from(`The test runner did not finish: ${error.message}\n`));
      }
      for (const path of temporary === null ? [directory] : [directory, temporary]) removeDirectory(path);
      // Whoever is stopped does not go on with the next part; what it left in memory is gone.
      if (stopped !== null) process.exit(128 + constants.signals[stopped]);
      resolve({
        counts,
        fileTimes,
        ok: code === 0 && signal === null && finished && counts.failed === 0 && counts.cancelled === 0,
        output: Buffer.concat(chunks).toString(),
        seconds: (Date.now() - started) / 1000,
      });
    });
  });
}

/** PostgreSQL ends with the runner, but not at once: what it removes itself makes our removal stop half way. */
function removeDirectory(path) {
  for (let tries = 0; existsSync(path) && tries < 20; tries++) {
    rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

/** The slowest first: what to look at when the whole takes too long. */
export function slowestFiles(runs, count = 10) {
  const files = runs.flatMap(({ fileTimes }) => fileTimes).sort((a, b) => b.durationMs - a.durationMs);
  return files
    .slice(0, count)
    .map(({ file, durationMs }) => `${(durationMs / 1000).toFixed(1).padStart(6)} s  ${file}\n`);
}

/**
 * For temporary files, where memory has room for all of them: the unit tests make hundreds of databases, and what is
 * synced to a disk there costs nothing. Null elsewhere.
 */
function createMemoryDirectory() {
  const place = '/dev/shm';
  try {
    const { bavail, bsize } = statfsSync(place);
    const mount = readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' '))
      .findLast(([, at]) => at === place);
    // Tests run programs that they write.
    const isExecutable = mount !== undefined && !mount[3].split(',').includes('noexec');
    if (!isExecutable || bavail * bsize < 4 * 1024 ** 3) return null;
    const directory = mkdtempSync(join(place, 'zeronaut-tests-'));
    // As /tmp is: PostgreSQL is another user.
    chmodSync(directory, 0o1777);
    return directory;
  } catch {
    // Another system, or one without it.
    return null;
  }
}

/**
 * Node 26 first in PATH, so that programs which tests start with `node` run on it too. All of them share what is compiled:
 * each would spend half a second of CPU on stripping types, and each test has a ZERONAUT_HOME of its own where the
 * programs find nothing.
 */
function testEnvironment(temporary) {
  const { NODE_OPTIONS: _options, NODE_TEST_CONTEXT: _context, ...rest } = process.env;
  return {
    ...rest,
    PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`,
    ...(temporary === null ? {} : { TMPDIR: temporary }),
    NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/compiled-for-tests'),
  };
}
