// Brings node_modules in line with package-lock.json and says where Node 26 is. Runs on the host's Node (20 or newer),
// before anything is installed, so it imports only what Node itself brings.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

/** The Node 26 of this repository: the npm package `node`. */
export const NODE = join(ROOT, 'node_modules/.bin/node');

/**
 * Why `npm ci` is needed, or null. npm writes what it installed to node_modules/.package-lock.json; comparing versions
 * and integrity takes two milliseconds, where asking npm takes a second.
 */
export function staleReason(root = ROOT) {
  const installed = readLock(join(root, 'node_modules/.package-lock.json'));
  if (installed === null) return 'nothing is installed yet';
  const wanted = readLock(join(root, 'package-lock.json'));
  if (wanted === null) return null;
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '') continue;
    const found = installed[path];
    if (found === undefined) {
      // Binaries for other platforms are in the lock file and never on the disk.
      if (entry.optional || entry.peer) continue;
      return `${path} is missing`;
    }
    if (found.version !== entry.version || (entry.integrity && found.integrity && found.integrity !== entry.integrity))
      return `${path} is ${found.version}, wanted ${entry.version}`;
  }
  if (!existsSync(join(root, 'node_modules/.bin/node'))) return 'node_modules/.bin/node is missing';
  return null;
}

/** Installs if needed. Ends the process with a clear message if that fails: nothing can be done after it. */
export function ensurePackages() {
  const reason = staleReason();
  if (reason !== null) {
    process.stderr.write(`Installing npm packages (${reason}); this takes about half a minute.\n`);
    const started = Date.now();
    const npm = process.env.npm_execpath?.endsWith('.js')
      ? [process.execPath, process.env.npm_execpath]
      : [process.platform === 'win32' ? 'npm.cmd' : 'npm'];
    const result = spawnSync(npm[0], [...npm.slice(1), 'ci', '--no-fund', '--no-audit', '--loglevel=error'], {
      cwd: ROOT,
      stdio: ['ignore', 2, 2],
    });
    if (result.error) fail(`npm could not be started: ${result.error.message}`);
    if (result.status !== 0) fail(`npm ci failed with ${result.signal ?? `exit code ${result.status}`}.`);
    process.stderr.write(`Installed in ${((Date.now() - started) / 1000).toFixed(1)} s.\n`);
  }
  if (!existsSync(NODE)) {
    fail(
      'The npm package "node" has not put Node 26 into node_modules/.bin. Its install script must be allowed to run: ' +
        'check that npm is 11 or newer and that ignore-scripts is not set, then run npm ci.',
    );
  }
}

function readLock(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
  } catch (error) {
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return null;
    throw error;
  }
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
