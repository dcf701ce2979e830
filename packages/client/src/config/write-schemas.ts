import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fileSchemas } from './file-schemas.ts';

/** `node packages/client/src/config/write-schemas.ts [--check]`: writes the published schemas, or says which are stale. */
for (const [name, text] of fileSchemas()) {
  const path = fileURLToPath(new URL(`../../../../docs/${name}`, import.meta.url));
  if (!process.argv.includes('--check')) writeFileSync(path, text);
  else if (readFileSync(path, 'utf8') !== text) {
    process.stderr.write(`docs/${name} is stale: run node packages/client/src/config/write-schemas.ts\n`);
    process.exitCode = 1;
  }
}
