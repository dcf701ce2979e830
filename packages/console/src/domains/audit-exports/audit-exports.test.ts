import assert from 'node:assert/strict';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { CHAIN_START, chainHash, GrowingTree, leafHash, parseCheckpoint, parseNote } from '@zeronaut/audit';
import type { AuditExport } from '@zeronaut/model';
import { createTestAuthority, eachDatabase, waitFor } from '@zeronaut/testkit';
import { createOutbound } from '../../outbound/outbound.ts';
import { type Fixture, startFixture, type TestOrganization } from '../../testing/fixture.suite.ts';
import { signAll } from '../../workers/audit-checkpoints.ts';
import { startExports } from '../../workers/audit-exports.ts';
import { appendAudit } from '../audit/audit.ts';
import { deliver, dueExports, retryMs } from './deliver.ts';

interface LogRecord {
  readonly eventName: string;
  readonly timeUnixNano: string;
  readonly body: { readonly stringValue: string };
  readonly attributes: readonly { key: string; value: { stringValue?: string; intValue?: string } }[];
}

async function append(fixture: Fixture, organization: TestOrganization, count: number, what = 'x'): Promise<void> {
  const { id: organizationId, owner } = organization;
  const actor = { kind: 'user' as const, id: owner.id, name: owner.email, address: '127.0.0.1' };
  await fixture.context.store.transaction(async (queries) => {
    for (let index = 0; index < count; index++) {
      const input = { action: 'resource.update', objectKind: 'resource', objectId: `res_${index}`, after: { what } };
      await appendAudit(queries, fixture.context, { organizationId, actor, requestId: 'req' }, input);
    }
  });
  await signAll(fixture.context, fixture.log);
}

/** Reads octet-counted frames. `onConnection` may break the connection before a byte was read. */
async function syslogReceiver(t: TestContext, tls: object | null, onConnection: (socket: Socket) => boolean) {
  const messages: string[] = [];
  const sockets = new Set<Socket>();
  const serve = (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    if (!onConnection(socket)) return;
    let buffered = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      buffered = Buffer.concat([buffered, chunk as Buffer]);
      for (;;) {
        const space = buffered.indexOf(0x20);
        if (space === -1) break;
        const length = Number(buffered.subarray(0, space));
        assert(Number.isSafeInteger(length) && length > 0, 'a frame begins with its length');
        if (buffered.length < space + 1 + length) break;
        messages.push(buffered.subarray(space + 1, space + 1 + length).toString());
        buffered = buffered.subarray(space + 1 + length);
      }
    });
  };
  const server = tls === null ? createServer(serve) : createTlsServer(tls, serve);
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { messages, port: (server.address() as AddressInfo).port };
}

const field = (message: string, name: string) =>
  new RegExp(`(?:^| |\\|)${name}=(.*?)(?= [A-Za-z0-9]+=|$)`).exec(message)?.[1]?.replaceAll(/\\(.)/g, '$1');

/** What a receiver can prove with nothing but what it got: the chain, and every checkpoint over it. */
function prove(received: readonly { seq: number; body: string; hash: string }[], notes: readonly string[]): number {
  const tree = new GrowingTree();
  let head = CHAIN_START;
  const checkpoints = notes.map((note) => parseCheckpoint(parseNote(note)!.text)!);
  for (const [index, { seq, body, hash }] of received.entries()) {
    assert.equal(seq, index + 1);
    head = chainHash(head, body);
    assert.equal(hash, head);
    tree.add(leafHash(Buffer.from(hash, 'base64url')));
    for (const checkpoint of checkpoints.filter(({ size }) => size === seq)) {
      assert.equal(Buffer.compare(checkpoint.root, tree.root()), 0);
    }
  }
  return checkpoints.length;
}

async function create(organization: TestOrganization, settings: object, more: object = {}): Promise<AuditExport> {
  const answer = await organization.call('POST', '/api/v1/audit/exports', { name: 'siem', settings, ...more });
  assert.equal(answer.statusCode, 201, answer.body);
  return answer.json();
}

const show = async (organization: TestOrganization, name = 'siem'): Promise<AuditExport> =>
  (await organization.call('GET', `/api/v1/audit/exports/${name}`)).json();

