/** Checks rules about files as a whole: size, docblocks, left-over notes, generated documents. Part of `npm run check`. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './npm-packages.mjs';

export const MAX_LINES = 600;

/** Longer files, each with the reason why it is one room all the same. */
const LONG_FILES: Record<string, string> = {
  'packages/model/src/api/routes.ts': 'one row per route of the API, in one table on purpose',
};

/** What is wrong with one file. `file` is a path from the root of the repository. */
export function checkSource(file: string, source: string): string[] {
  const problems: string[] = [];
  const lines = source.split('\n');
  const shipped = /^packages\/[^/]+\/(?:src|bin)\//.test(file) && !/\.(?:test|suite)\.tsx?$/.test(file);
  if (shipped && lines.length - 1 > MAX_LINES && LONG_FILES[file] === undefined) {
    problems.push(
      `${lines.length - 1} lines, at most ${MAX_LINES}: it is usually two rooms; split where the flow splits`,
    );
  }
  if (/^packages\/[^/]+\/src\/(?:index|main|pipeline)\.tsx?$/.test(file) && !hasDocblock(source)) {
    problems.push('opened first by newcomers: begin with a docblock that says what it does and what it must never do');
  }
  lines.forEach((line, index) => {
    if (/\b(?:TODO|FIXME|XXX)\b(?!.*#\d+)/.test(line))
      problems.push(`line ${index + 1}: a note without an issue number`);
    if (/\.test\.ts$/.test(file) && /\b(?:it|test|describe)\.only\(/.test(line)) {
      problems.push(`line ${index + 1}: .only keeps the other tests from running`);
    }
  });
  return problems;
}

/** A docblock is the first thing in the file, but for a `#!` line and imports. */
function hasDocblock(source: string): boolean {
  const rest = source
    .replace(/^#!.*\n/, '')
    .replace(/^(?:\s*import\b(?:[^'"`;()]|\n)*?(?:\bfrom\s*)?['"][^'"\n]+['"];?)+/, '')
    .trimStart();
  return rest.startsWith('/**');
}

if (import.meta.url === pathToFileURL(process.argv[1]!).href) {
  const files = globSync(['packages/*/{src,bin,build}/**/*.{ts,tsx,mjs}', '{scripts,e2e,bench}/**/*.{ts,mjs}'], {
    cwd: ROOT,
  })
    // The rules themselves have to name what they look for.
    .filter((file) => !file.startsWith('scripts/check-files'))
    .sort();
  let count = 0;
  for (const file of files) {
    for (const problem of checkSource(file, readFileSync(join(ROOT, file), 'utf8'))) {
      process.stdout.write(`${file}: ${problem}\n`);
      count++;
    }
  }
  for (const file of Object.keys(LONG_FILES)) {
    if (!files.includes(file)) {
      process.stdout.write(`scripts/check-files.ts: ${file} is listed as long and does not exist\n`);
      count++;
    }
  }
  process.exitCode = count > 0 ? 1 : 0;
}
