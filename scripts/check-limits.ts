/**
 * Keeps docs/limits.md true. Each row names its constant (`packages/…/x.ts` `MAX_Y`) or its key with a default in a schema,
 * and the default in words ("64 KiB", "15 s", "20,000"); both must say the same. Part of `npm run check`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './npm-packages.mjs';

/** In bytes, milliseconds, or plain. */
const UNITS: Record<string, number> = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  ms: 1,
  s: 1_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** What is wrong with the table, one line each. `read` gives a source, or null if there is no such file. */
export function checkLimits(markdown: string, read: (file: string) => string | null): string[] {
  const problems: string[] = [];
  for (const [index, line] of markdown.split('\n').entries()) {
    const cells = line.split('|').map((cell) => cell.trim());
    const source = /^`(packages\/[^`]+)` `([A-Za-z_0-9.]+)`/.exec(cells[3] ?? '');
    if (!line.startsWith('|') || source === null) continue;
    const [, file, name] = source as unknown as [string, string, string];
    const at = `docs/limits.md:${index + 1}`;
    const text = read(file);
    const expression = text === null ? null : findExpression(text, name);
    const documented = parseQuantity(cells[2]!);
    if (text === null) problems.push(`${at}: there is no ${file}`);
    else if (expression === null) problems.push(`${at}: ${file} has no ${name} with a plain value`);
    else if (documented === null) problems.push(`${at}: "${cells[2]}" is no quantity`);
    else if (documented !== evaluate(expression) * scaleOf(name, cells[2]!)) {
      problems.push(`${at}: says ${cells[2]}, and ${name} is ${expression.trim()}`);
    }
  }
  return problems;
}

/** The value of a constant, or the default of a key in a zod schema. Products of plain numbers only. */
function findExpression(source: string, name: string): string | null {
  const key = name.slice(name.lastIndexOf('.') + 1);
  const declared = new RegExp(`\\b${key}(?:: \\w+)? = ([\\d_ *.]+)(?: as const)?;`).exec(source)?.[1];
  const property = new RegExp(`\\b${key}: ([\\d_ *.]+),`).exec(source)?.[1];
  const fallback = new RegExp(`\\b${key}:[^\\n]*\\.default\\(([\\d_ *.]+)\\)`).exec(source)?.[1];
  return declared ?? property ?? fallback ?? null;
}

function evaluate(expression: string): number {
  return expression.split('*').reduce((product, factor) => product * Number(factor.replaceAll('_', '').trim()), 1);
}

/** Times are compared in milliseconds; the name says in which unit the constant counts. */
function scaleOf(name: string, words: string): number {
  if (!/ (?:ms|s|min|h|d)$/.test(words)) return 1;
  if (/(?:_SECONDS|Seconds)$/.test(name)) return 1_000;
  if (/(?:_MINUTES|Minutes)$/.test(name)) return 60_000;
  if (/(?:_HOURS|Hours)$/.test(name)) return 3_600_000;
  if (/(?:_DAYS|Days)$/.test(name)) return 86_400_000;
  return 1;
}

function parseQuantity(words: string): number | null {
  const match = /^([\d,.]+)(?: (\S+))?$/.exec(words);
  if (match === null) return null;
  const unit = match[2] === undefined ? 1 : UNITS[match[2]];
  return unit === undefined ? null : Number(match[1]!.replaceAll(',', '')) * unit;
}

if (import.meta.url === pathToFileURL(process.argv[1]!).href) {
  const problems = checkLimits(readFileSync(join(ROOT, 'docs/limits.md'), 'utf8'), (file) =>
    existsSync(join(ROOT, file)) ? readFileSync(join(ROOT, file), 'utf8') : null,
  );
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