eachDatabase(
  'a syslog receiver gets every entry with its proof, through broken connections and restarts',
  async (t, database) => {
    const fixture = await startFixture(t, database);
    const [ours, theirs] = [await fixture.organization('ours'), await fixture.organization('theirs')];
    const authority = await createTestAuthority();
    const { key, cert } = await authority.server(['localhost']);
    let connections = 0;
    const secure = await syslogReceiver(t, { key, cert }, (socket) => {
      connections++;
      if (connections === 1) socket.destroy();
      // Reads a little and dies: what it read comes again.
      if (connections === 3) socket.once('data', () => socket.destroy());
      return connections !== 1;
    });
    const plain = await syslogReceiver(t, null, () => true);
    await append(fixture, ours, 700, 'ours');
    const tls = { kind: 'syslog', host: 'localhost', port: secure.port, certificateAuthority: authority.certificate };
    const first = await create(ours, tls);
    assert.deepEqual([first.progress.delivered, first.progress.behind > 700], [0, true]);
    await create(theirs, { kind: 'syslog', host: '127.0.0.1', port: plain.port, transport: 'tcp' });
    await append(fixture, ours, 500, 'more of ours');
    await append(fixture, theirs, 3, 'theirs');

    let stop = startExports(fixture.context, fixture.log, 10);
    const done = async () => (await show(ours)).progress;
    await waitFor(async () => (await done()).failures > 0, { what: 'the first failure' });
    assert.match((await done()).lastError ?? '', /^outbound\.unreachable: localhost:\d+/);
    fixture.clock.nowMs += retryMs(0);
    await waitFor(async () => (await done()).delivered > 0, { what: 'the first batch' });
    await stop();
    const halfway = (await done()).delivered;
    assert(halfway < 1_201, 'there is something left for the next process');
    fixture.clock.nowMs += 120_000;
    stop = startExports(fixture.context, fixture.log, 10);
    t.after(() => stop());
    await waitFor(
      async () => {
        fixture.clock.nowMs += 1_000;
        return (await done()).delivered >= 1_201;
      },
      { what: 'all entries' },
    );
    await waitFor(async () => (await show(theirs)).progress.delivered === 4, { what: 'all of theirs' });
    assert.equal((await done()).behind, 0);

    const entries = new Map<number, { seq: number; body: string; hash: string }>();
    for (const message of secure.messages.filter((text) => !text.includes('|audit.checkpoint|'))) {
      const seq = Number(field(message, 'cn1'));
      const body = field(message, 'zeronautEntry')!;
      const hash = field(message, 'cs1')!;
      assert.equal(entries.get(seq)?.hash ?? hash, hash);
      entries.set(seq, { seq, body, hash });
      const [size] = field(message, 'cs3')!.split(' ');
      assert(Number(size) >= seq);
    }
    assert(secure.messages.length > entries.size + 3, 'what was on its way came again');
    const notes = secure.messages
      .filter((text) => text.includes('|audit.checkpoint|'))
      .map((text) => /zeronautNote=(.*)$/.exec(text)![1]!.replaceAll('\\n', '\n').replaceAll(/\\(.)/g, '$1'));
    assert(
      prove(
        [...entries.values()].toSorted((a, b) => a.seq - b.seq),
        notes,
      ) >= 2,
    );
    assert(plain.messages.every((text) => text.includes(theirs.id) || text.includes('|audit.checkpoint|')));
    assert(![...plain.messages].some((text) => text.includes(ours.id) || text.includes('ours')));
  },
);

