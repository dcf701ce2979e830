// `npm run check`: format and lint, types, import rules, file rules, unit tests. Four to five minutes on two cores; before each commit.
import { spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { ensurePackages, NODE, ROOT } from './npm-packages.mjs';
import { runTests, UNIT_FILES } from './run-tests.mjs';

const STATIC_PARTS = [
  { name: 'format and lint', command: ['node_modules/.bin/biome', 'check', '--colors=off', '.'] },
  { name: 'types', command: ['node_modules/.bin/tsc', '--noEmit', '--pretty', 'false'] },
  {
    name: 'types of the web',
    command: ['node_modules/.bin/tsc', '--noEmit', '--pretty', 'false', '-p', 'packages/web'],
  },
  { name: 'imports', command: [NODE, 'scripts/check-imports.ts'] },
  { name: 'files', command: [NODE, 'scripts/check-files.ts'] },
  { name: 'limits', command: [NODE, 'scripts/check-limits.ts'] },
  { name: 'permissions', command: [NODE, 'packages/console/src/api/write-permissions.ts', '--check'] },
  { name: 'published schema', command: [NODE, 'packages/gateway/src/config/write-schema.ts', '--check'] },
  { name: 'commands', command: [NODE, 'packages/client/src/completion/write-commands.ts', '--check'] },
  { name: 'schemas of files', command: [NODE, 'packages/client/src/config/write-schemas.ts', '--check'] },
];

/** The parts that run no product code, side by side. Resolves to true when all are good. */
export async function staticChecks() {
  const results = await Promise.all(STATIC_PARTS.map((part) => runPart(part)));
  return results.every(Boolean);
}

/** Resolves to the counts and whether all is good. */
export async function unitTests() {
  const result = await runTests({ files: UNIT_FILES, concurrency: 2, testTimeoutMs: 60_000, quiet: true });
  const { counts } = result;
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
  report('unit tests', result.ok, result.seconds, `${counts.passed} passed${skipped}`, result.output);
  return result;
}

function runPart({ name, command: [program, ...args] }) {
  const started = Date.now();
  const child = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks = [];
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  child.stderr.on('data', (chunk) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      report(name, code === 0, (Date.now() - started) / 1000, '', Buffer.concat(chunks).toString());
      resolve(code === 0);
    });
  });
}

function report(name, ok, seconds, detail, output) {
  if (!ok) process.stdout.write(`${output.trimEnd()}\n`);
  process.stdout.write(
    `${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(16)} ${seconds.toFixed(1).padStart(5)} s  ${detail}\n`,
  );
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  ensurePackages();
  const good = await staticChecks();
  const unit = await unitTests();
  process.exitCode = good && unit.ok ? 0 : 1;
}
