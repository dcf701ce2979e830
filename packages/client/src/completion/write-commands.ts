import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createProgram } from '../program.ts';
import { commandList } from './command-list.ts';

/** `node packages/client/src/completion/write-commands.ts [--check]`: writes docs/commands.md, or says that it is stale. */
const path = fileURLToPath(new URL('../../../../docs/commands.md', import.meta.url));
const text = commandList(createProgram({ stdout: process.stdout, stderr: process.stderr, environment: {} }));
if (!process.argv.includes('--check')) writeFileSync(path, text);
else if (readFileSync(path, 'utf8') !== text) {
  process.stderr.write('docs/commands.md is stale: run node packages/client/src/completion/write-commands.ts\n');
  process.exitCode = 1;
}
