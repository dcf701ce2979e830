/**
 * Which modules of the web console become one file. What the first route needs is a few files, whatever shares its modules: each
 * file costs a browser a request, and compresses worse alone.
 */
import type { Rolldown } from 'vite';

type GetModule = (
  id: string,
) => { readonly importedIds: readonly string[]; readonly dynamicallyImportedIds: readonly string[] } | null;

/** From the root of the web console; what an earlier one has, a later one does not get. */
const CHUNKS: readonly {
  readonly name: string;
  readonly from: readonly string[];
}[] = [
  { name: 'shell', from: ['/src/main.tsx'] },
  {
    name: 'overview',
    from: [
      '/src/features/overview/overview-page.tsx',
      '/src/ui/traffic-charts.tsx',
      '/src/ui/world-map-section.tsx',
      '/src/features/overview/traffic-lists.tsx',
    ],
  },
  ...['en', 'de'].map((language) => ({
    name: `texts.${language}`,
    from: ['app/messages', 'ui/messages', 'features/overview/messages', 'base/reason-texts'].map(
      (file) => `/src/${file}.${language}.ts`,
    ),
  })),
  {
    name: 'menus',
    from: ['/src/app/command-palette.tsx', '/src/app/menu-drawer.tsx', '/src/app/account-menu-items.tsx'],
  },
];

/** Of these each page takes some, and most of it is for forms: they go where they are used, but for texts of one language. */
const SHARED =
  /\/packages\/(?:policy|audit|passkeys)\/|\/packages\/model\/(?!src\/(?:alarm-texts\.|reasons\.de))|\/node_modules\/zod\//;

export function chunkOf(root: string): Rolldown.CodeSplittingNameFunction {
  let chunks: ReadonlyMap<string, string> | undefined;
  return (id, context) => {
    chunks ??= assign(root, (one) => context.getModuleInfo(one));
    return chunks.get(id);
  };
}

function assign(root: string, getModule: GetModule): ReadonlyMap<string, string> {
  const chunks = new Map<string, string>();
  for (const { name, from } of CHUNKS) {
    const waiting = from.map((path) => `${root}${path}`);
    for (const id of waiting) {
      if (chunks.has(id) || SHARED.test(id)) continue;
      const module = getModule(id);
      if (module === null) throw new Error(`no module ${id} for the file "${name}"`);
      chunks.set(id, name);
      waiting.push(...module.importedIds);
    }
  }
  return chunks;
}
