import { pointerTo, SEALED } from '@zeronaut/audit';
import type { Actor } from '../context.ts';

/**
 * Where an entry holds personal data, and whose: mail addresses wherever they stand, names beside a mail address, addresses and
 * programs that people came from, and what they are called at their identity provider. All else stays as it is: ids, roles,
 * resources, names of things, networks in rules, and texts that people wrote (policies, reasons).
 */

/** `usr_…`, or `mail:` and an address in lower case. */
export type PersonRef = string;

export interface PersonalValue {
  readonly ref: PersonRef;
  /** JSON pointer into the entry. */
  readonly path: string;
  readonly value: string;
}

export interface Deed {
  readonly actor: Actor;
  readonly objectKind: string;
  readonly objectId: string;
  readonly before?: unknown;
  readonly after?: unknown;
  /** Whose key it was done with, where the actor is a key. */
  readonly userId?: string | undefined;
}

export interface Separated {
  readonly actor: Actor;
  readonly before: unknown;
  readonly after: unknown;
  readonly personal: readonly PersonalValue[];
}

const ADDRESS_KEYS: ReadonlySet<string> = new Set(['userAgent', 'lastUsedAddress', 'sourceAddress']);
/** Kinds of objects of which `subject` is somebody's name at an identity provider. */
const PROVIDER_SUBJECTS: ReadonlySet<string> = new Set(['user', 'session', 'identity_provider']);

/** A mail address of a person: accounts of programs have one that no mail reaches. */
function isMail(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length <= 254 &&
    value.includes('@') &&
    /^[^\s@]+@[^\s@]+\.[^\s@.]+$/.test(value) &&
    !value.endsWith('.invalid')
  );
}

const mailRef = (address: string): PersonRef => `mail:${address.toLowerCase()}`;

/** The entry's parts with marks in the place of personal data, and the data. */
export function separatePersonal(deed: Deed): Separated {
  const personal: PersonalValue[] = [];
  const doer = doerOf(deed);
  const about = deed.objectKind === 'user' ? deed.objectId : doer;
  const put = (ref: PersonRef, path: string, value: string): string => {
    personal.push({ ref, path, value });
    return SEALED;
  };

  /** What is at `key` of what is at `parent`: most of it is no person's, and needs no pointer. */
  function walk(value: unknown, parent: string, key: string | number, owner: PersonRef | null): unknown {
    if (isMail(value)) return put(mailRef(value), pointerTo(parent, key), value);
    if (value === null || typeof value !== 'object') return value;
    const path = pointerTo(parent, key);
    if (Array.isArray(value)) return value.map((item, index) => walk(item, path, index, owner));
    const fields = value as Record<string, unknown>;
    const named = isMail(fields.email);
    const own = named
      ? mailRef(fields.email as string)
      : typeof fields.userId === 'string' && fields.userId !== ''
        ? fields.userId
        : owner;
    return Object.fromEntries(
      Object.entries(fields).map(([name, field]) => {
        const isPersonal =
          typeof field === 'string' &&
          field !== '' &&
          own !== null &&
          (ADDRESS_KEYS.has(name) ||
            (name === 'address' && 'userAgent' in fields) ||
            (name === 'name' && named) ||
            (name === 'subject' && PROVIDER_SUBJECTS.has(deed.objectKind)));
        return [name, isPersonal ? put(own, pointerTo(path, name), field) : walk(field, path, name, own)];
      }),
    );
  }

  const { kind, id, name, address } = deed.actor;
  const isPerson = kind === 'user' || kind === 'local';
  const actor = {
    kind,
    id,
    name: isPerson && name !== '' ? put(id, '/actor/name', name) : (walk(name, '/actor', 'name', doer) as string),
    address: doer !== null && address !== '' ? put(doer, '/actor/address', address) : address,
  };
  const before = walk(deed.before, '', 'before', about);
  const after = walk(deed.after, '', 'after', about);
  return { actor, before, after, personal };
}

/** Who sat where the call came from; null: a machine. */
function doerOf({ actor, objectKind, objectId, after, userId }: Deed): PersonRef | null {
  switch (actor.kind) {
    case 'user':
    case 'local':
      return actor.id;
    case 'api_key':
      return userId ?? null;
    case 'workload':
      return null;
    case 'system': {
      // An identity provider, in whose name somebody was at our pages.
      if (objectKind === 'user') return objectId;
      const fields = (after ?? {}) as { email?: unknown; userId?: unknown };
      if (isMail(fields.email)) return mailRef(fields.email);
      return typeof fields.userId === 'string' ? fields.userId : null;
    }
  }
}
