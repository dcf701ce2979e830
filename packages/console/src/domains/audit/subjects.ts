import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import {
  commitmentTo,
  isOpened,
  type OpenedPart,
  parseSealedParts,
  readableEntry,
  type SealedPart,
  textOfOpened,
} from '@zeronaut/audit';
import { type AuditEntry, createId, Fault } from '@zeronaut/model';
import { isOneOf } from '../../store/is-one-of.ts';
import type { Queries } from '../../store/store.ts';
import type { Context } from '../context.ts';
import type { PersonalValue, PersonRef } from './personal-data.ts';

/** Seals the personal data of entries, each person's with a key of their own, and opens them again as long as there is the key. */

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SALT_BYTES = 16;
/** Randomness is fetched for many parts at once: asking costs more than using. */
const POOL_BYTES = 128 * (SALT_BYTES + NONCE_BYTES);
let pool = Buffer.alloc(0);
/** Ids in one question to the database. */
const QUERY_BATCH = 500;

export interface Subject {
  readonly id: string;
  readonly key: Buffer;
}

/** What the seal of a key is bound to. */
const keyName = (organizationId: string, subject: string) => `audit subject ${organizationId} ${subject}`;

export function mailHashOf(context: Context, organizationId: string, address: string): string {
  return createHmac('sha256', context.authority.auditMailKey)
    .update(`${organizationId}\n${address.toLowerCase()}`)
    .digest('base64url');
}

/** One part for each person. The entry's id is bound in, so that no part of one entry can stand in another. */
export function sealParts(
  organizationId: string,
  entryId: string,
  personal: readonly PersonalValue[],
  subjects: ReadonlyMap<PersonRef, Subject>,
): SealedPart[] {
  const bySubject = new Map<Subject, PersonalValue[]>();
  for (const value of personal) {
    const subject = subjects.get(value.ref)!;
    const known = bySubject.get(subject);
    if (known === undefined) bySubject.set(subject, [value]);
    else known.push(value);
  }
  return [...bySubject].map(([subject, values]) => {
    if (pool.length === 0) pool = randomBytes(POOL_BYTES);
    const random = pool.subarray(0, SALT_BYTES + NONCE_BYTES);
    pool = pool.subarray(SALT_BYTES + NONCE_BYTES);
    const salt = random.subarray(0, SALT_BYTES).toString('base64url');
    const opened = textOfOpened({ salt, values: values.map(({ value }) => value.toWellFormed()) });
    const nonce = random.subarray(SALT_BYTES);
    const cipher = createCipheriv('aes-256-gcm', subject.key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(`${organizationId}\n${entryId}\n${subject.id}`));
    const text = cipher.update(opened, 'utf8');
    // A stream cipher ends with nothing; from here on there is the tag.
    cipher.final();
    return {
      subject: subject.id,
      paths: values.map(({ path }) => path),
      sealed: Buffer.concat([nonce, text, cipher.getAuthTag()]).toString('base64url'),
      commitment: commitmentTo(opened),
    };
  });
}

/** Null: not to be opened with this key, or not what was committed to. */
function openPart(organizationId: string, entryId: string, part: SealedPart, key: Buffer): OpenedPart | null {
  const bytes = Buffer.from(part.sealed, 'base64url');
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return null;
  try {
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(`${organizationId}\n${entryId}\n${part.subject}`));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
    const opened: unknown = JSON.parse(text);
    return isOpened(part, opened) ? opened : null;
  } catch {
    // Another key: whoever put it into the table has opened nothing.
    return null;
  }
}

