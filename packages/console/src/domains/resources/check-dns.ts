import { randomBytes } from 'node:crypto';
import { type DnsRecord, parseAddress } from '@zeronaut/model';
import { isPublicAddress } from '../../outbound/address-ranges.ts';
import { Refusal } from '../../store/refusal.ts';
import type { Caller, Context } from '../context.ts';
import { activeGateways, type GatewayRow } from '../gateways/gateways.ts';
import { RateLimit } from '../sessions/rate-limit.ts';
import { findResource } from './resources.ts';

/** Records of one answer, the first ones; a resource behind more gateways and names than that has an operator with a script. */
const MAX_RECORDS = 50;
/** Names that are asked for at once. */
const PARALLEL = 5;
/** Checks of one organization: this many at once, then one after each interval. They make the console ask DNS servers of others. */
const CHECKS_BURST = 20;
const CHECKS_INTERVAL_MS = 3_000;
const MAX_FOUND = 10;
/** People wait for it: what DNS has not said by then it does not say. */
const CHECK_MS = 1_500;

const checks = new RateLimit({ burst: CHECKS_BURST, intervalMs: CHECKS_INTERVAL_MS });

type Wanted = Omit<DnsRecord, 'state' | 'found'>;

/**
 * Which DNS records lead to a resource, and what DNS says now. Only names of the resource itself and of the organization's gateways
 * are asked for, and nothing is ever dialled.
 */
export async function checkDns(
  context: Context,
  caller: Caller,
  idOrName: string,
): Promise<{ records: DnsRecord[] } | Refusal> {
  const resource = await findResource(context.store.db, caller.organizationId, idOrName);
  if (resource instanceof Refusal) return resource;
  const gateways = await activeGateways(context.store.db, caller.organizationId);
  // Nothing new leads to a gateway that is being emptied.
  const wanted = gateways
    .filter(({ drain_since }) => drain_since === null)
    .flatMap((gateway) => recordsOf(gateway, resource))
    .slice(0, MAX_RECORDS);
  const asked = checks.take(caller.organizationId, context.clock()) === 0;
  const answers = new Map<string, Promise<Answer | null>>();
  const untilMs = performance.now() + CHECK_MS;
  const questions: Questions = { context, answers, leftMs: () => untilMs - performance.now() };
  const records: DnsRecord[] = [];
  for (let index = 0; index < wanted.length; index += PARALLEL) {
    const some = wanted.slice(index, index + PARALLEL).map(async (record) => {
      if (!asked) return { ...record, state: 'unknown' as const, found: [] };
      return judge(record, await ask(questions, probeOf(record)), await targetOf(questions, record));
    });
    records.push(...(await Promise.all(some)));
  }
  return { records };
}

function recordsOf(gateway: GatewayRow, resource: { protocol: string; domains: readonly string[] }): Wanted[] {
  if (resource.protocol !== 'http') return [];
  const { base_domain: base, public_host: host } = gateway;
  const isLocal = base === 'localhost' || base.endsWith('.localhost');
  const address = parseAddress(host);
  const type = address === null ? 'CNAME' : address.includes(':') ? 'AAAA' : 'A';
  const value = address ?? host;
  const names = [...(isLocal ? [] : [`*.${base}`]), ...resource.domains];
  return names.map((name) => ({ name, type, value, gateway: { id: gateway.id, name: gateway.name } }));
}

/** A name that the record answers for. */
function probeOf({ name }: Wanted): string {
  if (!name.startsWith('*.')) return name;
  return `zeronaut-check-${randomBytes(4).toString('hex')}${name.slice(1)}`;
}

interface Answer {
  readonly names: readonly string[];
  readonly addresses: readonly string[];
}

/** Of one check: each name is asked for once, as long as somebody waits for it. */
interface Questions {
  readonly context: Context;
  readonly answers: Map<string, Promise<Answer | null>>;
  readonly leftMs: () => number;
}

/** Null: DNS did not answer. */
async function ask({ context, answers, leftMs }: Questions, name: string): Promise<Answer | null> {
  let answer = answers.get(name);
  if (answer === undefined) {
    const timeoutMs = leftMs();
    if (timeoutMs <= 0) return null;
    answer = context.outbound.lookUp(name, timeoutMs).then((found) => (found instanceof Refusal ? null : found));
    answers.set(name, answer);
  }
  return await answer;
}

/** Where a CNAME leads in the end: a name may be flattened to addresses by whoever serves it. */
async function targetOf(questions: Questions, { type, value }: Wanted): Promise<readonly string[]> {
  return type === 'CNAME' ? ((await ask(questions, value))?.addresses ?? []) : [value];
}

function judge(record: Wanted, answer: Answer | null, addresses: readonly string[]): DnsRecord {
  if (answer === null) return { ...record, state: 'unknown', found: [] };
  const all = [...answer.names, ...answer.addresses];
  const found = [
    ...answer.names,
    ...answer.addresses.map((address) =>
      isPublicAddress(address) || address === record.value ? address : 'an address that is not public',
    ),
  ].slice(0, MAX_FOUND);
  const right =
    answer.names.includes(record.value.toLowerCase()) ||
    answer.addresses.some((address) => addresses.includes(address));
  return { ...record, state: right ? 'right' : all.length === 0 ? 'missing' : 'wrong', found };
}
