/**
 * Whether a page that a server rendered is whole in one language: it looks for texts of another language's table. Tables are
 * objects of strings and of functions that make one.
 */

const READ_ATTRIBUTE = /\s(?:placeholder|aria-label|data-label|title)="([^"]*)"/g;

/** A text of a table, cut where something is put in. One word of two letters says nothing of a language. */
function piecesOf(text: string): string[] {
  return text
    .replace(/<[^>]*>|&#?\w+;/g, ' \u0000 ')
    .split(/[\u0000\d]+/)
    .map((piece) => piece.replace(/\s+/g, ' ').replace(/^[\s:;,.·]+|[\s:;,.·]+$/g, ''))
    .filter((piece) => /\p{L}{3}/u.test(piece));
}

function collect(table: unknown, into: Set<string>): Set<string> {
  if (typeof table === 'string') for (const piece of piecesOf(table)) into.add(piece);
  // Of a number other than one, so that plurals are those of several.
  if (typeof table === 'function') for (const argument of [120, 61, 1, 0]) collect(called(table, argument), into);
  if (typeof table === 'object' && table !== null) for (const value of Object.values(table)) collect(value, into);
  return into;
}

function called(make: unknown, argument: number): unknown {
  const of = make as (...values: unknown[]) => unknown;
  return of(...Array.from({ length: of.length }, () => argument));
}

/** What stands in `page` and is of `other`, the table of a language that the page is not in, and not of `own` as well. */
export function foreignTexts(page: string, own: unknown, other: unknown): string[] {
  const known = collect(own, new Set());
  const foreign = [...collect(other, new Set())].filter((piece) => !known.has(piece));
  // Codes are the same in every language.
  const shown = page
    .replace(/<(style|script|code)\b[\s\S]*?<\/\1>/g, ' ')
    .replace(/<[^>]*>/g, (tag) => ` | ${[...tag.matchAll(READ_ATTRIBUTE)].map(([, text]) => text).join(' | ')} | `)
    .replaceAll('&#39;', "'")
    .replace(/\s+/g, ' ');
  return foreign.filter((piece) => {
    const escaped = piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return new RegExp(`(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`, 'u').test(shown);
  });
}
