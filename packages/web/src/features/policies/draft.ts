import type { Policy, PolicyInput, PolicyMode } from '@zeronaut/model';

/** A policy as it stands on the page, saved or not. */
export interface Draft {
  readonly name: string;
  readonly description: string;
  readonly mode: PolicyMode;
  readonly text: string;
}

const KEY = 'zeronaut.policy-draft';

export function draftOf({ name, description, mode, text }: Policy | PolicyInput): Draft {
  return { name, description, mode, text };
}

export function isSame(a: Draft, b: Draft): boolean {
  return a.text === b.text && a.mode === b.mode && a.description === b.description && a.name === b.name;
}

/** Hands a draft over to the page that edits it, across one change of the route. */
export function handOver(draft: Draft): void {
  sessionStorage.setItem(KEY, JSON.stringify(draft));
}

export function takeOver(): Draft | null {
  const kept = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  if (kept === null) return null;
  const { name, description, mode, text } = JSON.parse(kept) as Partial<Draft>;
  const isDraft = [name, description, mode, text].every((part) => typeof part === 'string');
  return isDraft ? ({ name, description, mode, text } as Draft) : null;
}
