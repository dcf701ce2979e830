import type { NamedEntity } from '../cedar/entities-named.ts';
import { tokensOf } from '../form/policy-tokens.ts';

/** Where a policy names an entity first; its beginning where it is written in some other way. Lines and columns from 1. */
export function placeOfEntity(text: string, { type, id }: NamedEntity): { line: number; column: number } {
  const { tokens } = tokensOf(text);
  const index = tokens.findIndex(
    ({ text: word }, at) =>
      word === type && tokens[at + 1]?.text === '::' && tokens[at + 2]?.text === JSON.stringify(id),
  );
  const lines = text.slice(0, tokens[index]?.start ?? 0).split('\n');
  return { line: lines.length, column: [...lines.at(-1)!].length + 1 };
}

/** Longer than this nothing is a slip of the pen of something else. */
const MAX_LENGTH = 64;

/** The one whose name is written almost so, in capitals or not; null: none is. Of two that are as near, the first. */
export function nearestName<T extends { readonly name: string }>(candidates: readonly T[], written: string): T | null {
  const wanted = written.toLowerCase();
  if (wanted.length > MAX_LENGTH) return null;
  // A name of three letters with another one in it is another name.
  let [best, nearest]: [number, T | null] = [Math.min(2, Math.floor(wanted.length / 3)) + 1, null];
  for (const candidate of candidates) {
    const name = candidate.name.toLowerCase();
    if (Math.abs(name.length - wanted.length) >= best) continue;
    const distance = editsBetween(name, wanted);
    if (distance < best) [best, nearest] = [distance, candidate];
  }
  return nearest;
}

/** Letters to add, to take away or to change, so that the one becomes the other. */
function editsBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const changed = row[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(changed, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[other.length]!;
}
