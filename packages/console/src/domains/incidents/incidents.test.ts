import assert from 'node:assert/strict';
import { type AccessEvent, auditExportInput, type Incident } from '@zeronaut/model';
import { eachDatabase } from '@zeronaut/testkit';
import { testEvent } from '../../testing/access-event.suite.ts';
import { startFixture } from '../../testing/fixture.suite.ts';
import { signAll } from '../../workers/audit-checkpoints.ts';
import { tidy } from '../../workers/housekeeping.ts';
import { storeEvents } from '../access-events/access-events.ts';
import { createExport } from '../audit-exports/audit-exports.ts';
import type { Caller } from '../context.ts';
import { type LastLook, lookAtAll } from './look.ts';

const MINUTE_MS = 60_000;

eachDatabase('an alarm is one incident from when it came until it is gone', async (t, database) => {
  const fixture = await startFixture(t, database);
  const { context, clock } = fixture;
  const [ours, theirs] = [await fixture.organization(), await fixture.organization()];
  const lastLook: LastLook = new Map();
  const look = async (afterMs = 20_000) => {
    clock.nowMs += afterMs;
    await lookAtAll(context, lastLook, () => false);
  };
  const list = async (query = '', of = ours): Promise<Incident[]> => {
    const answer = await of.call('GET', `/api/v1/incidents?${query}`);
    assert.equal(answer.statusCode, 200, answer.body);
    return answer.json().items;
  };
  await look();
  assert.deepEqual(await list(), [], 'what is there for a moment is none');
  await look();
  const [none] = await list('open=true');
  assert.deepEqual([none!.kind, none!.object.kind, none!.count], ['no_gateway', 'organization', 1]);
  assert.equal((await list('', theirs)).length, 1, 'their own');
  await look(2 * MINUTE_MS);
  assert.ok((await list())[0]!.lastSeenAt > none!.lastSeenAt);

  const act = async (id: string, what: string, body: object = {}, of = ours) => {
    const answer = await of.call('POST', `/api/v1/incidents/${id}/${what}`, body);
    return { status: answer.statusCode, body: answer.json() };
  };
  const acknowledged = await act(none!.id, 'acknowledge', { note: 'on it' });
  assert.deepEqual([acknowledged.body.acknowledgedBy, acknowledged.body.note], [ours.owner.id, 'on it']);
  const early = await act(none!.id, 'close');
  assert.deepEqual([early.status, early.body.reason], [409, 'incident.ongoing']);
  assert.equal((await act(none!.id, 'acknowledge', {}, theirs)).status, 404);
  assert.equal((await act(none!.id, 'close', { note: 'x'.repeat(501) })).status, 400);
  assert.equal((await list('acknowledged=false')).length, 0);
  assert.equal((await list('q=on%20it')).length, 1);

  const { gateway } = await ours.enrolGateway();
  await look();
  await look();
  const after = await list('sort=opened');
  assert.deepEqual(
    after.map(({ kind, closedAt, closedBy }) => [kind, closedAt !== null, closedBy]),
    [
      ['no_gateway', true, null],
      ['gateway_offline', false, null],
    ],
  );
  // The same again within an hour is the same one.
  await ours.call('DELETE', `/api/v1/gateways/${gateway.id}`);
  await look();
  await look();
  const again = (await list('open=true')).find(({ kind }) => kind === 'no_gateway')!;
  assert.deepEqual([again.id, again.count, again.note], [none!.id, 2, 'on it']);
  await ours.enrolGateway();
  await look();
  await look(2 * 60 * MINUTE_MS);
  const third = (await list('sort=-opened&severity=bad&kind=gateway_offline'))[0]!;
  assert.equal(third.object.kind, 'gateway');

  const audit = (await ours.call('GET', '/api/v1/audit?action=incident.acknowledge')).json().items;
  assert.deepEqual(audit[0].after, { kind: 'no_gateway', objectKind: 'organization', note: 'on it' });
  clock.nowMs += 91 * 24 * 60 * MINUTE_MS;
  await tidy(context);
  assert.deepEqual(await list('open=false'), [], 'kept for 90 days after their end');
});

