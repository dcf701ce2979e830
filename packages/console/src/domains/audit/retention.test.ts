import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { leafHash, MIN_RETENTION_DAYS, verifyConsistency, verifyInclusion } from '@zeronaut/audit';
import { auditCheckpoint, auditRetentionInput } from '@zeronaut/model';
import { eachDatabase } from '@zeronaut/testkit';
import { testEvent } from '../../testing/access-event.suite.ts';
import { exportLines, verifyLines } from '../../testing/audit-export.suite.ts';
import { type Fixture, startFixture, type TestOrganization } from '../../testing/fixture.suite.ts';
import { signAll } from '../../workers/audit-checkpoints.ts';
import { pruneAll, tidy } from '../../workers/housekeeping.ts';
import { storeEvents } from '../access-events/access-events.ts';
import { appendAuditEntries } from './audit.ts';
import { prune } from './retention.ts';

const DAY_MS = 86_400_000;

async function append(fixture: Fixture, { id: organizationId, owner }: TestOrganization, count: number): Promise<void> {
  const actor = { kind: 'user' as const, id: owner.id, name: owner.email, address: '127.0.0.1' };
  const deed = { actor, requestId: 'req', action: 'user.update', objectKind: 'user', objectId: owner.id };
  const deeds = Array.from({ length: count }, (_, index) => ({ ...deed, after: { email: owner.email, index } }));
  await fixture.context.store.transaction((queries) =>
    appendAuditEntries(queries, fixture.context, organizationId, deeds),
  );
  await signAll(fixture.context, fixture.log);
}

async function setRetention(organization: TestOrganization, body: object) {
  const { version } = (await organization.call('GET', '/api/v1/audit/retention')).json();
  const headers = { 'if-match': `"${version}"` };
  const answer = await organization.call('PUT', '/api/v1/audit/retention', body, { headers });
  assert.equal(answer.statusCode, 200, answer.body);
}

const get = async (organization: TestOrganization, path: string) =>
  (await organization.call('GET', `/api/v1/audit/${path}`)).json();

eachDatabase('texts go when they are past their time, and what was proved stays proved', async (t, database) => {
  const fixture = await startFixture(t, database);
  const { db } = fixture.context.store;
  const [organization, other] = [await fixture.organization(), await fixture.organization()];
  const older: { size: number; root: Buffer }[] = [];
  await append(fixture, other, 3);
  for (let day = 0; day < 3; day++) {
    await append(fixture, organization, 300);
    const { size, root } = auditCheckpoint.parse(await get(organization, 'checkpoint'));
    older.push({ size, root: Buffer.from(root, 'base64') });
    fixture.clock.nowMs += DAY_MS;
  }
  await setRetention(organization, { entryDays: 40 });
  const before = await exportLines(organization);
  const hashes = before.filter((line) => line.includes('"type":"entry"')).map((line) => JSON.parse(line).hash);
  await pruneAll(fixture.context, fixture.log);
  assert.deepEqual(await exportLines(organization), before, 'nothing is old enough');
  const written = db.selectFrom('audit_entries').select(['seq', 'body']).where('organization_id', '=', organization.id);
  const texts = await written.orderBy('seq').execute();

  // 40 days after the second day: 600 entries. The console ends in the middle and goes on later.
  fixture.clock.nowMs += 38 * DAY_MS;
  await tidy(fixture.context);
  let asked = 0;
  assert.equal(await prune(fixture.context, organization.id, () => asked++ > 0), 500);
  assert.equal(verifyLines(await exportLines(organization)).valid, true, 'half way');
  await pruneAll(fixture.context, fixture.log);
  await pruneAll(fixture.context, fixture.log);
  const lines = await exportLines(organization);
  const whole = verifyLines(lines);
  assert.deepEqual([whole.valid, whole.entries, whole.pruned], [true, 902, 600], JSON.stringify(whole.finding));
  const rows = await db.selectFrom('audit_entries').selectAll().where('seq', '<=', 600).execute();
  for (const row of rows.filter(({ organization_id }) => organization_id === organization.id)) {
    assert.deepEqual([row.body, row.action, row.object_id, row.actor_id], ['', '', '', '']);
  }
  if (database.kind === 'sqlite') {
    const file = database.url.replace(/^sqlite:(\/\/)?/, '');
    const bytes = Buffer.concat([readFileSync(file), readFileSync(`${file}-wal`)]);
    const left = texts.filter(({ body }) => bytes.includes(body)).map(({ seq }) => seq);
    assert.deepEqual([left.length, left[0]], [301, 601], 'what is gone is in no free part of the file');
  }
  assert.equal(verifyLines(await exportLines(other)).pruned, 0);
  const listed = (await organization.call('GET', '/api/v1/audit?limit=500')).json().items;
  assert.deepEqual([listed.length, listed[0].action, listed[1].action], [302, 'audit.prune', 'audit.retention']);
  assert.deepEqual(listed[0].after.upTo, 600);
  const verified = await get(organization, 'verification');
  assert.deepEqual([verified.valid, verified.entries, verified.prunedUpTo], [true, 902, 600]);

  // Proofs over pruned entries and from checkpoints among them.
  const newest = auditCheckpoint.parse(await get(organization, 'checkpoint'));
  const now = { size: newest.size, root: Buffer.from(newest.root, 'base64') };
  for (const checkpoint of older) {
    const proof = await get(organization, `consistency?from=${checkpoint.size}`);
    const path = proof.hashes.map((hash: string) => Buffer.from(hash, 'base64'));
    assert(verifyConsistency(checkpoint, now, path), `${checkpoint.size}`);
  }
  for (const seq of [1, 299, 600, 601]) {
    const proof = await get(organization, `inclusion?seq=${seq}`);
    const path = proof.hashes.map((hash: string) => Buffer.from(hash, 'base64'));
    assert(verifyInclusion(leafHash(Buffer.from(hashes[seq - 1], 'base64url')), seq - 1, now.size, path, now.root));
  }

  // Who has the database takes more away than was said.
  await db
    .updateTable('audit_entries')
    .set({ body: '' })
    .where('organization_id', '=', organization.id)
    .where('seq', 'in', [601, 602])
    .execute();
  const { finding } = verifyLines(await exportLines(organization));
  assert.deepEqual([finding?.flaw, finding?.seq], ['hidden', 601]);
  assert.deepEqual((await get(organization, 'verification')).firstBadSeq, 601);
  await db.updateTable('audit_prunings').set({ up_to: 700 }).where('organization_id', '=', organization.id).execute();
  assert.equal(
    verifyLines(await exportLines(organization)).finding?.flaw,
    'hidden',
    'the table says nothing to others',
  );
});

