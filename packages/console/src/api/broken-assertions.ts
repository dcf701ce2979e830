import { BROKEN_ASSERTIONS_HEADER, type RouteDefinition } from '@zeronaut/model';
import type { FastifyReply } from 'fastify';
import type { Caller, Context } from '../domains/context.ts';
import { compareAssertions, mayReadAssertions, testAssertions } from '../domains/policies/assertions.ts';
import { Refusal } from '../store/refusal.ts';

/** Items of the header: names are long, and a header is short. */
const MAX_ITEMS = 5;

/**
 * Runs a change of something that assertions ask about, and tells in a header of the answer which of them it broke. It refuses nothing:
 * what must not be broken by a policy is refused where policies are saved. Who may not read assertions is told of none.
 */
export async function tellBroken<T>(
  context: Context,
  caller: Caller,
  route: RouteDefinition,
  reply: FastifyReply,
  change: () => T | Promise<T>,
): Promise<T> {
  if (!mayReadAssertions(caller)) return await change();
  const ask = () => context.store.transaction((queries) => testAssertions(queries, context, caller.organizationId));
  const before = await ask();
  if (before.length === 0) return await change();
  const result = await change();
  if (result instanceof Refusal) return result;
  const { items, ...counts } = compareAssertions(before, await ask());
  // Whoever changes policies also hears of those that were broken before, which no longer stand in the way.
  if (counts.newly === 0 && (route.tag !== 'policies' || counts.before === 0)) return result;
  const told = { ...counts, items: items.slice(0, MAX_ITEMS) };
  reply.header(BROKEN_ASSERTIONS_HEADER, toAscii(JSON.stringify(told)));
  return result;
}

/** JSON in which other characters stand as escapes: headers carry no more than ASCII. */
function toAscii(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
