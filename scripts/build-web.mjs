// `npm run web`: builds the web console where its sources are newer than the build. `npm start` and the tests call it too,
// on the host's Node; what builds runs on Node 26.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isFresh } from '../packages/web/build/fresh.mjs';
import { ensurePackages, NODE, ROOT } from './npm-packages.mjs';

export const WEB_DIRECTORY = join(ROOT, 'packages/web/dist/current');

/** Needs `ensurePackages` before. Ends the process when the build fails, unless `required` is false. */
export function ensureWeb({ required = true } = {}) {
  if (isFresh(ROOT, WEB_DIRECTORY)) return;
  process.stderr.write('Building the web console; this takes some seconds.\n');
  const started = Date.now();
  const { status, signal } = spawnSync(NODE, [join(ROOT, 'packages/web/build/build.ts')], {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
  });
  if (status === 0) {
    process.stderr.write(`Built in ${((Date.now() - started) / 1000).toFixed(1)} s.\n`);
    return;
  }
  process.stderr.write(`The web console could not be built (${signal ?? `exit code ${status}`}).\n`);
  if (required) process.exit(1);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  ensurePackages();
  ensureWeb();
}
