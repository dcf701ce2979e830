import type { PolicyForm, WhatSelector, WhoSelector } from '@zeronaut/model';
import type { PolicyAction } from '@zeronaut/policy';

/** What a permit was used for: who, on which object, to do what. */
export interface Use {
  readonly userId: string;
  readonly objectId: string;
  readonly kind: 'resource' | 'site';
  readonly action: PolicyAction;
}

export type Narrowed = 'who' | 'what' | 'actions';

/** So many objects or users are named one by one; where there are more, the segment or group stays. */
const MAX_NAMED = 50;

/**
 * A permit that lets nobody in whom it did not let in before: the same conditions, and of its head only what was used. It
 * is a proposal; whether it loses an access is found out by asking it.
 *
 * `belongs`: whether a user is one of those whom a selector names. `reach`: how many objects the permit is about now.
 */
export function tighten(
  form: PolicyForm,
  uses: readonly Use[],
  facts: { readonly belongs: (userId: string, who: WhoSelector) => boolean; readonly reach: number },
): { readonly form: PolicyForm; readonly narrowed: readonly Narrowed[] } {
  const narrowed: Narrowed[] = [];
  const next: PolicyForm = { ...form };

  const users = [...new Set(uses.map(({ userId }) => userId))].sort();
  if (form.who.length === 0) {
    if (users.length <= MAX_NAMED) {
      next.who = users.map((id) => ({ is: 'user', id }));
      narrowed.push('who');
    }
  } else {
    const used = form.who.filter((selector) => users.some((id) => facts.belongs(id, selector)));
    if (used.length > 0 && used.length < form.who.length) {
      next.who = used;
      narrowed.push('who');
    }
  }

  const actions = [...new Set(uses.map(({ action }) => action))].sort();
  const allowed = form.actions.length === 0 || form.actions.includes('access') ? 4 : form.actions.length;
  if (actions.length < allowed) {
    next.actions = actions;
    narrowed.push('actions');
  }

  const objects = new Map(uses.map(({ objectId, kind }) => [objectId, kind]));
  if (objects.size < facts.reach && objects.size <= MAX_NAMED) {
    next.what = [...objects].sort().map(([id, is]): WhatSelector => ({ is, id }));
    narrowed.push('what');
  }
  return { form: next, narrowed };
}
