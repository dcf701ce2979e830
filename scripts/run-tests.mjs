// Runs node:test on some files with Node 26 and brings the totals back. Used by check.mjs, test.mjs and unit.mjs.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NODE, ROOT } from './npm-packages.mjs';

export const UNIT_FILES = ['packages/*/src/**/*.test.ts', 'scripts/**/*.test.ts', 'bench/**/*.test.ts'];

/** What they assert is how fast or how small something is: nothing else runs beside them. */
const MEASURING = [
  'bulk',
  'expose-http',
  'idle-memory',
  'policies',
  'start',
  'sync-latency',
  'wireguard',
  'wireguard-hostile',
];
/** Minutes of one core in an emulated machine. */
const EMULATED = 'wireguard-kernel';

/** The whole-process tests, as lists of files: `beside` has a core for itself while `together` runs, then nothing runs beside `alone`. */
export function e2eFiles() {
  const names = readdirSync(join(ROOT, 'e2e'))
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => file.slice(0, -'.test.ts'.length));
  const files = (belongs) => names.filter(belongs).map((name) => `e2e/${name}.test.ts`);
  return {
    beside: files((name) => name === EMULATED),
    together: files((name) => name !== EMULATED && !MEASURING.includes(name)),
    alone: files((name) => MEASURING.includes(name)),
  };
}

/**
 * `quiet` collects the output instead of showing it. Resolves to the runner's counts, its exit code and the output; the
 * counts are zero if the runner did not come to its end.
 */
export function runTests({ files, concurrency, testTimeoutMs, quiet = false, extraArguments = [] }) {
  const directory = mkdtempSync(join(tmpdir(), 'zeronaut-tests-'));
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
    { cwd: ROOT, stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'], env: testEnvironment() },
  );
  const chunks = [];
  child.stdout?.on('data', (chunk) => chunks.push(chunk));
  child.stderr?.on('data', (chunk) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      let counts = { tests: 0, passed: 0, failed: 0, skipped: 0, cancelled: 0, todo: 0 };
      let finished = false;
      try {
        counts = { ...counts, ...JSON.parse(readFileSync(summaryFile, 'utf8').trim().split('\n').at(-1)).counts };
        finished = true;
      } catch (error) {
        chunks.push(Buffer.from(`The test runner did not finish: ${error.message}\n`));
      }
      rmSync(directory, { recursive: true, force: true });
      resolve({
        counts,
        ok: code === 0 && signal === null && finished && counts.failed === 0 && counts.cancelled === 0,
        output: Buffer.concat(chunks).toString(),
        seconds: (Date.now() - started) / 1000,
      });
    });
  });
}

/** Node 26 first in PATH, so that programs which tests start with `node` run on it too. */
function testEnvironment() {
  const { NODE_OPTIONS: _options, NODE_TEST_CONTEXT: _context, ...rest } = process.env;
  return { ...rest, PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}` };
}
