import { type AccessEvent, isFailure, isId } from '@zeronaut/model';
import { sql } from 'kysely';
import type { Schema } from '../../store/schema.ts';
import type { Queries } from '../../store/store.ts';
import { countryOfEvent } from '../access-events/country-of-event.ts';
import { addBytes, addedBytes, byKey, FUTURE_MS, ORGANIZATION_SHARDS, shardOf } from './count-traffic.ts';

/**
 * What users and devices do, and what policies decide, as numbers. Counted where events are stored, in the same transaction, each
 * event once, like traffic.
 */
type Row = Schema['activity'];
type Part = Schema['activity_parts'];
type Hit = Schema['policy_hits'];

const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;
/** Whole months, and the fortnight before which what is usual is asked of. */
export const ACTIVITY_KEPT_MS = 3_024_000_000;
/** Hours of policies are shown for a day, and days for a month. */
const HIT_HOURS_KEPT_MS = 180_000_000;
export const HOUR_STEP = 60;
export const DAY_STEP = 1_440;
export const HIT_STEPS = [
  { step: HOUR_STEP, keptMs: HIT_HOURS_KEPT_MS },
  { step: DAY_STEP, keptMs: ACTIVITY_KEPT_MS },
] as const;
const INSERT_BATCH = 200;

export async function countActivity(
  queries: Queries,
  organizationId: string,
  gatewayId: string,
  events: readonly AccessEvent[],
  nowMs: number,
): Promise<void> {
  const { rows, parts, hits } = addUpActivity(organizationId, gatewayId, events, nowMs);
  for (const batch of batches(rows)) {
    await queries
      .insertInto('activity')
      .values(batch)
      .onConflict((conflict) =>
        conflict.columns(['organization_id', 'scope', 'step', 'at']).doUpdateSet({
          requests: sql<number>`activity.requests + excluded.requests`,
          refused: sql<number>`activity.refused + excluded.refused`,
          bytes_in: addedBytes('activity', 'bytes_in'),
          bytes_out: addedBytes('activity', 'bytes_out'),
        }),
      )
      .execute();
  }
  for (const batch of batches(parts)) {
    await queries
      .insertInto('activity_parts')
      .values(batch)
      .onConflict((conflict) =>
        conflict.columns(['organization_id', 'scope', 'day', 'kind', 'value']).doUpdateSet({
          requests: sql<number>`activity_parts.requests + excluded.requests`,
          refused: sql<number>`activity_parts.refused + excluded.refused`,
          last_at: sql<number>`case when excluded.last_at > activity_parts.last_at then excluded.last_at else activity_parts.last_at end`,
        }),
      )
      .execute();
  }
  for (const batch of batches(hits)) {
    await queries
      .insertInto('policy_hits')
      .values(batch)
      .onConflict((conflict) =>
        conflict.columns(['organization_id', 'step', 'at', 'policy_id', 'effect', 'shard']).doUpdateSet({
          count: sql<number>`policy_hits.count + excluded.count`,
          last_at: sql<number>`case when excluded.last_at > policy_hits.last_at then excluded.last_at else policy_hits.last_at end`,
        }),
      )
      .execute();
  }
}

/** In one order, whoever counts: two that wait for each other would never end. */
function addUpActivity(
  organizationId: string,
  gatewayId: string,
  events: readonly AccessEvent[],
  nowMs: number,
): { rows: Row[]; parts: Part[]; hits: Hit[] } {
  const shard = shardOf(gatewayId, ORGANIZATION_SHARDS);
  const rows = new Map<string, Row>();
  const parts = new Map<string, Part>();
  const hits = new Map<string, Hit>();
  for (const event of events) {
    const atMs = Date.parse(event.at);
    if (atMs > nowMs + FUTURE_MS || atMs < nowMs - ACTIVITY_KEPT_MS) continue;
    const refused = event.effect === 'deny' && !isFailure(event) ? 1 : 0;
    for (const scope of scopesOf(event)) {
      for (const step of [HOUR_STEP, DAY_STEP]) {
        const at = atMs - (atMs % (step * MINUTE_MS));
        const row = found(rows, `${scope} ${step} ${at}`, () => ({
          ...{ organization_id: organizationId, scope, step, at },
          ...{ requests: 0, refused: 0, bytes_in: 0, bytes_out: 0 },
        }));
        row.requests++;
        row.refused += refused;
        row.bytes_in = addBytes(row.bytes_in, event.bytesIn);
        row.bytes_out = addBytes(row.bytes_out, event.bytesOut);
      }
      const day = Math.floor(atMs / DAY_MS);
      for (const [kind, value] of partsOf(event)) {
        const part = found(parts, `${scope} ${day} ${kind} ${value}`, () => ({
          ...{ organization_id: organizationId, scope, day, kind, value },
          ...{ requests: 0, refused: 0, last_at: atMs },
        }));
        part.requests++;
        part.refused += refused;
        part.last_at = Math.max(part.last_at, atMs);
      }
    }
    for (const [effect, policyId] of hitsOf(event)) {
      for (const { step, keptMs } of HIT_STEPS) {
        if (atMs < nowMs - keptMs) continue;
        const at = atMs - (atMs % (step * MINUTE_MS));
        const hit = found(hits, `${step} ${at} ${policyId} ${effect}`, () => ({
          ...{ organization_id: organizationId, step, at, policy_id: policyId, effect, shard, count: 0, last_at: atMs },
        }));
        hit.count++;
        hit.last_at = Math.max(hit.last_at, atMs);
      }
    }
  }
  return { rows: ordered(rows), parts: ordered(parts), hits: ordered(hits) };
}

/** Whose deed it was: of people and programs with a name here, and of devices where one opened the door. */
function scopesOf({ subject, credentialId }: AccessEvent): string[] {
  return [...(isId('user', subject) ? [subject] : []), ...(isId('device', credentialId) ? [credentialId] : [])];
}

function partsOf(event: AccessEvent): [Part['kind'], string][] {
  const { resourceId, sourceAddress } = event;
  const country = countryOfEvent(event);
  return [
    ...(resourceId === null ? [] : [['resource', resourceId] as [Part['kind'], string]]),
    ['address', sourceAddress],
    ...(country === '' ? [] : [['country', country] as [Part['kind'], string]]),
  ];
}

function hitsOf({ effect, explanation }: AccessEvent): [Hit['effect'], string][] {
  if (explanation === undefined) return [];
  const { policies, reported } = explanation;
  return [
    // Where more is asked of the caller, nothing is decided yet.
    ...(effect === 'challenge' ? [] : policies.map((id): [Hit['effect'], string] => [effect, id])),
    ...(reported?.policies.map((id): [Hit['effect'], string] => ['reported', id]) ?? []),
  ];
}

function found<T>(map: Map<string, T>, key: string, make: () => T): T {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

function ordered<T>(map: ReadonlyMap<string, T>): T[] {
  return [...map].sort(byKey).map(([, value]) => value);
}

function* batches<T>(rows: readonly T[]): Generator<T[]> {
  for (let index = 0; index < rows.length; index += INSERT_BATCH) yield rows.slice(index, index + INSERT_BATCH);
}