/** The subject of each person, made where there is none. The organization's log must be locked: no other makes the same. */
export async function subjectsOf(
  queries: Queries,
  context: Context,
  organizationId: string,
  refs: ReadonlySet<PersonRef>,
): Promise<Map<PersonRef, Subject>> {
  const subjects = new Map<PersonRef, Subject>();
  if (refs.size === 0) return subjects;
  const addresses = [...refs].filter((ref) => ref.startsWith('mail:')).map((ref) => ref.slice(5));
  const users = new Map<string, string>();
  const { kind } = context.store;
  for (const batch of batches(addresses)) {
    const rows = await queries
      .selectFrom('users')
      .select(['id', 'email'])
      .where('organization_id', '=', organizationId)
      .where(isOneOf(kind, 'email', batch))
      .execute();
    for (const { id, email } of rows) users.set(`mail:${email}`, id);
  }
  /** Columns of the table by which each is found. */
  const wanted = new Map<PersonRef, SubjectName>();
  for (const ref of refs) {
    const userId = ref.startsWith('mail:') ? users.get(ref) : ref;
    wanted.set(
      ref,
      userId === undefined
        ? { user_id: null, mail_hash: mailHashOf(context, organizationId, ref.slice(5)) }
        : { user_id: userId, mail_hash: null },
    );
  }
  const found = new Map<string, Subject>();
  // One after the other: PostgreSQL makes less of a question for either.
  for (const column of ['user_id', 'mail_hash'] as const) {
    const names = [...wanted.values()].flatMap((want) => want[column] ?? []);
    for (const batch of batches([...new Set(names)])) {
      const rows = await queries
        .selectFrom('audit_subjects')
        .select(['id', column, 'sealed_key'])
        .where('organization_id', '=', organizationId)
        .where('erased_at', 'is', null)
        .where(isOneOf(kind, column, batch))
        .execute();
      for (const row of rows) {
        const key = openKey(context, organizationId, row.id, row.sealed_key);
        if (key === null)
          throw new Fault('store.audit_key_unreadable', { side: 'local', message: `${row.id} has no key` });
        found.set(row[column]!, { id: row.id, key });
      }
    }
  }
  for (const [ref, want] of wanted) {
    const name = nameOf(want);
    let subject = found.get(name);
    if (subject === undefined) {
      subject = await createSubject(queries, context, organizationId, want);
      found.set(name, subject);
    }
    subjects.set(ref, subject);
  }
  return subjects;
}

/** By which a subject is found: one of them. */
type SubjectName =
  | { readonly user_id: string; readonly mail_hash: null }
  | { readonly user_id: null; readonly mail_hash: string };

const nameOf = (want: SubjectName) => want.user_id ?? want.mail_hash;

async function createSubject(
  queries: Queries,
  context: Context,
  organizationId: string,
  want: SubjectName,
): Promise<Subject> {
  const nowMs = context.clock();
  const id = createId('auditSubject', nowMs);
  const key = randomBytes(KEY_BYTES);
  await queries
    .insertInto('audit_subjects')
    .values({
      ...{ organization_id: organizationId, id, created_at: nowMs, erased_at: null },
      ...want,
      sealed_key: context.authority.sealer.seal(keyName(organizationId, id), key.toString('base64url')),
    })
    .execute();
  return { id, key };
}

/** Null: erased, or sealed by somebody else. */
function openKey(context: Context, organizationId: string, id: string, sealed: string | null): Buffer | null {
  if (sealed === null) return null;
  const name = keyName(organizationId, id);
  try {
    return context.authority.subjectKeys.open(name, sealed);
  } catch (error) {
    if (error instanceof Fault) return null;
    throw error;
  }
}

export interface OpenedEntry {
  /** For people: with personal data, or `[erased]`, in their places. */
  readonly readable: AuditEntry;
  /** As it was hashed. */
  readonly entry: Record<string, unknown>;
  /** One for each sealed part; absent where there are none. */
  readonly opened?: readonly (OpenedPart | null)[];
}

/** Opens what can be opened in entries of one organization. */
export async function openEntries(
  context: Context,
  organizationId: string,
  rows: readonly { readonly body: string; readonly previous_hash: string; readonly hash: string }[],
): Promise<OpenedEntry[]> {
  const parsed = rows.map((row) => {
    const entry = JSON.parse(row.body) as Record<string, unknown>;
    return { entry, row, parts: parseSealedParts(entry) ?? [] };
  });
  const keys = await readKeys(
    context,
    organizationId,
    parsed.flatMap(({ parts }) => parts.map(({ subject }) => subject)),
  );
  return parsed.map(({ entry, row, parts }) => {
    const opened = parts.map((part) => {
      const key = keys.get(part.subject);
      return key === undefined ? null : openPart(organizationId, String(entry.id), part, key);
    });
    const readable = parts.length === 0 ? entry : readableEntry(entry, opened);
    return {
      ...{ entry, readable: { ...readable, previousHash: row.previous_hash, hash: row.hash } as AuditEntry },
      ...(entry.personal === undefined ? {} : { opened }),
    };
  });
}

async function readKeys(
  context: Context,
  organizationId: string,
  ids: readonly string[],
): Promise<Map<string, Buffer>> {
  const keys = new Map<string, Buffer>();
  for (const batch of batches([...new Set(ids)])) {
    const rows = await context.store.db
      .selectFrom('audit_subjects')
      .select(['id', 'sealed_key'])
      .where('organization_id', '=', organizationId)
      .where('id', 'in', batch)
      .execute();
    for (const row of rows) {
      const key = openKey(context, organizationId, row.id, row.sealed_key);
      if (key !== null) keys.set(row.id, key);
    }
  }
  return keys;
}

function batches<T>(items: readonly T[]): T[][] {
  const parts: T[][] = [];
  for (let at = 0; at < items.length; at += QUERY_BATCH) parts.push(items.slice(at, at + QUERY_BATCH));
  return parts;
}
