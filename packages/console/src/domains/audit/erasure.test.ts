import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { canonicalJson, chainHash } from '@zeronaut/audit';
import { type AuditEntry, auditErasure, createId } from '@zeronaut/model';
import { eachDatabase } from '@zeronaut/testkit';
import { exportLines, verifyLines } from '../../testing/audit-export.suite.ts';
import { type Fixture, startFixture, type TestOrganization } from '../../testing/fixture.suite.ts';

const PASSWORD = 'plum violin harbour seven';
const get = async (organization: TestOrganization, path: string) => {
  const answer = await organization.call('GET', `/api/v1/${path}`);
  assert.equal(answer.statusCode, 200, answer.body);
  return answer.json();
};

async function verify(organization: TestOrganization) {
  const lines = await exportLines(organization);
  return { ...verifyLines(lines), text: lines.join('\n') };
}

const list = async (organization: TestOrganization): Promise<AuditEntry[]> =>
  (await get(organization, 'audit?limit=500')).items;

/** As entries were written before personal data were sealed. */
async function appendPlain(fixture: Fixture, { id: organizationId }: TestOrganization, email: string): Promise<void> {
  const { db } = fixture.context.store;
  const organization = await db
    .selectFrom('organizations')
    .select(['audit_seq', 'audit_head'])
    .where('id', '=', organizationId)
    .executeTakeFirstOrThrow();
  const [at, seq, id] = [fixture.clock.nowMs, organization.audit_seq + 1, createId('audit')];
  const body = canonicalJson({
    ...{ seq, id, organizationId, at: new Date(at).toISOString(), action: 'user.create', objectKind: 'user' },
    actor: { kind: 'user', id: 'usr_1', name: email, address: '192.0.2.9' },
    ...{ objectId: 'usr_1', before: null, after: { email }, requestId: 'req' },
  });
  const hash = chainHash(organization.audit_head, body);
  const found = { action: 'user.create', object_id: 'usr_1', actor_id: 'usr_1' };
  const row = {
    organization_id: organizationId,
    seq,
    id,
    at,
    body,
    previous_hash: organization.audit_head,
    hash,
    ...found,
  };
  await db.insertInto('audit_entries').values(row).execute();
  await db
    .updateTable('organizations')
    .set({ audit_seq: seq, audit_head: hash })
    .where('id', '=', organizationId)
    .execute();
}

