import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gatewayFileJsonSchema } from './json-schema.ts';

/** `node packages/gateway/src/config/write-schema.ts [--check]`: writes the published schema, or says that it is stale. */
const path = fileURLToPath(new URL('../../../../docs/gateway.schema.json', import.meta.url));
const text = gatewayFileJsonSchema();
if (process.argv.includes('--check')) {
  if (readFileSync(path, 'utf8') !== text) {
    process.stderr.write('docs/gateway.schema.json is stale: run node packages/gateway/src/config/write-schema.ts\n');
    process.exitCode = 1;
  }
} else {
  writeFileSync(path, text);
}
