// `npm run bench -- SUITE [--quick] [--json] [--runs N]`: runs one suite of bench/ on Node 26. Each suite prints a table;
// with --json it also writes bench/results/SUITE.json.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensurePackages, NODE, ROOT } from './npm-packages.mjs';

const [suite, ...flags] = process.argv.slice(2);
const file = join(ROOT, 'bench', `${suite}.ts`);
if (suite === undefined || !/^[a-z0-9-]+$/.test(suite) || !existsSync(file)) {
  const suites = readdirSync(join(ROOT, 'bench')).filter((name) => /^[a-z0-9-]+\.ts$/.test(name));
  process.stderr.write(
    `Usage: npm run bench -- SUITE [--quick] [--json] [--runs N]\nSuites: ${suites.map((name) => name.slice(0, -3)).join(', ')}\n`,
  );
  process.exit(suite === undefined || suite === '--help' ? 0 : 2);
}
ensurePackages();
const child = spawn(NODE, [file, ...flags], { cwd: ROOT, stdio: 'inherit' });
// A suite ends what it started when it is told to stop; a signal to npm reaches only this process.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
