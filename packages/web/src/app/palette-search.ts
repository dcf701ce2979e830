/** How the command palette finds: words in any order, in any case, also as another form of them: "policy" finds "Policies". */

/** Shorter ones are too many words' beginning. */
const MIN_STEM = 3;

export function wordsOf(text: string): readonly string[] {
  return text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);
}

/** Without the ending of a plural or a verb, in English or German. */
export function stemOf(word: string): string {
  const stem = word.replace(/ies$/, 'y').replace(/(?:ing|ed|es|en|er|s|n|e|y)$/, '');
  return stem.length >= MIN_STEM ? stem : word;
}

/** Whether each word of `q` is in `text`, or a form of one. */
export function finds(text: string, q: readonly string[]): boolean {
  const whole = text.toLowerCase();
  let words: readonly string[] | undefined;
  return q.every((word) => {
    if (whole.includes(word)) return true;
    const stem = stemOf(word);
    words ??= wordsOf(text);
    return stem.length >= MIN_STEM && words.some((one) => one.startsWith(stem));
  });
}

/** What was typed beside the words of an action: "drain eu" is about what is called "eu". Null: the action is not meant. */
export function restOf(q: readonly string[], action: string): readonly string[] | null {
  const rest = q.filter((word) => word.length < MIN_STEM || !startsOne(word, action));
  return rest.length === q.length ? null : rest;
}

function startsOne(word: string, action: string): boolean {
  const stem = stemOf(word);
  return wordsOf(action).some((one) => one.startsWith(stem));
}

/** The id of a request in what was typed, as a page that refuses shows it: perhaps with words around it. */
export function requestIdIn(text: string): string | null {
  return /(?<![A-Za-z0-9_])req_[A-Za-z0-9]{8,40}(?![A-Za-z0-9_])/.exec(text)?.[0] ?? null;
}
