import { leafHash, nodeHash, type ReadNode } from '@zeronaut/audit';
import type { Queries } from '../../store/store.ts';

/**
 * The Merkle tree over one organization's log, kept as tiles of 256 hashes (C2SP tlog-tiles has the idea): a tile of level 0
 * holds leaf hashes, one of level n the roots of 256 tiles below. Only whole tiles are stored, once, and never changed: what is
 * not whole yet comes from the entries themselves. A proof reads a handful of rows, however long the log is.
 */
const TILE_BITS = 8;
const TILE = 2 ** TILE_BITS;
const HASH_BYTES = 32;

/** Stores the tiles that `size` entries make whole. */
export async function growTiles(queries: Queries, organizationId: string, size: number): Promise<void> {
  for (let level = 0, below = size; below >= TILE; level++) {
    const whole = Math.floor(below / TILE);
    const { count } = await queries
      .selectFrom('audit_tiles')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('organization_id', '=', organizationId)
      .where('level', '=', level)
      .executeTakeFirstOrThrow();
    for (let position = Number(count); position < whole; position++) {
      const hashes = await readBelow(queries, organizationId, level, position * TILE, TILE);
      await queries
        .insertInto('audit_tiles')
        .values({
          ...{ organization_id: organizationId, level, position },
          ...{ hashes: Buffer.concat(hashes).toString('base64url'), root: base64(subtreeRoot(hashes)) },
        })
        // Another console makes the same tile of the same entries.
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
    below = whole;
  }
}

/** Reads of subtrees for proofs; each tile is read once. `growTiles` must have been called for the size that is asked about. */
export function createReadNode(queries: Queries, organizationId: string): ReadNode {
  const tiles = new Map<string, Promise<Buffer[]>>();
  return async (level, index) => {
    const tileLevel = Math.floor(level / TILE_BITS);
    const count = 2 ** (level - tileLevel * TILE_BITS);
    const first = index * count;
    const position = Math.floor(first / TILE);
    const key = `${tileLevel}/${position}`;
    let tile = tiles.get(key);
    if (tile === undefined) {
      tile = readTile(queries, organizationId, tileLevel, position);
      tiles.set(key, tile);
    }
    const hashes = (await tile).slice(first % TILE, (first % TILE) + count);
    if (hashes.length !== count) throw new Error(`the audit log of ${organizationId} has a hole at ${level}/${index}`);
    return subtreeRoot(hashes);
  };
}

async function readTile(queries: Queries, organizationId: string, level: number, position: number): Promise<Buffer[]> {
  const row = await queries
    .selectFrom('audit_tiles')
    .select('hashes')
    .where('organization_id', '=', organizationId)
    .where('level', '=', level)
    .where('position', '=', position)
    .executeTakeFirst();
  if (row === undefined) return readBelow(queries, organizationId, level, position * TILE, TILE);
  const bytes = Buffer.from(row.hashes, 'base64url');
  return Array.from({ length: bytes.length / HASH_BYTES }, (_, index) =>
    bytes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES),
  );
}

/** At most `count` hashes from `first` on: leaves of entries, or roots of the tiles one level below. */
async function readBelow(
  queries: Queries,
  organizationId: string,
  level: number,
  first: number,
  count: number,
): Promise<Buffer[]> {
  if (level === 0) {
    const rows = await queries
      .selectFrom('audit_entries')
      .select('hash')
      .where('organization_id', '=', organizationId)
      .where('seq', '>', first)
      .where('seq', '<=', first + count)
      .orderBy('seq')
      .execute();
    return rows.map(({ hash }) => leafHash(Buffer.from(hash, 'base64url')));
  }
  const rows = await queries
    .selectFrom('audit_tiles')
    .select('root')
    .where('organization_id', '=', organizationId)
    .where('level', '=', level - 1)
    .where('position', '>=', first)
    .where('position', '<', first + count)
    .orderBy('position')
    .execute();
  return rows.map(({ root }) => Buffer.from(root, 'base64url'));
}

/** Of a power of two of hashes. */
function subtreeRoot(hashes: readonly Uint8Array[]): Uint8Array {
  if (hashes.length === 1) return hashes[0] as Uint8Array;
  let level = hashes;
  while (level.length > 1) {
    const above: Uint8Array[] = [];
    for (let index = 0; index < level.length; index += 2) {
      above.push(nodeHash(level[index] as Uint8Array, level[index + 1] as Uint8Array));
    }
    level = above;
  }
  return level[0] as Uint8Array;
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
