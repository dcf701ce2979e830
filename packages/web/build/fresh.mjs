// Whether packages/web/dist is what the sources say. Runs on the host's Node (20 or newer) before each start, so it only
// looks at names, sizes and times: two milliseconds for some hundred files.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What goes into the build, from the root of the repository. */
const SOURCES = [
  'packages/web',
  'packages/model/src',
  'packages/passkeys/src',
  'packages/policy/src',
  'package-lock.json',
];
const SKIPPED = new Set(['dist', 'node_modules']);

export const STAMP_FILE = 'build-stamp.txt';

/** Changes when a source is added, removed or written. */
export function sourceStamp(root) {
  const hash = createHash('sha256');
  for (const path of SOURCES) addPath(hash, root, path);
  return hash.digest('hex');
}

export function isFresh(root, directory) {
  const stamp = join(directory, STAMP_FILE);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === sourceStamp(root);
}

function addPath(hash, root, path) {
  const stat = statSync(join(root, path), { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isDirectory()) {
    hash.update(`${path}\0${stat.size}\0${stat.mtimeMs}\n`);
    return;
  }
  for (const name of readdirSync(join(root, path)).sort()) {
    if (!SKIPPED.has(name)) addPath(hash, root, `${path}/${name}`);
  }
}
