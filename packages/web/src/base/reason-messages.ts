import type { Messages } from './messages.ts';
import type { ProblemTexts } from './problem-texts.ts';

/** Titles by reason, and what to do next by `REASON.next`. */
export function messagesOfReasons(texts: ProblemTexts): Messages {
  return Object.fromEntries(
    Object.entries(texts).flatMap(([reason, { title, next }]) => [
      [reason, title],
      [`${reason}.next`, next],
    ]),
  );
}