eachDatabase('an OpenTelemetry receiver may fail, refuse and come back', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const seen: { key: unknown; url: unknown; records: LogRecord[] }[] = [];
  let answer: { status: number; headers?: Record<string, string>; body?: object; drop?: boolean } = { status: 503 };
  const listener: RequestListener = async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (answer.drop) return void request.socket.destroy();
    if (answer.status === 200) {
      const { resourceLogs } = JSON.parse(Buffer.concat(chunks).toString());
      const { logRecords: records } = resourceLogs[0].scopeLogs[0];
      seen.push({ key: request.headers['x-api-key'], url: request.url, records });
    }
    response.writeHead(answer.status, answer.headers).end(JSON.stringify(answer.body ?? {}));
  };
  const server = createHttpServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  await append(fixture, organization, 600);
  const settings = { kind: 'otlp', url: `http://127.0.0.1:${port}/v1/logs`, header: 'x-api-key' };
  const created = await create(organization, settings, { secret: 'top-secret-value' });
  assert(!JSON.stringify(created).includes('top-secret-value') && created.hasSecret);
  const { body: log } = await organization.call('GET', '/api/v1/audit');
  const stored = await fixture.context.store.db.selectFrom('audit_exports').selectAll().execute();
  assert(!`${log}${JSON.stringify(stored)}`.includes('top-secret-value'));
  await signAll(fixture.context, fixture.log);

  const turn = async () => {
    for (const row of await dueExports(fixture.context, 10)) await deliver(fixture.context, row, () => false);
    return (await show(organization)).progress;
  };
  let progress = await turn();
  assert.deepEqual([progress.delivered, progress.failures], [0, 1]);
  assert.match(progress.lastError!, /answered 503/);
  assert.deepEqual(await turn(), progress, 'it waits before it tries again');
  // What comes meanwhile is logged as ever.
  await append(fixture, organization, 100);
  answer = { status: 200, drop: true };
  fixture.clock.nowMs += retryMs(0);
  progress = await turn();
  assert.equal(progress.failures, 2);
  answer = { status: 429, headers: { 'retry-after': '600' } };
  fixture.clock.nowMs += retryMs(1);
  progress = await turn();
  assert.equal(Date.parse(progress.nextTryAt!), fixture.clock.nowMs + 600_000);
  assert(progress.behindSeconds >= 15);
  answer = { status: 200, body: { partialSuccess: { rejectedLogRecords: '2', errorMessage: 'too old' } } };
  fixture.clock.nowMs += 600_000;
  progress = await turn();
  assert.deepEqual([progress.delivered, progress.behind, progress.failures], [701, 0, 0]);
  assert.equal(progress.rejected, 2 * seen.length);
  assert.match(progress.lastError!, /dropped 2 records: too old/);

  const value = (record: LogRecord, key: string) => {
    const found = record.attributes.find((each) => each.key === key)?.value;
    return found?.stringValue ?? found?.intValue ?? '';
  };
  const records = seen.flatMap((each) => each.records);
  const entries = records
    .filter(({ eventName }) => eventName !== 'audit.checkpoint')
    .map((record) => ({
      seq: Number(value(record, 'zeronaut.audit.seq')),
      hash: value(record, 'zeronaut.audit.hash'),
      body: record.body.stringValue,
    }));
  const notes = records.filter(({ eventName }) => eventName === 'audit.checkpoint').map(({ body }) => body.stringValue);
  assert.equal(prove(entries, notes), 3);
  assert.deepEqual([seen[0]?.key, seen[0]?.url], ['top-secret-value', '/v1/logs']);
  assert.match(records[0]!.timeUnixNano, /^\d{19}$/);
  assert.equal(value(records[0]!, 'user.id'), organization.owner.id);

  const tested = await organization.call('POST', '/api/v1/audit/exports/siem/test');
  assert.deepEqual(tested.json(), { delivered: true, error: null });
  assert.equal(seen.at(-1)!.records[0]!.eventName, 'audit.export_test');
  answer = { status: 401 };
  assert.match((await organization.call('POST', '/api/v1/audit/exports/siem/test')).json().error, /answered 401/);
  assert.equal((await show(organization)).progress.delivered, 701);
});

eachDatabase('exports are for owners, few, and go nowhere that the operator did not open', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const post = async (body: object, key?: string) =>
    await organization.call('POST', '/api/v1/audit/exports', body, key === undefined ? {} : { key });
  const settings = { kind: 'otlp', url: 'http://127.0.0.1:1/v1/logs' };
  for (const role of ['admin', 'auditor', 'operator', 'member'] as const) {
    assert.equal((await post({ name: 'x', settings }, (await organization.user(role)).key)).statusCode, 403, role);
  }
  for (const [what, body] of Object.entries({
    'a user in the URL': { settings: { ...settings, url: 'https://ann:secret@example.com/' } },
    'a header that frames': { settings: { ...settings, header: 'content-length' } },
    'a header with a line end': { settings: { ...settings, header: 'x\r\ny' } },
    'a secret with a line end': { settings, secret: 'x\r\ny: z' },
    'a secret for syslog': { settings: { kind: 'syslog', host: 'a.example' }, secret: 'x' },
    'a host that is a path': { settings: { kind: 'syslog', host: '/run/log' } },
    'a wildcard': { settings: { kind: 'syslog', host: '*.example.com' } },
    'no such kind': { settings: { kind: 'file', path: '/etc/passwd' } },
  })) {
    assert.equal((await post({ name: 'x', ...body })).statusCode, 400, what);
  }
  for (let index = 0; index < 5; index++) assert.equal((await post({ name: `x${index}`, settings })).statusCode, 201);
  assert.equal((await post({ name: 'x5', settings })).statusCode, 409);
  assert.equal((await organization.call('DELETE', '/api/v1/audit/exports/x4')).statusCode, 204);
  assert.equal((await post({ name: 'x0', settings })).json().reason, 'api.name_taken');
  const from = await post({ name: 'late', settings, from: 'now' });
  assert.equal(from.json().progress.behind, 1, 'its own creation');

  const closed = { ...fixture.context, outbound: createOutbound({ allow: [] }) };
  await signAll(fixture.context, fixture.log);
  for (const row of await dueExports(closed, 10)) await deliver(closed, row, () => false);
  const { items } = (await organization.call('GET', '/api/v1/audit/exports')).json();
  for (const { progress } of items) assert.match(progress.lastError, /^outbound\.address_denied/);
});

