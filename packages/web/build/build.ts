/** Builds the web console into `packages/web/dist`: bundles, then each text file once more in brotli and gzip. Node 26. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'vite';
import { fileOf } from './chunks.ts';
import { STAMP_FILE, sourceStamp } from './fresh.mjs';
import { routeTable } from './route-table.ts';
import { worldOutline } from './world-outline.ts';

const WEB = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const ROOT = join(WEB, '../..');
const EXPECTED_LOGS = new Set([
  // 'use client' is for servers that render React; there is none here.
  'MODULE_LEVEL_DIRECTIVE',
  // What the overview takes behind its numbers, other pages take at once.
  'INEFFECTIVE_DYNAMIC_IMPORT',
]);
const COMPRESSED = /\.(?:js|css|html|svg|json|webmanifest|txt)$/;
const SMALLEST_COMPRESSED_BYTES = 512;

const stamp = sourceStamp(ROOT);
// Built beside and renamed: a console that runs meanwhile never sees half of it, and two builds at once do not mix.
const fresh = join(WEB, 'dist', `.new-${process.pid}`);
const current = join(WEB, 'dist', 'current');
mkdirSync(fresh, { recursive: true });
try {
  await build({
    configFile: false,
    root: WEB,
    logLevel: 'warn',
    mode: 'production',
    plugins: [routeTable(), worldOutline()],
    // What `@zeronaut/audit` needs of Node, in a browser.
    resolve: { alias: { 'node:crypto': join(WEB, 'src/features/audit/node-crypto.ts') } },
    build: {
      outDir: fresh,
      emptyOutDir: true,
      target: 'es2023',
      manifest: 'build-manifest.json',
      // The policy of the page forbids them, and a data URL would be read again on each visit.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      chunkSizeWarningLimit: 900,
      rolldownOptions: {
        output: {
          codeSplitting: {
            groups: [{ name: fileOf(WEB), debugName: 'first route', includeDependenciesRecursively: false }],
          },
        },
        onLog: (level, log, handle) => (EXPECTED_LOGS.has(log.code ?? '') ? undefined : handle(level, log)),
      },
    },
  });
  await build({
    configFile: false,
    root: WEB,
    logLevel: 'warn',
    mode: 'production',
    publicDir: false,
    define: { SHELL_FILES: JSON.stringify(shellFiles(fresh)) },
    build: {
      outDir: fresh,
      emptyOutDir: false,
      target: 'es2023',
      reportCompressedSize: false,
      rolldownOptions: {
        input: join(WEB, 'src/service-worker.ts'),
        // In one piece, under the address by which browsers know it.
        output: { format: 'iife', entryFileNames: 'service-worker.js', codeSplitting: false },
      },
    },
  });
  compress(fresh);
  writeFileSync(join(fresh, STAMP_FILE), stamp);
  rmSync(current, { recursive: true, force: true });
  renameSync(fresh, current);
} finally {
  rmSync(fresh, { recursive: true, force: true });
}

/** What the service worker keeps of this build: all its files but those that have another address with each content. */
function shellFiles(directory: string): readonly string[] {
  return readdirSync(join(directory, 'assets'))
    .toSorted()
    .map((name) => `/assets/${name}`);
}

function compress(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !COMPRESSED.test(entry.name)) continue;
    const file = join(entry.parentPath, entry.name);
    const bytes = readFileSync(file);
    if (bytes.length < SMALLEST_COMPRESSED_BYTES) continue;
    writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
    writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
  }
}
