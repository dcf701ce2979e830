// `npm test [-- FILES...]`: everything. Installs what is missing, then checks, unit tests and whole-process tests (e2e).
// With files or globs: only those e2e files. It ends with the slowest files and the totals of all runs in the runner's own words.

import { ensureWeb } from './build-web.mjs';
import { installNeeds } from './install-needs.mjs';
import { ensurePackages } from './npm-packages.mjs';
import { e2eLanes, runTests, slowestFiles } from './run-tests.mjs';

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
const e2e = (lane, quiet = false) => runTests({ ...lane, testTimeoutMs: 600_000, quiet });
if (files.length > 0) {
  runs.push(await e2e({ files, concurrency: 1 }));
} else {
  const { beside, together, alone } = e2eLanes();
  const [waiting, others] = await Promise.all([e2e(beside, true), e2e(together)]);
  process.stdout.write(waiting.output);
  runs.push(waiting, others, await e2e(alone));
}

const total = (key) => runs.reduce((sum, run) => sum + run.counts[key], 0);
const passed = good && runs.every((run) => run.ok);
process.stdout.write(`
Slowest files:
${slowestFiles(runs).join('')}
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
