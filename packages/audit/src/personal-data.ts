import { hash } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';

/**
 * Personal data in entries. What was hashed holds a mark in their place, and beside it, for each person, where the data belong,
 * their ciphertext, and a commitment to them. With the person's key gone nobody reads them again, and not a byte of what was
 * hashed has changed. Who shows the data shows the salt with them, so that everybody can hold them against the commitment; who
 * does not have the salt (128 random bits, which are in the ciphertext) cannot try guesses against it.
 */
export interface SealedPart {
  /** Whose: a name that says nothing. */
  readonly subject: string;
  /** JSON pointers (RFC 6901) into the entry. */
  readonly paths: readonly string[];
  /** Nonce, ciphertext and tag (AES-256-GCM), base64url. */
  readonly sealed: string;
  /** SHA-256 over the canonical JSON of the opened part, base64url. */
  readonly commitment: string;
}

export interface OpenedPart {
  readonly salt: string;
  /** One for each path. */
  readonly values: readonly string[];
}

/** In the place of what is sealed. */
export const SEALED = '[sealed]';
/** In the place of what nobody can open any more. */
export const ERASED = '[erased]';

const MAX_PARTS = 1_000;

/** What is sealed of a part, and committed to. */
export function textOfOpened({ salt, values }: OpenedPart): string {
  return canonicalJson({ salt, values });
}

/** To the text of an opened part. */
export function commitmentTo(text: string): string {
  return hash('sha256', text, 'base64url');
}

export function commitmentOf(part: OpenedPart): string {
  return commitmentTo(textOfOpened(part));
}

/** The sealed parts of an entry, none for most; undefined: not written as entries are. */
export function parseSealedParts(entry: Record<string, unknown>): readonly SealedPart[] | undefined {
  const { personal } = entry;
  if (personal === undefined) return [];
  if (!Array.isArray(personal) || personal.length === 0 || personal.length > MAX_PARTS) return undefined;
  const isGood = personal.every((part: Partial<SealedPart> | null) => {
    if (part === null || typeof part !== 'object' || Object.keys(part).length !== 4) return false;
    const { subject, paths, sealed, commitment } = part;
    if (typeof subject !== 'string' || typeof sealed !== 'string' || typeof commitment !== 'string') return false;
    if (!Array.isArray(paths) || paths.length === 0) return false;
    return paths.every((path) => typeof path === 'string' && holderOf(entry, path)?.value === SEALED);
  });
  return isGood ? personal : undefined;
}

/** Whether this is what was sealed. */
export function isOpened(part: SealedPart, opened: unknown): opened is OpenedPart {
  if (opened === null || typeof opened !== 'object') return false;
  const { salt, values, ...more } = opened as Partial<OpenedPart>;
  if (typeof salt !== 'string' || !Array.isArray(values) || Object.keys(more).length > 0) return false;
  if (values.length !== part.paths.length || !values.every((value) => typeof value === 'string')) return false;
  return commitmentOf({ salt, values }) === part.commitment;
}

/** The entry for people: with the data in their places, or `[erased]` there. `opened`: one for each part, null where there is none. */
export function readableEntry(
  entry: Record<string, unknown>,
  opened: readonly (OpenedPart | null)[],
): Record<string, unknown> {
  const { personal: _, ...readable } = structuredClone(entry);
  for (const [index, part] of (parseSealedParts(entry) ?? []).entries()) {
    for (const [at, path] of part.paths.entries()) {
      const found = holderOf(readable, path);
      if (found !== undefined) found.holder[found.key] = opened[index]?.values[at] ?? ERASED;
    }
  }
  return readable;
}

/** One step of a JSON pointer. */
export const pointerTo = (path: string, key: string | number) =>
  `${path}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;

function holderOf(entry: Record<string, unknown>, path: string) {
  const keys = path
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  const key = keys.pop();
  if (key === undefined) return undefined;
  let holder: unknown = entry;
  for (const step of keys) holder = ownValue(holder, step);
  if (holder === null || typeof holder !== 'object' || !Object.hasOwn(holder, key)) return undefined;
  return { holder: holder as Record<string, unknown>, key, value: ownValue(holder, key) };
}

/** Never what a prototype has: the path was written by somebody else. */
function ownValue(holder: unknown, key: string): unknown {
  if (holder === null || typeof holder !== 'object' || !Object.hasOwn(holder, key)) return undefined;
  return (holder as Record<string, unknown>)[key];
}