eachDatabase('an export that is changed goes on from where it was, at the new place', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const receiver = async () => {
    const seen: { key: unknown; seqs: number[] }[] = [];
    let held: (() => void) | null = null;
    const state = { seen, hold: false, release: () => held?.() };
    const listener: RequestListener = async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { logRecords } = JSON.parse(Buffer.concat(chunks).toString()).resourceLogs[0].scopeLogs[0];
      const texts = (logRecords as LogRecord[]).map((record) => JSON.stringify(record));
      seen.push({
        key: request.headers.authorization,
        seqs: texts
          .flatMap((text) => /"zeronaut\.audit\.seq","value":\{"intValue":"(\d+)"/.exec(text)?.[1] ?? [])
          .map(Number),
      });
      if (state.hold) await new Promise<void>((resolve) => (held = resolve));
      response.writeHead(200).end('{}');
    };
    const server = createHttpServer(listener).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    t.after(() => server.close());
    return { ...state, state, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/logs` };
  };
  const [old, next] = [await receiver(), await receiver()];
  await append(fixture, organization, 5);
  const { id } = await create(organization, { kind: 'otlp', url: old.url }, { secret: 'first secret' });
  await signAll(fixture.context, fixture.log);
  const turn = async () => {
    for (const row of await dueExports(fixture.context, 10)) await deliver(fixture.context, row, () => false);
  };
  await turn();
  const { delivered } = (await show(organization)).progress;
  assert.ok(delivered >= 5);
  const patch = async (body: object, more: { key?: string; version?: number } = {}) => {
    const version = more.version ?? (await show(organization)).version;
    return await organization.call('PATCH', `/api/v1/audit/exports/${id}`, body, {
      ...(more.key !== undefined && { key: more.key }),
      headers: { 'if-match': `"${version}"` },
    });
  };

  // The secret goes nowhere by itself.
  const settings = { kind: 'otlp', url: next.url };
  for (const changed of [settings, { kind: 'otlp', url: old.url, header: 'x-other' }]) {
    const refused = await patch({ settings: changed });
    assert.deepEqual([refused.statusCode, refused.json().errors?.[0].path], [400, '/secret'], refused.body);
  }
  assert.equal((await patch({ settings: { kind: 'syslog', host: 'a.example' }, secret: 'x' })).statusCode, 400);
  assert.equal((await patch({ name: 'x' }, { key: (await organization.user('admin')).key })).statusCode, 403);
  assert.equal((await patch({ secret: 'second secret' })).json().version, 2);
  const late = await patch({ secret: 'of somebody who saw the first version' }, { version: 1 });
  assert.deepEqual([late.statusCode, late.json().reason], [412, 'api.precondition_failed']);
  await append(fixture, organization, 3);
  await signAll(fixture.context, fixture.log);
  await turn();
  assert.equal(old.seen.at(-1)!.key, 'second secret');

  // What is on its way to the old place while it is changed comes to the new one.
  await append(fixture, organization, 3);
  await signAll(fixture.context, fixture.log);
  const before = (await show(organization)).progress.delivered;
  old.state.hold = true;
  const running = turn();
  const count = old.seen.length;
  await waitFor(() => old.seen.length > count, { what: 'a batch on its way' });
  const changed = await patch({ name: 'renamed', settings, secret: 'third secret' });
  assert.equal(changed.statusCode, 200, changed.body);
  assert.deepEqual([changed.json().name, changed.json().settings.url], ['renamed', next.url]);
  old.state.release();
  await running;
  await turn();
  assert.equal(next.seen[0]!.key, 'third secret');
  assert.equal(next.seen[0]!.seqs[0], before + 1, 'the first that the old one had not acknowledged');
  const { body: log } = await organization.call('GET', '/api/v1/audit?action=audit_export.update');
  assert.match(log, /"secretChanged":true/);
  assert.ok(!/(first|second|third) secret/.test(log));
});

test('pauses double up to five minutes', () => {
  assert.deepEqual([0, 1, 2, 5, 6, 99].map(retryMs), [5_000, 10_000, 20_000, 160_000, 300_000, 300_000]);
});
