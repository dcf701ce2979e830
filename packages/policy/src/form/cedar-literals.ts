/** Literals of the Cedar language as text. */

/** A string in quotation marks; what cannot be seen is written by its number. */
export function cedarString(text: string): string {
  return `"${escaped(text)}"`;
}

function escaped(text: string): string {
  let written = '';
  for (const character of text) {
    if (character === '"' || character === '\\') written += `\\${character}`;
    else if (/[\p{C}\p{Zl}\p{Zp}]/u.test(character)) written += `\\u{${character.codePointAt(0)!.toString(16)}}`;
    else written += character;
  }
  return written;
}

/** Parts of a pattern; null: any text. A backslash makes the next star or backslash ordinary. */
export function patternParts(pattern: string): (string | null)[] {
  const parts: (string | null)[] = [];
  for (let at = 0; at < pattern.length; ) {
    const escapes = pattern[at] === '\\' && (pattern[at + 1] === '*' || pattern[at + 1] === '\\');
    if (pattern[at] === '*') parts.push(null);
    else parts.push(escapes ? pattern[at + 1]! : String.fromCodePoint(pattern.codePointAt(at)!));
    at += escapes ? 2 : (parts.at(-1)?.length ?? 1);
  }
  return parts;
}

export function patternText(parts: readonly (string | null)[]): string {
  return parts.map((part) => (part === null ? '*' : part.replace(/[*\\]/g, '\\$&'))).join('');
}

/** The pattern of `like` in quotation marks. */
export function cedarPattern(pattern: string): string {
  const written = patternParts(pattern).map((part) => (part === null ? '*' : part === '*' ? '\\*' : escaped(part)));
  return `"${written.join('')}"`;
}