eachDatabase('what happened lately becomes an incident', async (t, database) => {
  const fixture = await startFixture(t, database);
  const { context, clock } = fixture;
  const [ours, theirs] = [await fixture.organization(), await fixture.organization()];
  const { gateway } = await ours.enrolGateway();
  const { user } = await ours.user('member', { password: 'plum violin harbour seven' });
  const lastLook: LastLook = new Map();
  const look = async (afterMs = 20_000) => {
    clock.nowMs += afterMs;
    await lookAtAll(context, lastLook, () => false);
  };
  const open = async (of = ours) =>
    ((await of.call('GET', '/api/v1/incidents?open=true')).json().items as Incident[])
      .filter(({ kind }) => kind !== 'gateway_offline' && kind !== 'no_gateway')
      .map(({ kind, object }) => `${kind} ${object.kind} ${object.name}`)
      .sort();
  let seq = 0;
  const send = (count: number, parts: Partial<AccessEvent>) =>
    context.store.transaction((queries) =>
      storeEvents(
        queries,
        context,
        ours.id,
        gateway.id,
        'epoch-0001',
        Array.from({ length: count }, () =>
          testEvent({
            ...{ gatewayId: gateway.id, epoch: 'epoch-0001', seq: ++seq, at: new Date(clock.nowMs).toISOString() },
            ...{ resourceId: null, subject: '', ...parts },
          }),
        ),
      ),
    );
  const refused = { effect: 'deny', reason: 'access.not_allowed', status: 403 } as const;
  const created = await ours.call('POST', '/api/v1/policies', {
    name: 'break-glass',
    text: '@alarm("Emergency access was used") permit (principal in Group::"on-call", action, resource);',
    mode: 'enforce',
  });
  assert.equal(created.statusCode, 201, created.body);
  const explanation = { policies: [created.json().id], facts: {}, reported: null, advice: '' };
  await look();
  // Below every threshold, and what failed by itself.
  await send(99, { ...refused, sourceAddress: '198.51.100.1' });
  await send(300, { effect: 'deny', reason: 'target.dial_refused', status: 502, sourceAddress: '198.51.100.2' });
  await send(1, { reason: 'access.session' });
  await look();
  await look();
  assert.deepEqual(await open(), []);

  for (let minute = 0; minute < 5; minute++) {
    clock.nowMs += MINUTE_MS;
    for (let tries = 0; tries < 3; tries++) {
      const body = { email: user.email, password: 'not the one at all' };
      assert.equal((await ours.call('POST', '/api/v1/sessions', body, { key: null })).statusCode, 401);
    }
  }
  await send(120, { ...refused, subject: user.id, sourceAddress: '198.51.100.3' });
  // Each time another address of one network.
  for (let i = 0; i < 60; i++) await send(2, { ...refused, sourceAddress: `2001:db8::7:${i}:${i}:1` });
  await send(1, { reason: 'access.policy', explanation });
  const caller = {
    ...{ organizationId: ours.id, userId: ours.owner.id, requestId: 'req_1', address: '', userAgent: '' },
    actor: { kind: 'user', id: ours.owner.id, name: 'owner', address: '' },
  } as unknown as Caller;
  const settings = { kind: 'otlp', url: 'https://127.0.0.1:1/' };
  await createExport(context, caller, auditExportInput.parse({ name: 'siem', settings }));
  await context.store.db.updateTable('audit_exports').set({ failures: 3, last_error: 'it is away' }).execute();
  await look();
  await look();
  const expected = [
    'audit_export_stuck audit_export siem',
    'policy_used policy break-glass',
    'refusal_burst address 198.51.100.3',
    'refusal_burst address 2001:db8:0:0::/64',
    `refusal_burst user ${user.name}`,
    `sign_in_guessing user ${user.name}`,
  ];
  assert.deepEqual(await open(), expected);
  assert.deepEqual(await open(theirs), []);
  const shown = (await ours.call('GET', '/api/v1/overview')).json().alarms as { kind: string; detail: string }[];
  assert.ok(shown.some(({ kind, detail }) => kind === 'policy_used' && detail === 'Emergency access was used'));

  await look(11 * MINUTE_MS);
  await look();
  assert.deepEqual(await open(), expected.slice(0, 2), 'the others are over');
  const used = (await ours.call('GET', '/api/v1/incidents?kind=policy_used')).json().items[0];
  assert.equal((await ours.call('POST', `/api/v1/incidents/${used.id}/close`, { note: 'a drill' })).statusCode, 200);
  await look();
  await look();
  assert.deepEqual(await open(), expected.slice(0, 1));
  await send(1, { reason: 'access.policy', explanation });
  await look();
  await look();
  assert.deepEqual(await open(), expected.slice(0, 2), 'used once more');

  // The console was away, and so was whoever would have seen that a gateway stopped deciding.
  lastLook.clear();
  await send(3, { effect: 'deny', reason: 'access.snapshot_expired', status: 503 });
  await look();
  await look();
  assert.deepEqual((await open()).slice(1, 2), [`gateway_expiring gateway ${gateway.name}`]);
  await look(11 * MINUTE_MS);
  const [expiry] = (await ours.call('GET', '/api/v1/incidents?kind=gateway_expiring')).json().items as Incident[];
  assert.match(expiry!.detail, /refused 3 requests/);
  assert.notEqual(expiry!.closedAt, null, 'it is over, and stays in the list');

  await signAll(context, fixture.log);
  await ours.call('POST', '/api/v1/resources', { name: 'one-more', targets: [{ address: '10.0.0.1:80' }] });
  await context.store.db.updateTable('organizations').set({ audit_head: 'forged' }).where('id', '=', ours.id).execute();
  await signAll(context, fixture.log);
  await look();
  await look();
  assert.ok((await open()).some((one) => one.startsWith('audit_inconsistent organization')));
});
