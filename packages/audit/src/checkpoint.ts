import { HASH_BYTES, MAX_TREE_SIZE } from './merkle-tree.ts';

/**
 * What a log commits itself to (C2SP tlog-checkpoint): its origin, how many entries it has, and the root of their tree. Two
 * lines of our own follow: the chain hash of the last entry, and when it was made.
 */
export interface Checkpoint {
  /** Of one log: no two organizations share it. */
  readonly origin: string;
  /** Entries. */
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** Chain hash of entry `size`, base64url. */
  readonly head: string;
  /** ISO 8601. */
  readonly at: string;
}

export const originOf = (organizationId: string) => `zeronaut/audit/${organizationId}`;

export function formatCheckpoint({ origin, size, root, head, at }: Checkpoint): string {
  return `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\nhead ${head}\nat ${at}\n`;
}

/** Undefined: not a checkpoint, or not in the one way in which it is written. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const match =
    /^([^\s+]{1,200})\n(0|[1-9]\d{0,14})\n([A-Za-z0-9+/]{43}=)\nhead ([A-Za-z0-9_-]{43})\nat (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\n$/.exec(
      text,
    );
  if (match === null) return undefined;
  const [, origin, size, base64, head, at] = match as unknown as [string, string, string, string, string, string];
  const root = Buffer.from(base64, 'base64');
  const checkpoint = { origin, size: Number(size), root, head, at };
  if (root.length !== HASH_BYTES || checkpoint.size > MAX_TREE_SIZE) return undefined;
  return formatCheckpoint(checkpoint) === text ? checkpoint : undefined;
}
