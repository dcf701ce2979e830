import { createHash, randomBytes } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { CHAIN_START } from '@zeronaut/audit';
import { type AccessEvent, createId } from '@zeronaut/model';
import pg from 'pg';
import { insertApiKey } from '../../packages/console/src/domains/api-keys/api-keys.ts';
import { addUpTraffic } from '../../packages/console/src/domains/traffic/count-traffic.ts';
import { createPasswordHasher } from '../../packages/console/src/domains/users/password.ts';
import { insertUser } from '../../packages/console/src/domains/users/users.ts';
import { Refusal } from '../../packages/console/src/store/refusal.ts';
import { openStore } from '../../packages/console/src/store/store.ts';

/** A large organization, written past the console: rows as it would have written them, many at a time. */
export interface SeedSize {
  readonly gateways: number;
  readonly services: number;
  readonly users: number;
  readonly devices: number;
  readonly sessions: number;
  readonly auditEntries: number;
  readonly events: number;
}

export interface Seeded {
  /** API key of the owner. */
  readonly key: string;
  readonly account: { readonly email: string; readonly password: string };
  readonly gatewayIds: readonly string[];
  readonly serviceIds: readonly string[];
  readonly userIds: readonly string[];
  readonly deviceIds: readonly string[];
}

const DAY_MS = 86_400_000;
const DAYS = 30;
const GROUPS = 50;
type Value = string | number | null;

/** Writes rows of one table; `columns` with their types in PostgreSQL. */
interface Bulk {
  write(
    table: string,
    columns: Readonly<Record<string, 'text' | 'bigint'>>,
    rows: readonly (readonly Value[])[],
  ): Promise<void>;
  finish(): Promise<void>;
}

async function openBulk(url: string): Promise<Bulk> {
  if (url.startsWith('sqlite:')) {
    const database = new DatabaseSync(url.slice('sqlite:'.length));
    database.exec('pragma journal_mode = wal; pragma synchronous = off; pragma cache_size = -600000; begin');
    return {
      async write(table, columns, rows) {
        const names = Object.keys(columns);
        const statement = database.prepare(
          `insert into ${table} (${names.map((name) => `"${name}"`).join(', ')}) values (${names.map(() => '?').join(', ')})`,
        );
        for (const row of rows) statement.run(...row);
      },
      async finish() {
        database.exec('commit; pragma wal_checkpoint(truncate)');
        database.close();
      },
    };
  }
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('begin');
  return {
    async write(table, columns, rows) {
      const names = Object.keys(columns);
      const arrays = names.map((name, index) => `$${index + 1}::${columns[name]}[]`).join(', ');
      const text = `insert into ${table} (${names.map((name) => `"${name}"`).join(', ')}) select * from unnest(${arrays})`;
      for (let index = 0; index < rows.length; index += 20_000) {
        const some = rows.slice(index, index + 20_000);
        await client.query(
          text,
          names.map((_, column) => some.map((row) => row[column])),
        );
      }
    },
    async finish() {
      await client.query('commit');
      await client.query('vacuum analyze');
      await client.end();
    },
  };
}