eachDatabase('a person is erased, and the log proves what it proved', async (t, database) => {
  const fixture = await startFixture(t, database);
  const { db } = fixture.context.store;
  const [organization, other] = [await fixture.organization(), await fixture.organization()];
  const email = 'ann@example.com';
  await appendPlain(fixture, organization, email);
  // Entries of before there was an account, of other people's deeds about her, and of her own.
  const invited = await organization.call('POST', '/api/v1/invitations', { email: 'Ann@Example.com', role: 'member' });
  assert.equal(invited.statusCode, 201, invited.body);
  const input = { email, name: 'Ann Archer', password: PASSWORD };
  const { id, version } = (await organization.call('POST', '/api/v1/users', input)).json();
  assert.equal((await other.call('POST', '/api/v1/invitations', { email, role: 'member' })).statusCode, 201);
  const headers = { 'user-agent': 'Annfox/1.0' };
  const sign = { email, password: PASSWORD };
  for (const credentials of [sign, { email, password: 'wrong' }]) {
    await organization.call('POST', '/api/v1/sessions', credentials, { key: null, headers });
  }
  const session = (await get(organization, 'sessions')).items.find((each: { userId: string }) => each.userId === id);
  await organization.call('DELETE', `/api/v1/sessions/${session.id}`);
  const access = { allow: [email, organization.owner.email] };
  const resource = { name: 'app', access, targets: [{ address: '10.0.0.1:80' }] };
  assert.equal((await organization.call('POST', '/api/v1/resources', resource)).statusCode, 201);

  const texts = [email, 'Ann Archer', 'Annfox'];
  const shown = JSON.stringify(await list(organization));
  for (const text of texts) assert(shown.includes(text), `${text} is there for people`);
  const bodies = await db
    .selectFrom('audit_entries')
    .select('body')
    .where('organization_id', '=', organization.id)
    .execute();
  for (const { body } of bodies.slice(1)) {
    for (const text of [...texts, organization.owner.email]) assert(!body.includes(text), body);
  }
  const before = await verify(organization);
  assert.equal(before.valid, true, JSON.stringify(before.finding));
  for (const text of texts) assert(before.text.includes(text));

  const search = async () => (await get(organization, 'audit?q=ANN%40example')).items.length;
  assert((await search()) >= 5, 'what is sealed is found');

  const path = `users/${id}/audit-erasure`;
  const preview = auditErasure.parse(await get(organization, path));
  assert.deepEqual([preview.active, preview.subjects.length, preview.plainEntries], [true, 2, 1]);
  const tooEarly = await organization.call('POST', `/api/v1/${path}`);
  assert.deepEqual([tooEarly.statusCode, tooEarly.json().reason], [409, 'audit.subject_active']);
  const admin = (await organization.user('admin')).key;
  assert.equal((await organization.call('POST', `/api/v1/${path}`, undefined, { key: admin })).statusCode, 403);
  assert.equal((await other.call('POST', `/api/v1/${path}`)).statusCode, 404);
  const etag = { 'if-match': `"${version}"` };
  await organization.call('PATCH', `/api/v1/users/${id}`, { status: 'disabled' }, { headers: etag });
  const keys = await db.selectFrom('audit_subjects').select('sealed_key').where('id', 'in', preview.subjects).execute();

  const answer = await organization.call('POST', `/api/v1/${path}`);
  assert.equal(answer.statusCode, 200, answer.body);
  const erased = auditErasure.parse(answer.json());
  assert.deepEqual([erased.subjects, erased.entries >= 6], [preview.subjects, true]);
  const rows = await db.selectFrom('audit_subjects').selectAll().where('id', 'in', erased.subjects).execute();
  for (const row of rows)
    assert.deepEqual([row.sealed_key, row.mail_hash, row.erased_at], [null, null, fixture.clock.nowMs]);
  if (fixture.context.store.kind === 'sqlite') {
    const file = database.url.replace(/^sqlite:(\/\/)?/, '');
    const bytes = Buffer.concat([readFileSync(file), readFileSync(`${file}-wal`)]).toString('latin1');
    for (const { sealed_key } of keys) assert(!bytes.includes(sealed_key!), 'the key is in no free part of the file');
  }

  const after = await verify(organization);
  assert.equal(after.valid, true, JSON.stringify(after.finding));
  assert.equal(after.last?.checkpoint.size, before.last!.checkpoint.size + 2, 'disabled and erased');
  assert.equal(await search(), 1, 'nobody is found by what was erased');
  const entries = (await list(organization)).toReversed();
  const [plain, ...later] = entries;
  assert(JSON.stringify(plain).includes(email), 'what was never sealed cannot be erased');
  for (const text of texts) {
    assert(!JSON.stringify(later).includes(text), text);
    assert(!after.text.split('\n').slice(2).join().includes(text), text);
  }
  assert(JSON.stringify(later).includes(organization.owner.email), 'others stay');
  assert.equal(later.find(({ action }) => action === 'session.create')!.actor.name, '[erased]');
  const entry = later.at(-1)!;
  assert.deepEqual([entry.action, entry.objectId, entry.before], ['audit.erase', id, null]);
  assert.deepEqual(entry.after, { subjects: erased.subjects, entries: erased.entries });
  assert(
    (await list(other)).some((each) => JSON.stringify(each).includes(email)),
    'another organization is another log',
  );

  // What is logged of the account from now on has another key, and erasing again takes that.
  await organization.call(
    'PATCH',
    `/api/v1/users/${id}`,
    { name: 'Anna' },
    { headers: { 'if-match': `"${version + 1}"` } },
  );
  assert(JSON.stringify(await list(organization)).includes('Anna'));
  const again = auditErasure.parse((await organization.call('POST', `/api/v1/${path}`)).json());
  assert.equal(again.subjects.length, 1);
  assert(!JSON.stringify(await list(organization)).includes('Anna'));
  assert.equal((await verify(organization)).valid, true);
});

eachDatabase('what is kept back without an erasure is found', async (t, database) => {
  const fixture = await startFixture(t, database);
  const { db } = fixture.context.store;
  const organization = await fixture.organization();
  const ann = await organization.call('POST', '/api/v1/users', {
    email: 'ann@example.com',
    name: 'Ann',
    password: PASSWORD,
  });
  await organization.call('POST', '/api/v1/users', { email: 'bob@example.com', name: 'Bob', password: PASSWORD });
  assert.equal((await verify(organization)).valid, true);
  const subjects = await db
    .selectFrom('audit_subjects')
    .selectAll()
    .where('organization_id', '=', organization.id)
    .execute();
  const hers = subjects.find((row) => row.user_id === ann.json().id)!;
  const his = subjects.find((row) => row.id !== hers.id && row.user_id !== organization.owner.id)!;
  for (const sealed_key of [null, his.sealed_key, 'nonsense']) {
    await db.updateTable('audit_subjects').set({ sealed_key }).where('id', '=', hers.id).execute();
    const { finding, text } = await verify(organization);
    assert.deepEqual([finding?.flaw, finding?.seq], ['hidden', 1]);
    assert.match(finding!.message, new RegExp(hers.id));
    assert(!text.includes('ann@example.com') && text.includes('bob@example.com'));
  }
});
