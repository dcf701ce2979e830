import assert from 'node:assert/strict';
import { it } from 'node:test';
import { checkSource, MAX_LINES } from './check-files.ts';

const DOCBLOCK = '/** What it is. */\n';

it('accepts a short file with a docblock after its imports', () => {
  assert.deepEqual(
    checkSource('packages/x/src/main.ts', `import a from 'a';\nimport {\n  b,\n} from 'b';\n\n${DOCBLOCK}`),
    [],
  );
});

it('wants a docblock where newcomers begin', () => {
  assert.equal(checkSource('packages/x/src/main.ts', "import a from 'a';\nconst b = 1;\n").length, 1);
  assert.equal(checkSource('packages/x/src/index.ts', "export * from './a.ts';\n").length, 1);
  assert.deepEqual(checkSource('packages/x/src/deep/index.ts', "export * from './a.ts';\n"), []);
});

it('counts lines of shipped code only', () => {
  const long = '\n'.repeat(MAX_LINES + 1);
  assert.equal(checkSource('packages/x/src/a.ts', long).length, 1);
  assert.deepEqual(checkSource('packages/x/src/a.test.ts', long), []);
  assert.deepEqual(checkSource('packages/x/src/a.ts', '\n'.repeat(MAX_LINES)), []);
});

it('finds notes without an issue and tests that keep others from running', () => {
  assert.deepEqual(checkSource('scripts/a.ts', '// TODO later\n// TODO(#12) later\n'), [
    'line 1: a note without an issue number',
  ]);
  assert.equal(checkSource('e2e/a.test.ts', 'it.only(1);\n').length, 1);
});