/** The same numbers at each run. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

export async function seedConsole(url: string, size: SeedSize): Promise<Seeded> {
  const nowMs = Date.now();
  const random = createRandom(42);
  const organizationId = createId('organization', nowMs - DAYS * DAY_MS);
  const store = await openStore(url);
  await store.db
    .insertInto('organizations')
    .values({
      id: organizationId,
      name: 'bench',
      slug: 'default',
      created_at: nowMs,
      audit_seq: size.auditEntries,
      audit_head: CHAIN_START,
    })
    .execute();
  const account = { email: 'owner@example.com', password: randomBytes(12).toString('hex') };
  const passwordHash = await createPasswordHasher().hash(account.password);
  const owner = await insertUser(
    store.db,
    organizationId,
    { email: account.email, name: 'Owner', role: 'owner', groups: [], kind: 'person', passwordHash },
    nowMs,
  );
  if (owner instanceof Refusal) throw new Error(owner.reason);
  const { key } = await insertApiKey(
    store.db,
    { organizationId, userId: owner.id },
    { name: 'bench', role: 'owner', expiresAtMs: null },
    nowMs,
  );
  await store.close();

  const bulk = await openBulk(url);
  const ids = (kind: Parameters<typeof createId>[0], count: number) =>
    Array.from({ length: count }, (_, index) =>
      createId(kind, nowMs - DAYS * DAY_MS + Math.floor((index / count) * DAYS * DAY_MS)),
    );
  const text = 'text' as const;
  const bigint = 'bigint' as const;

  const userIds = ids('user', size.users);
  await bulk.write(
    'users',
    {
      ...{
        id: text,
        organization_id: text,
        kind: text,
        email: text,
        name: text,
        role: text,
        groups: text,
        status: text,
      },
      ...{ created_at: bigint, version: bigint },
    },
    userIds.map((id, index) => {
      const name = `${['Ada', 'Grace', 'Alan', 'Edsger', 'Barbara', 'Donald'][index % 6]} ${Math.floor(random() * 1e6).toString(36)}`;
      const groups = JSON.stringify([`team-${index % GROUPS}`]);
      const role = index % 100 === 0 ? 'admin' : index % 20 === 0 ? 'operator' : 'member';
      return [
        id,
        organizationId,
        'person',
        `user-${index}@example.com`,
        name,
        role,
        groups,
        'active',
        nowMs - index,
        1,
      ];
    }),
  );
  await bulk.write(
    'groups',
    { id: text, organization_id: text, name: text, description: text, created_at: bigint, version: bigint },
    Array.from({ length: GROUPS }, (_, index) => [createId('group'), organizationId, `team-${index}`, '', nowMs, 1]),
  );
  const gatewayIds = ids('gateway', size.gateways);
  await bulk.write(
    'gateways',
    {
      ...{ id: text, organization_id: text, name: text, region: text, base_domain: text, public_host: text },
      ...{ https_port: bigint, tunnel_port: bigint, port_from: bigint, port_to: bigint, signing_key: text },
      ...{ tls_public_key: text, key_fingerprint: text, status: text, last_seen_at: bigint, applied_version: bigint },
      ...{
        software_version: text,
        snapshot_version: bigint,
        snapshot_hash: text,
        snapshot_issued_at: bigint,
        created_at: bigint,
      },
    },
    gatewayIds.map((id, index) => [
      ...[
        id,
        organizationId,
        `edge-${index}`,
        `region-${index % 20}`,
        `r${index % 20}.example.com`,
        `edge-${index}.example.com`,
      ],
      ...[443, 8444, 20_000, 29_999, JSON.stringify({ kty: 'OKP', crv: 'Ed25519', kid: id, x: 'A'.repeat(43) })],
      ...['', createHash('sha256').update(id).digest('base64url'), 'active', nowMs - index * 1_000, 7],
      ...['0.1.0', 7, '', nowMs - DAY_MS, nowMs - DAYS * DAY_MS],
    ]),
  );
  await bulk.write(
    'gateway_certificates',
    { organization_id: text, gateway_id: text, host: text, pem: text, not_after: bigint, renew_at: bigint },
    gatewayIds.flatMap((id) =>
      Array.from({ length: 5 }, (_, index) => [
        organizationId,
        id,
        `h${index}.example.com`,
        '',
        nowMs + 60 * DAY_MS,
        nowMs + 30 * DAY_MS,
      ]),
    ),
  );
  const deviceIds = ids('device', size.devices);
  await bulk.write(
    'devices',
    {
      ...{ id: text, organization_id: text, user_id: text, name: text, key_fingerprint: text, created_at: bigint },
      ...{ certificate_expires_at: bigint, approved_at: bigint, segments: text },
    },
    deviceIds.map((id, index) => [
      ...[id, organizationId, userIds[index % userIds.length]!, `laptop-${index}`],
      ...[createHash('sha256').update(id).digest('base64url'), nowMs, nowMs + 80 * DAY_MS, nowMs, '[]'],
    ]),
  );
  await bulk.write(
    'sessions',
    {
      ...{
        id: text,
        organization_id: text,
        user_id: text,
        kind: text,
        token_hash: text,
        address: text,
        user_agent: text,
      },
      ...{ factors: text, authenticated_at: bigint, created_at: bigint, expires_at: bigint },
    },
    ids('session', size.sessions).map((id, index) => [
      ...[id, organizationId, userIds[index % userIds.length]!, index % 3 === 0 ? 'console' : 'portal'],
      ...[
        createHash('sha256').update(id).digest('base64url'),
        `203.0.113.${index % 250}`,
        'Mozilla/5.0 (X11; Linux x86_64)',
      ],
      ...['[]', nowMs, nowMs, nowMs + DAY_MS],
    ]),
  );
  const serviceIds = ids('resource', size.services);
  await bulk.write(
    'resources',
    {
      ...{
        id: text,
        organization_id: text,
        name: text,
        origin: text,
        protocol: text,
        access: text,
        proxy_protocol: text,
      },
      ...{
        device_id: text,
        enabled: bigint,
        auto_named: bigint,
        segments: text,
        created_at: bigint,
        updated_at: bigint,
        version: bigint,
      },
    },
    serviceIds.map((id, index) => [
      ...[id, organizationId, `service-${index}`, 'service', 'http'],
      ...[JSON.stringify({ mode: 'login', allow: ['group:team-1'], addresses: [], basic: [], tokens: null }), 'none'],
      ...[deviceIds[index % deviceIds.length]!, 1, 0, '[]', nowMs, nowMs - index * 1_000, 1],
    ]),
  );
  await bulk.write(
    'targets',
    {
      ...{ id: text, organization_id: text, resource_id: text, position: bigint, address: text, device_id: text },
      ...{ protocol: text, weight: bigint, tls_verify: bigint },
    },
    serviceIds.map((id, index) => [
      ...[createId('target'), organizationId, id, 0, `localhost:${3_000 + (index % 1_000)}`],
      ...[deviceIds[index % deviceIds.length]!, 'http', 1, 0],
    ]),
  );
  await seedAudit(bulk, organizationId, size.auditEntries, { nowMs, userIds, serviceIds });
  await seedEvents(bulk, organizationId, size.events, { nowMs, random, gatewayIds, userIds, serviceIds });
  await bulk.finish();
  return { key, account, gatewayIds, serviceIds, userIds, deviceIds };
}

interface Parts {
  readonly nowMs: number;
  readonly userIds: readonly string[];
  readonly serviceIds: readonly string[];
}

/** Entries that are listed; their hashes are none, as nothing here verifies them. */
async function seedAudit(
  bulk: Bulk,
  organizationId: string,
  count: number,
  { nowMs, userIds, serviceIds }: Parts,
): Promise<void> {
  const rows = Array.from({ length: count }, (_, index): Value[] => {
    const at = nowMs - (count - index) * 10_000;
    const id = createId('audit', at);
    const objectId = serviceIds[index % serviceIds.length]!;
    const actorId = userIds[index % 200]!;
    const action = index % 3 === 0 ? 'service.create' : index % 3 === 1 ? 'service.update' : 'session.create';
    const body = JSON.stringify({
      ...{ seq: index + 1, id, organizationId, at: new Date(at).toISOString() },
      ...{ actor: { kind: 'user', id: actorId, name: 'somebody@example.com', address: '203.0.113.7' }, action },
      ...{
        objectKind: 'service',
        objectId,
        before: null,
        after: { name: `service-${index}`, version: 1 },
        requestId: id,
      },
    });
    return [organizationId, index + 1, id, at, body, 'A'.repeat(43), 'B'.repeat(43), action, objectId, actorId];
  });
  await bulk.write(
    'audit_entries',
    {
      ...{ organization_id: 'text', seq: 'bigint', id: 'text', at: 'bigint', body: 'text', previous_hash: 'text' },
      ...{ hash: 'text', action: 'text', object_id: 'text', actor_id: 'text' },
    },
    rows,
  );
}

