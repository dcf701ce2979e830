import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkFile, findImports } from './check-imports.ts';

const GATEWAY = 'packages/gateway/src';

describe('findImports', () => {
  it('finds every form, with its line', () => {
    const source = [
      "import a from 'a';",
      'import {',
      '  b,',
      "} from 'b';",
      "import type { C } from 'c';",
      "export * from 'd';",
      "import 'e';",
      "const f = await import('f');",
      "type G = import('g').G;",
      "new Worker(new URL('./h.ts', import.meta.url));",
    ].join('\n');
    assert.deepEqual(
      findImports(source).map(({ specifier, line, dynamic }) => [specifier, line, dynamic]),
      [
        ['a', 1, false],
        ['b', 4, false],
        ['c', 5, false],
        ['d', 6, false],
        ['e', 7, false],
        ['f', 8, true],
        ['g', 9, true],
        ['./h.ts', 10, true],
      ],
    );
  });

  it('does not see imports in comments', () => {
    assert.deepEqual(findImports("// import a from 'a';\n/* import b from 'b';\n */\n * \n"), []);
  });
});

describe('checkFile', () => {
  const refused: readonly (readonly [string, string, string, RegExp])[] = [
    ['model importing policy', 'packages/model/src/a.ts', "import 'x';import y from '@zeronaut/policy';", /vocabulary/],
    ['policy importing tunnel', 'packages/policy/src/a.ts', "import { x } from '@zeronaut/tunnel';", /pure/],
    ['tunnel importing gateway', 'packages/tunnel/src/a.ts', "import { x } from '@zeronaut/gateway/main';", /product/],
    ['gateway importing console', `${GATEWAY}/main.ts`, "import { x } from '@zeronaut/console/main';", /only in model/],
    ['console importing tunnel', 'packages/console/src/a.ts', "import { x } from '@zeronaut/tunnel';", /only in model/],
    [
      'client loading gateway statically',
      'packages/client/src/a.ts',
      "import x from '@zeronaut/gateway/main';",
      /dynamic/,
    ],
    [
      'client importing the insides of gateway',
      'packages/client/src/a.ts',
      "const x = await import('@zeronaut/gateway/config');",
      /through their main/,
    ],
    ['an inner file of model', 'packages/client/src/a.ts', "import x from '@zeronaut/model/src/ids.ts';", /index/],
    ['a path into another package', `${GATEWAY}/main.ts`, "import x from '../../model/src/ids.ts';", /by its name/],
    ['testkit in shipped code', `${GATEWAY}/main.ts`, "import x from '@zeronaut/testkit';", /development only/],
    ['a test in shipped code', `${GATEWAY}/raw/a.ts`, "import x from './a.test.ts';", /never imports a test/],
    ['one room importing another', `${GATEWAY}/router/a.ts`, "import x from '../access/b.ts';", /meet through/],
    ['a type of another room', `${GATEWAY}/raw/a.ts`, "import type { X } from '../targets/b.ts';", /meet through/],
    ['a room importing the pipeline', `${GATEWAY}/http/a.ts`, "import x from '../pipeline.ts';", /composes/],
    ['a room that nobody listed', `${GATEWAY}/magic/a.ts`, "import x from '../raw/b.ts';", /no room/],
    ['a computed import', 'packages/client/src/a.ts', 'await import(name);', /computed/],
    ['a package that nobody listed', 'packages/other/src/a.ts', '', /needs a row/],
  ];
  for (const [title, file, source, reason] of refused) {
    it(`refuses ${title}`, () => {
      const violations = checkFile(file, source.replaceAll(';', ';\n'));
      assert.equal(violations.length, 1, JSON.stringify(violations));
      assert.match(violations[0]!.reason, reason);
    });
  }

  const allowed: readonly (readonly [string, string, string])[] = [
    ['model importing zod', 'packages/model/src/a.ts', "import { z } from 'zod';"],
    ['gateway importing tunnel', `${GATEWAY}/raw/a.ts`, "import { x } from '@zeronaut/tunnel';"],
    ['the client loading a program', 'packages/client/src/a.ts', "const x = await import('@zeronaut/console/main');"],
    ['a room importing itself', `${GATEWAY}/http/a.ts`, "import x from './codec/b.ts';"],
    ['a room importing the seams', `${GATEWAY}/http/a.ts`, "import x from '../flow.ts';\nimport y from '../rooms.ts';"],
    ['a room importing the request head', `${GATEWAY}/access/a.ts`, "import x from '../http/request-head.ts';"],
    ['the pipeline importing rooms', `${GATEWAY}/pipeline.ts`, "import x from './router/route.ts';"],
    ['a test importing testkit', `${GATEWAY}/raw/a.test.ts`, "import x from '@zeronaut/testkit';"],
  ];
  for (const [title, file, source] of allowed) {
    it(`allows ${title}`, () => {
      assert.deepEqual(checkFile(file, source), []);
    });
  }
});

describe('the web console', () => {
  const at = 'packages/web/src';
  const broken = (file: string, specifier: string) => checkFile(`${at}/${file}`, `import '${specifier}';`).length;

  it('imports one way, and no feature another', () => {
    assert.equal(broken('features/gateways/page.tsx', '../../ui/tag.tsx'), 0);
    assert.equal(broken('features/gateways/page.tsx', './messages.ts'), 0);
    assert.equal(broken('main.tsx', './app/router.ts'), 0);
    assert.equal(broken('ui/tag.tsx', '../features/gateways/page.tsx'), 1);
    assert.equal(broken('base/api.ts', '../ui/tag.tsx'), 1);
    assert.equal(broken('features/gateways/page.tsx', '../resources/page.tsx'), 1);
    assert.equal(broken('features/gateways/page.tsx', '../../app/router.ts'), 1);
    assert.equal(broken('other/page.tsx', '../ui/tag.tsx'), 1);
  });

  it('knows the API alone, and nothing of Node', () => {
    assert.equal(broken('base/api.ts', '@zeronaut/model'), 0);
    assert.equal(broken('base/api.ts', '@zeronaut/console/main'), 1);
    assert.equal(broken('base/api.ts', 'node:fs'), 1);
    assert.equal(broken('messages.test.ts', 'node:fs'), 0);
    assert.equal(broken('features/policies/texts.ts', '@zeronaut/policy/authoring'), 1);
    assert.equal(broken('features/policies/texts.test.ts', '@zeronaut/policy/authoring'), 0);
  });
});
