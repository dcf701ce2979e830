// `npm test [-- FILES...]`: everything. Installs what is missing, then checks, unit tests and whole-process tests (e2e).
// With files or globs: only those e2e files. It ends with the totals of all runs in the runner's own words.
import { installNeeds } from './install-needs.mjs';
import { ensurePackages } from './npm-packages.mjs';
import { e2eRuns, runTests } from './run-tests.mjs';

const started = Date.now();
ensurePackages();
installNeeds();
const { staticChecks, unitTests } = await import('./check.mjs');

const files = process.argv.slice(2);
const runs = [];
let good = true;
if (files.length === 0) {
  good = await staticChecks();
  runs.push(await unitTests());
}
const e2e = files.length > 0 ? [{ files, concurrency: 1 }] : e2eRuns();
for (const run of e2e) runs.push(await runTests({ ...run, testTimeoutMs: 600_000, quiet: false }));

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