eachDatabase('a log that was changed is evidence and is not pruned', async (t, database) => {
  const fixture = await startFixture(t, database);
  const { db } = fixture.context.store;
  const organization = await fixture.organization();
  await append(fixture, organization, 10);
  await setRetention(organization, { entryDays: 30 });
  fixture.clock.nowMs += 31 * DAY_MS;
  await tidy(fixture.context);
  const { body } = await db.selectFrom('audit_entries').select('body').where('seq', '=', 4).executeTakeFirstOrThrow();
  await db
    .updateTable('audit_entries')
    .set({ body: body.replace('user.update', 'user.delete') })
    .where('seq', '=', 4)
    .execute();
  await pruneAll(fixture.context, fixture.log);
  const rows = await db.selectFrom('audit_entries').select(['seq', 'body']).orderBy('seq').execute();
  assert(rows.every((row) => row.body !== ''));
  assert.equal(verifyLines(await exportLines(organization)).finding?.flaw, 'edited');
});

eachDatabase('events go after the days that their organization set', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organizations = [await fixture.organization(), await fixture.organization(), await fixture.organization()];
  const days = [2, null, 60];
  for (const [index, organization] of organizations.entries()) {
    const { gateway } = await organization.enrolGateway();
    const at = new Date(fixture.clock.nowMs).toISOString();
    const event = testEvent({ gatewayId: gateway.id, epoch: 'epoch-0001', seq: 1, at });
    await fixture.context.store.transaction((queries) =>
      storeEvents(queries, fixture.context, organization.id, gateway.id, 'epoch-0001', [event]),
    );
    if (days[index] !== null) await setRetention(organization, { eventDays: days[index] });
  }
  const count = async () =>
    (await fixture.context.store.db.selectFrom('access_events').select('organization_id').execute()).length;
  for (const [later, left] of [
    [1, 3],
    [2, 2],
    [28, 1],
    [30, 0],
  ] as const) {
    fixture.clock.nowMs += later * DAY_MS;
    await tidy(fixture.context);
    assert.equal(await count(), left);
  }
  assert.equal(auditRetentionInput.safeParse({ entryDays: MIN_RETENTION_DAYS }).success, true);
  assert.equal(auditRetentionInput.safeParse({ entryDays: MIN_RETENTION_DAYS - 1 }).success, false);
});
