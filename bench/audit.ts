/**
 * How fast the audit log takes entries, on SQLite and on PostgreSQL.
 *
 *     npm run bench -- audit [--quick] [--json] [--runs 5]
 *
 * Appends go through the console's own code, hash chain and all, a hundred entries to a transaction, as access decisions of an hour come;
 * and one entry to a transaction, as administrative changes come. The databases are throw-away ones on this machine's disk.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CHAIN_START } from '@zeronaut/audit';
import { postgresCluster, postgresMissing } from '@zeronaut/testkit';
import { loadAuthority } from '../packages/console/src/authority/authority.ts';
import { loadMasterKey } from '../packages/console/src/authority/master-key.ts';
import { type AuditDeed, appendAuditEntries } from '../packages/console/src/domains/audit/audit.ts';
import type { Context } from '../packages/console/src/domains/context.ts';
import { LiveFeed } from '../packages/console/src/live/live-feed.ts';
import { openStore, type Store } from '../packages/console/src/store/store.ts';
import { type Measurement, reportResults, toResult } from './harness/results.ts';

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    runs: { type: 'string', default: '5' },
  },
});
const runs = flags.quick ? 1 : Number(flags.runs);
const entries = flags.quick ? 5_000 : 20_000;
const BATCH = 100;
const ORGANIZATION = 'org_bench';
const keyDirectory = mkdtempSync(join(tmpdir(), 'zeronaut-bench-'));
const sealer = loadMasterKey(join(keyDirectory, 'master.key'));
rmSync(keyDirectory, { recursive: true });

const decision = (index: number) => ({
  actor: { kind: 'system' as const, id: 'gw_01m8e1qeyqwwf8rc7s82asj7px', name: 'gateway', address: '' },
  requestId: 'req_01m8e1qeyqwwf8rc7s82asj7px',
  ...{ action: 'access.pass', objectKind: 'resource', objectId: `res_${index % 50}` },
  after: {
    ...{ subject: `usr_${index}`, reason: 'access.policy', snapshotVersion: 12, count: index },
    ...{ decidedBy: 'policies', policies: [{ id: 'pol_01m8e1qeyqwwf8rc7s82asj7px', name: 'office-hours' }] },
  },
});

/** An administrator's deed to one of a hundred people: names, mail and network addresses are sealed. */
const deedToPerson = (index: number) => ({
  actor: {
    kind: 'user' as const,
    id: 'usr_01m8e1qeyqwwf8rc7s82asj7px',
    name: 'admin@example.com',
    address: '192.0.2.7',
  },
  requestId: 'req_01m8e1qeyqwwf8rc7s82asj7px',
  ...{ action: 'user.update', objectKind: 'user', objectId: `usr_${index % 100}` },
  before: { email: `user-${index % 100}@example.com`, name: 'One Name', role: 'member', groups: [], version: index },
  after: {
    email: `user-${index % 100}@example.com`,
    name: 'Another Name',
    role: 'member',
    groups: [],
    version: index + 1,
  },
});

async function prepare(url: string): Promise<Store> {
  const store = await openStore(url);
  await store.db
    .insertInto('organizations')
    .values({ id: ORGANIZATION, name: 'bench', slug: 'bench', created_at: 0, audit_seq: 0, audit_head: CHAIN_START })
    .execute();
  return store;
}

/** Entries a second. */
async function append(
  store: Store,
  total: number,
  batch: number,
  deed: (index: number) => AuditDeed = decision,
): Promise<number> {
  const authority = await loadAuthority(store, sealer, Date.now);
  const context = { clock: Date.now, store, live: new LiveFeed(), authority } as unknown as Context;
  const startedAt = performance.now();
  for (let done = 0; done < total; done += batch) {
    const deeds = Array.from({ length: batch }, (_, index) => deed(done + index));
    await store.transaction((queries) => appendAuditEntries(queries, context, ORGANIZATION, deeds));
  }
  return total / ((performance.now() - startedAt) / 1000);
}

const databases: { readonly name: string; readonly must: number; open(): Promise<{ url: string; release(): void }> }[] =
  [
    {
      ...{ name: 'SQLite', must: 5_000 },
      async open() {
        const directory = mkdtempSync(join(tmpdir(), 'zeronaut-bench-'));
        const release = () => rmSync(directory, { recursive: true, force: true });
        return { url: `sqlite:${join(directory, 'zeronaut.db')}`, release };
      },
    },
  ];
const missing = postgresMissing();
if (missing === null) {
  databases.push({
    ...{ name: 'PostgreSQL', must: 10_000 },
    open: async () => (await postgresCluster({ durable: true })).createDatabase(),
  });
} else {
  process.stdout.write(`without PostgreSQL: ${missing}\n`);
}

const results = [];
for (const { name, must, open } of databases) {
  const measurement = (what: string, more: { must?: number }): Measurement & { ours: number[] } => ({
    ...{ workload: `append on ${name}, ${what}`, unit: 'entries/s', better: 'higher', ...more, ours: [] },
  });
  const batched = measurement(`${BATCH} to a transaction`, { must });
  const people = measurement(`${BATCH} to a transaction, with personal data`, {});
  const single = measurement('one to a transaction', {});
  for (let round = 0; round < runs; round++) {
    const database = await open();
    const store = await prepare(database.url);
    await append(store, entries / 10, BATCH);
    batched.ours.push(await append(store, entries, BATCH));
    people.ours.push(await append(store, entries / 2, BATCH, deedToPerson));
    single.ours.push(await append(store, entries / 20, 1));
    await store.close();
    database.release();
  }
  results.push(toResult('audit', batched), toResult('audit', people), toResult('audit', single));
}
reportResults('audit', results, { json: flags.json });
process.exit(0);
