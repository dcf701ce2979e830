/**
 * If-Match of things whose table has no column for a version: theirs is made of what people set in them, so that whoever writes in any
 * way changes it, and whoever writes the same does not. Compared within the transaction of the write, over a row that is locked.
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from '@zeronaut/audit';
import { Refusal } from '../store/refusal.ts';
import type { Context } from './context.ts';

/** The version of what is not there yet: `If-Match: "0"` asks that nobody made it meanwhile. */
export const NOTHING = 0;
/** What an If-Match of ours can say: nine digits. */
const VERSIONS = 999_999_999;

/** From 1 on. Two values that somebody sets one after the other have the same one once in a thousand million times. */
export function versionOf(value: unknown): number {
  const digest = createHash('sha256').update(canonicalJson(value)).digest();
  return (digest.readUIntBE(0, 6) % VERSIONS) + 1;
}

/**
 * Of the place and the segments of a row, each of which is written by itself. A table that counts versions counts these writes, too; the
 * others have no more than this to write.
 */
export function versionOfRow(row: {
  readonly place?: string | null;
  readonly segments: string;
  readonly version?: number;
}): number {
  return row.version ?? versionOf([row.place ?? null, row.segments]);
}

/** The next version, for tables that count them. */
export function counted(row: { readonly version?: number }): { version?: number } {
  return row.version === undefined ? {} : { version: row.version + 1 };
}

/** `wanted`: from If-Match; null: the caller does not ask for any. */
export function refuseStale(wanted: number | null, current: number): Refusal | null {
  return wanted === null || wanted === current ? null : new Refusal('api.precondition_failed');
}

/**
 * For `$call` of a select: what it reads stays so until the commit, and was committed when it is read. In SQLite a transaction is
 * alone.
 */
export function locking(context: Context): <Q extends { forNoKeyUpdate(): Q }>(select: Q) => Q {
  return (select) => (context.store.kind === 'postgres' ? select.forNoKeyUpdate() : select);
}
