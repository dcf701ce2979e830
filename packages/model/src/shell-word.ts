/** As POSIX shells read it as one word, whatever is in it: for commands that people copy. */
export function shellWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
