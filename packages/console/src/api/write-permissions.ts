import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { permissionsDocument } from './permissions-document.ts';

/** `node packages/console/src/api/write-permissions.ts [--check]`: writes docs/permissions.md, or says that it is stale. */
const path = fileURLToPath(new URL('../../../../docs/permissions.md', import.meta.url));
const text = permissionsDocument();
if (process.argv.includes('--check')) {
  if (readFileSync(path, 'utf8') !== text) {
    process.stderr.write('docs/permissions.md is stale: run node packages/console/src/api/write-permissions.ts\n');
    process.exitCode = 1;
  }
} else {
  writeFileSync(path, text);
}