/** Written at a time, as if they had come at the same moment. */
const EVENTS_AT_ONCE = 5_000;

/**
 * Half of the events are of the last day; few services have most of them; one in twenty did not pass. Written in the order in which they
 * happened, as events come: where they are in the database decides how fast they are read.
 */
async function seedEvents(
  bulk: Bulk,
  organizationId: string,
  count: number,
  { nowMs, random, gatewayIds, userIds, serviceIds }: Parts & { random: () => number; gatewayIds: readonly string[] },
): Promise<void> {
  const traffic = new Map<string, Record<string, Value>>();
  const reasons = new Map<string, Record<string, Value>>();
  const some = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]!;
  const ages = Array.from({ length: count }, () => random() * (random() < 0.5 ? DAY_MS : (DAYS - 1) * DAY_MS)).sort(
    (a, b) => b - a,
  );
  const seqs = new Map<string, number>();
  for (let from = 0; from < count; from += EVENTS_AT_ONCE) {
    const events = ages.slice(from, from + EVENTS_AT_ONCE).map((ageMs): AccessEvent => {
      const gatewayId = some(gatewayIds);
      const seq = (seqs.get(gatewayId) ?? 0) + 1;
      seqs.set(gatewayId, seq);
      const atMs = Math.floor(nowMs - ageMs);
      const resourceId = serviceIds[Math.floor(random() ** 3 * serviceIds.length)]!;
      const draw = random();
      const effect = draw < 0.95 ? 'pass' : draw < 0.98 ? 'challenge' : 'deny';
      const reason =
        effect === 'pass' ? 'access.session' : effect === 'deny' ? 'access.not_allowed' : 'access.sign_in_required';
      return {
        ...{ gatewayId, epoch: 'epoch-bench', seq, at: new Date(atMs).toISOString() },
        ...{ requestId: createId('request', atMs), organizationId, resourceId, protocol: 'http', effect, reason },
        ...{ subject: some(userIds), credentialId: '' },
        ...{ sourceAddress: `203.0.113.${Math.floor(random() * 250)}`, method: 'GET', host: 'service.r1.example.com' },
        ...{
          path: `/page/${Math.floor(random() * 1_000)}`,
          status: effect === 'pass' ? (draw < 0.01 ? 502 : 200) : 403,
        },
        ...{ bytesIn: 500, bytesOut: 20_000, durationMs: Math.exp(random() * 6), targetId: '', snapshotVersion: 7 },
      };
    });
    await bulk.write(
      'access_events',
      {
        ...{
          organization_id: 'text',
          gateway_id: 'text',
          epoch: 'text',
          seq: 'bigint',
          at: 'bigint',
          resource_id: 'text',
        },
        ...{ effect: 'text', body: 'text', reason: 'text', subject: 'text', source_address: 'text' },
      },
      events.map((event) => [
        ...[organizationId, event.gatewayId, event.epoch, event.seq, Date.parse(event.at), event.resourceId],
        ...[event.effect, JSON.stringify(event), event.reason, event.subject, event.sourceAddress],
      ]),
    );
    for (const [gatewayId, ofGateway] of Map.groupBy(events, (event) => event.gatewayId)) {
      const sums = addUpTraffic(organizationId, gatewayId, ofGateway, nowMs);
      for (const row of sums.rows)
        merge(traffic, row as unknown as Record<string, Value>, ['scope', 'step', 'at', 'shard']);
      for (const row of sums.reasons)
        merge(reasons, row as unknown as Record<string, Value>, ['resource_id', 'at', 'reason', 'shard']);
    }
  }
  for (const [table, rows] of [
    ['traffic', [...traffic.values()]],
    ['traffic_reasons', [...reasons.values()]],
  ] as const) {
    const names = Object.keys(rows[0] ?? {});
    const types = Object.fromEntries(
      names.map((name) => [name, typeof rows[0]![name] === 'number' ? 'bigint' : 'text'] as const),
    );
    await bulk.write(
      table,
      types,
      rows.map((row) => names.map((name) => row[name] ?? null)),
    );
  }
}

function merge(all: Map<string, Record<string, Value>>, row: Record<string, Value>, keys: readonly string[]): void {
  const key = keys.map((name) => row[name]).join(' ');
  const known = all.get(key);
  if (known === undefined) {
    all.set(key, row);
    return;
  }
  for (const [name, value] of Object.entries(row)) {
    if (typeof value === 'number' && !keys.includes(name)) known[name] = (known[name] as number) + value;
  }
}
