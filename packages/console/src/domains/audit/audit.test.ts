import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalJson } from '@zeronaut/audit';
import { auditEntry } from '@zeronaut/model';
import { eachDatabase } from '@zeronaut/testkit';
import { startFixture } from '../../testing/fixture.suite.ts';

eachDatabase('the chain verifies, and every kind of edit is found at its place', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const { db } = fixture.context.store;
  for (let i = 0; i < 6; i++) {
    await organization.call('POST', '/api/v1/resources', { name: `r-${i}`, targets: [{ address: '10.0.0.1:80' }] });
  }
  const verify = async () => (await organization.call('GET', '/api/v1/audit/verification')).json();
  const whole = await verify();
  assert.deepEqual([whole.valid, whole.entries, whole.firstBadSeq], [true, 6, null]);

  const rows = await db.selectFrom('audit_entries').selectAll().orderBy('seq').execute();
  const restore = async () => {
    await db.deleteFrom('audit_entries').execute();
    await db.insertInto('audit_entries').values(rows).execute();
  };
  const third = rows[2]!;
  const edits: Record<string, [() => Promise<unknown>, number]> = {
    'another actor': [
      () =>
        db
          .updateTable('audit_entries')
          .set({ body: third.body.replace('"actor":{', '"actor":{"x":1,') })
          .where('seq', '=', 3)
          .execute(),
      3,
    ],
    'another time in the column that lists are sorted by': [
      () =>
        db
          .updateTable('audit_entries')
          .set({ at: third.at + 1 })
          .where('seq', '=', 3)
          .execute(),
      3,
    ],
    'a removed entry': [() => db.deleteFrom('audit_entries').where('seq', '=', 3).execute(), 3],
    'a removed end': [() => db.deleteFrom('audit_entries').where('seq', '=', 6).execute(), 6],
    'two entries exchanged': [
      async () => {
        await db.deleteFrom('audit_entries').where('seq', 'in', [3, 4]).execute();
        await db
          .insertInto('audit_entries')
          .values([
            { ...third, seq: 4 },
            { ...rows[3]!, seq: 3 },
          ])
          .execute();
      },
      3,
    ],
    'a recomputed hash without those that follow': [
      () => db.updateTable('audit_entries').set({ hash: rows[0]!.hash }).where('seq', '=', 3).execute(),
      3,
    ],
  };
  for (const [what, [edit, place]] of Object.entries(edits)) {
    await edit();
    const found = await verify();
    assert.deepEqual([found.valid, found.firstBadSeq], [false, place], what);
    await restore();
  }
  assert.equal((await verify()).valid, true);
});

eachDatabase('concurrent changes form one chain without holes', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      organization.call('POST', '/api/v1/api-keys', { name: `key-${i}`, role: 'member' }),
    ),
  );
  assert.ok(answers.every(({ statusCode }) => statusCode === 201));
  const verified = (await organization.call('GET', '/api/v1/audit/verification')).json();
  assert.deepEqual([verified.valid, verified.entries], [true, 20]);
  const listed = (await organization.call('GET', '/api/v1/audit?limit=500')).json();
  assert.deepEqual(
    listed.items.map(({ seq }: { seq: number }) => seq),
    Array.from({ length: 20 }, (_, i) => 20 - i),
  );
  for (const item of listed.items) auditEntry.parse(item);
});

eachDatabase('no secret is in the audit log, and refused sign-ins are', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const password = 'plum violin harbour seven';
  await organization.user('member', { email: 'ann@example.com', password });
  const access = { basic: [{ username: 'ci', password: 'basic-secret-value' }] };
  await organization.call('POST', '/api/v1/resources', { name: 'app', access, targets: [{ address: '10.0.0.1:80' }] });
  const { key } = (await organization.call('POST', '/api/v1/api-keys', { name: 'ci', role: 'member' })).json();
  const { token } = (await organization.call('POST', '/api/v1/gateways/enrolments')).json();
  await organization.call(
    'POST',
    '/api/v1/sessions',
    { email: 'ann@example.com', password: 'wrong-guess' },
    { key: null },
  );
  await organization.call('POST', '/api/v1/sessions', { email: 'ann@example.com', password }, { key: null });
  const log = (await organization.call('GET', '/api/v1/audit?limit=500')).body;
  for (const secret of [password, 'wrong-guess', 'basic-secret-value', key, token, '$m=64']) {
    assert.ok(!log.includes(secret), `${secret} is in the log`);
  }
  const actions = JSON.parse(log).items.map(({ action }: { action: string }) => action);
  assert.deepEqual(actions, [
    'session.create',
    'session.denied',
    'gateway.create_enrolment',
    'api_key.create',
    'resource.create',
  ]);
  const rows = await fixture.context.store.db.selectFrom('api_keys').select('key_hash').execute();
  assert.ok(rows.every(({ key_hash }) => key_hash.length === 43 && !key.includes(key_hash)));
});

test('canonical JSON is one text for one value', () => {
  assert.equal(canonicalJson({ b: 1, a: { d: undefined, c: [1, undefined, 'é'] } }), '{"a":{"c":[1,null,"é"]},"b":1}');
  assert.equal(canonicalJson({ a: { c: [1, null, 'é'] }, b: 1 }), canonicalJson({ b: 1, a: { c: [1, null, 'é'] } }));
});
