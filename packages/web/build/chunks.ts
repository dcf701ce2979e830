/**
 * Which modules of the web console become one file. What the first route needs is a few files, whatever shares its modules: each
 * file costs a browser a request, and compresses worse alone.
 *
 * A file here holds, with a module, all that this one imports and no file before it holds. So files import those before them alone,
 * and there are no cycles in which a module runs before what it imports. `main.tsx`, which waits for the first texts at its top,
 * is in none of them: a file of texts that imports the shell would wait for `main.tsx`, which waits for the texts.
 */
import { join } from 'node:path';
import type { Rolldown } from 'vite';

type GetModule = (id: string) => { readonly importedIds: readonly string[] } | null;

const MAIN = '/src/main.tsx';

/** `ofModel`: texts that the web console has from there. Alone they would land in a file that imports this one. */
const texts = (language: string, ofModel: readonly string[]) => ({
  name: `texts.${language}`,
  from: [
    ...ofModel.map((file) => `/../model/src/${file}.ts`),
    ...['app/messages', 'ui/messages', 'features/overview/messages', 'base/reason-texts'].map(
      (file) => `/src/${file}.${language}.ts`,
    ),
  ],
});

/** From the root of the web console. */
const FILES: readonly { readonly name: string; readonly from: readonly string[] }[] = [
  { name: 'shell', from: [MAIN] },
  {
    name: 'overview',
    from: [
      '/src/features/overview/overview-page.tsx',
      '/src/ui/traffic-charts.tsx',
      '/src/ui/world-map-section.tsx',
      '/src/features/overview/traffic-lists.tsx',
    ],
  },
  texts('en', ['reasons', 'alarm-texts.en']),
  texts('de', ['reasons.de', 'alarm-texts.de']),
  {
    name: 'menus',
    from: ['/src/app/command-palette.tsx', '/src/app/menu-drawer.tsx', '/src/app/account-menu-items.tsx'],
  },
];

/** Of these each page takes some, and most of it is for forms: they go where they are used. They import nothing of the web console. */
const SHARED = /\/packages\/(?:model|policy|audit|passkeys)\/|\/node_modules\/zod\//;

export function fileOf(root: string): Rolldown.CodeSplittingNameFunction {
  let files: ReadonlyMap<string, string> | undefined;
  return (id, context) => {
    files ??= assign(root, (one) => context.getModuleInfo(one));
    return id === `${root}${MAIN}` ? null : files.get(id);
  };
}

function assign(root: string, getModule: GetModule): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const { name, from } of FILES) {
    const first = from.map((path) => join(root, path));
    const waiting = [...first];
    for (const id of waiting) {
      if (files.has(id) || (SHARED.test(id) && !first.includes(id))) continue;
      const module = getModule(id);
      if (module === null) throw new Error(`no module ${id} for the file "${name}"`);
      files.set(id, name);
      waiting.push(...module.importedIds);
    }
  }
  return files;
}
