// `npm test [-- FILES...]`: everything. Installs what is missing, then checks, unit tests and whole-process tests (e2e).
// With files or globs: only those e2e files. It ends with the totals of all runs in the runner's own words.

import { ensureWeb } from './build-web.mjs';
import { installNeeds } from './install-needs.mjs';
import { ensurePackages } from './npm-packages.mjs';
import { e2eFiles, runTests } from './run-tests.mjs';

const started = Date.now();
ensurePackages();
ensureWeb();
installNeeds();
const { staticChecks, unitTests } = await import('./check.mjs');

const files = process.argv.slice(2);
const runs = [];
let good = true;
if (files.length === 0) {
  good = await staticChecks();
  runs.push(await unitTests());
}
// One file at a time: each starts whole programs.
const e2e = (chosen, quiet = false) => runTests({ files: chosen, concurrency: 1, testTimeoutMs: 600_000, quiet });
if (files.length > 0) {
  runs.push(await e2e(files));
} else {
  const { beside, together, alone } = e2eFiles();
  const [emulated, others] = await Promise.all([e2e(beside, true), e2e(together)]);
  process.stdout.write(emulated.output);
  runs.push(emulated, others, await e2e(alone));
}

const total = (key) => runs.reduce((sum, run) => sum + run.counts[key], 0);
const passed = good && runs.every((run) => run.ok);
process.stdout.write(`
${passed ? 'All good' : 'FAILED'} (static checks: ${files.length > 0 ? 'not run' : good ? 'good' : 'FAILED'})
# tests ${total('tests')}
# pass ${total('passed')}
# fail ${total('failed')}
# cancelled ${total('cancelled')}
# skipped ${total('skipped')}
# todo ${total('todo')}
# duration_ms ${Date.now() - started}
`);
process.exitCode = passed ? 0 : 1;
