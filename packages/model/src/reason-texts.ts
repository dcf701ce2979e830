import type { Language } from './language-choice.ts';
import { texts as de } from './reasons.de.ts';
import { REASONS, type Reason } from './reasons.ts';

export interface ReasonText {
  readonly title: string;
  /** What to do; may be empty. */
  readonly next: string;
}

/** For programs that render pages; the web console fetches a language when it needs it. */
export const REASON_TEXTS: Readonly<Record<Language, Readonly<Record<Reason, ReasonText>>>> = { en: REASONS, de };
