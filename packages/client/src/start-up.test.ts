/** What a command does not need it does not load: the schemas of the API alone took half of the start of every `--help`. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../bin/zeronaut.mjs', import.meta.url));
/** Writes the URL of each module that is loaded to standard error. */
const TELL = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  import { writeSync } from 'node:fs';
  registerHooks({ load(url, context, next) { writeSync(2, url + '\\n'); return next(url, context); } });
`)}`;

for (const args of [['--help'], ['version'], ['policy', '--help'], ['completion', 'bash']]) {
  it(`zeronaut ${args.join(' ')} loads no schemas`, () => {
    const { status, stderr } = spawnSync(process.execPath, ['--import', TELL, PROGRAM, ...args], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    const loaded = stderr.split('\n');
    assert.ok(loaded.some((url) => url.endsWith('/src/program.ts')));
    assert.deepEqual(
      loaded.filter((url) => /\/zod\/|\/model\/src\/(?:index|entities)/.test(url)),
      [],
    );
  });
}
