import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import {
  formatVerifierKey,
  isSignedBy,
  leafHash,
  parseCheckpoint,
  parseNote,
  parseVerifierKey,
  signNote,
  verifyConsistency,
  verifyInclusion,
} from '@zeronaut/audit';
import { auditCheckpoint, auditProof } from '@zeronaut/model';
import { eachDatabase, waitFor } from '@zeronaut/testkit';
import { exportLines, verifyLines } from '../../testing/audit-export.suite.ts';
import { type Fixture, startFixture, type TestOrganization } from '../../testing/fixture.suite.ts';
import { connectSync } from '../../testing/sync-client.suite.ts';
import { signAll } from '../../workers/audit-checkpoints.ts';
import { tidy } from '../../workers/housekeeping.ts';
import { appendAudit } from './audit.ts';

const DAY_MS = 86_400_000;

/** Entries beyond what calls make of them: the tree has tiles of 256. */
async function append(fixture: Fixture, { id: organizationId, owner }: TestOrganization, count: number): Promise<void> {
  const actor = { kind: 'user' as const, id: owner.id, name: owner.email, address: '127.0.0.1' };
  await fixture.context.store.transaction(async (queries) => {
    for (let index = 0; index < count; index++) {
      const input = { action: 'resource.update', objectKind: 'resource', objectId: `res_${index}`, after: { index } };
      await appendAudit(queries, fixture.context, { organizationId, actor, requestId: 'req' }, input);
    }
  });
}

const get = async (organization: TestOrganization, path: string) => {
  const answer = await organization.call('GET', `/api/v1/audit/${path}`);
  assert.equal(answer.statusCode, 200, answer.body);
  return answer.json();
};

eachDatabase('checkpoints are signed by both keys, and prove every entry and every older log', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const hashes: Buffer[] = [];
  const older: { size: number; root: Buffer }[] = [];
  // Around the edges of tiles, and beyond one.
  for (const count of [1, 2, 252, 1, 1, 255, 88]) {
    await append(fixture, organization, count);
    const { note, keys, root, size } = auditCheckpoint.parse(await get(organization, 'checkpoint'));
    const parsed = parseNote(note)!;
    assert.deepEqual(
      keys.map((key) => isSignedBy(parsed, parseVerifierKey(key)!)),
      [true, true],
    );
    assert.equal(parseCheckpoint(parsed.text)?.size, size);
    older.push({ size, root: Buffer.from(root, 'base64') });
  }
  const newest = older.at(-1)!;
  assert.equal(newest.size, 600);
  for (let from = 1; from <= 600; ) {
    const { items } = await get(organization, `export?from=${from}&limit=400`);
    for (const { hash } of items) hashes.push(Buffer.from(hash, 'base64url'));
    from += items.length;
  }
  for (const seq of [1, 2, 3, 255, 256, 257, 511, 512, 513, 599, 600]) {
    const proof = auditProof.parse(await get(organization, `inclusion?seq=${seq}`));
    const path = proof.hashes.map((hash) => Buffer.from(hash, 'base64'));
    assert(verifyInclusion(leafHash(hashes[seq - 1]!), seq - 1, 600, path, newest.root), `${seq}`);
    assert(!verifyInclusion(leafHash(hashes[seq % 600]!), seq - 1, 600, path, newest.root));
  }
  for (const checkpoint of older) {
    const proof = await get(organization, `consistency?from=${checkpoint.size}`);
    const path = proof.hashes.map((hash: string) => Buffer.from(hash, 'base64'));
    assert(verifyConsistency(checkpoint, newest, path), `${checkpoint.size}`);
  }
  for (const path of ['inclusion?seq=601', 'consistency?from=601']) {
    assert.equal((await organization.call('GET', `/api/v1/audit/${path}`)).statusCode, 404);
  }
  assert.equal((await get(organization, 'checkpoint')).note, (await get(organization, 'checkpoint')).note);

  const lines = await exportLines(organization);
  const whole = verifyLines(lines);
  assert.deepEqual([whole.valid, whole.entries, whole.checkpoints], [true, 600, 7]);
  const edited = lines.map((line, index) =>
    index === 300 ? line.replace('resource.update', 'resource.delete') : line,
  );
  assert.equal(verifyLines(edited).finding?.flaw, 'edited');
});

eachDatabase('a log that was changed behind the console is not signed again', async (t, database) => {
  const fixture = await startFixture(t, database);
  const { db } = fixture.context.store;
  for (const [what, tamper] of Object.entries<(organization: TestOrganization) => Promise<unknown>>({
    'an entry written again, hashes and all': async ({ id }) => {
      await db
        .updateTable('audit_entries')
        .set({ hash: 'B'.repeat(43) })
        .where('organization_id', '=', id)
        .where('seq', '=', 3)
        .execute();
    },
    'the end cut off': async ({ id }) => {
      const { hash } = await db
        .selectFrom('audit_entries')
        .select('hash')
        .where('organization_id', '=', id)
        .where('seq', '=', 8)
        .executeTakeFirstOrThrow();
      await db.deleteFrom('audit_entries').where('organization_id', '=', id).where('seq', '>', 8).execute();
      await db.updateTable('organizations').set({ audit_seq: 8, audit_head: hash }).where('id', '=', id).execute();
    },
    'another head': ({ id }) =>
      db
        .updateTable('organizations')
        .set({ audit_head: 'C'.repeat(43) })
        .where('id', '=', id)
        .execute(),
  })) {
    const organization = await fixture.organization();
    await append(fixture, organization, 10);
    await get(organization, 'checkpoint');
    await tamper(organization);
    // The entry that this call itself may log makes the log longer where it was cut.
    const refused = await organization.call('GET', '/api/v1/audit/checkpoint');
    if (what === 'an entry written again, hashes and all') {
      assert.equal(refused.statusCode, 200, 'nothing new to sign yet');
      await append(fixture, organization, 1);
      assert.equal(
        (await organization.call('GET', '/api/v1/audit/checkpoint')).json().reason,
        'audit.inconsistent',
        what,
      );
    } else {
      assert.deepEqual([refused.statusCode, refused.json().reason], [409, 'audit.inconsistent'], what);
    }
  }
});

eachDatabase('every log that grew is signed, and of older days the last checkpoint stays', async (t, database) => {
  const fixture = await startFixture(t, database);
  const [one, other] = [await fixture.organization(), await fixture.organization()];
  const { db } = fixture.context.store;
  const sizes = async ({ id }: TestOrganization) =>
    (
      await db
        .selectFrom('audit_checkpoints')
        .select('size')
        .where('organization_id', '=', id)
        .orderBy('size')
        .execute()
    ).map(({ size }) => Number(size));
  // Noon, so that an hour later is the same day.
  fixture.clock.nowMs = Math.floor(fixture.clock.nowMs / DAY_MS) * DAY_MS + DAY_MS / 2;
  for (let day = 0; day < 3; day++) {
    for (const organization of [one, other]) await append(fixture, organization, 2);
    await signAll(fixture.context, fixture.log);
    fixture.clock.nowMs += 3_600_000;
    await append(fixture, one, 1);
    await signAll(fixture.context, fixture.log);
    await signAll(fixture.context, fixture.log);
    fixture.clock.nowMs += DAY_MS - 3_600_000;
  }
  assert.deepEqual(await sizes(one), [2, 3, 5, 6, 8, 9]);
  assert.deepEqual(await sizes(other), [2, 4, 6]);
  await tidy(fixture.context);
  assert.equal((await sizes(one)).length, 6);
  fixture.clock.nowMs += 6 * DAY_MS;
  await tidy(fixture.context);
  assert.deepEqual(await sizes(one), [3, 6, 8, 9]);
  assert.deepEqual(await sizes(other), [2, 4, 6]);
  assert.equal(verifyLines(await exportLines(one)).valid, true);
});

eachDatabase(
  'gateways co-sign what they are offered, and what is no cosignature costs them the link',
  async (t, database) => {
    const fixture = await startFixture(t, database);
    const organization = await fixture.organization();
    const gateways = [await organization.enrolGateway(), await organization.enrolGateway()];
    const sync = await fixture.startSync();
    const hello = { type: 'hello', protocol: 1, softwareVersion: '0.1.0', snapshotVersion: 0 };
    const witnesses = await Promise.all(
      gateways.map(async (gateway, index) => {
        const { privateKey } = generateKeyPairSync('ed25519');
        const signer = { name: `gateway-${index}`, kind: 'cosignature', privateKey } as const;
        const key = formatVerifierKey(signer.name, signer.kind, privateKey);
        const client = await connectSync(sync.port, gateway);
        t.after(() => client.socket.destroy());
        client.send({ ...hello, witness: { key, size: 0 } });
        await client.next('snapshot');
        return { client, key, signer };
      }),
    );
    const answer = async ({ client, signer }: (typeof witnesses)[0]) => {
      const { note, keys, consistency } = await client.next('checkpoint');
      const { text } = parseNote(note)!;
      assert.equal(keys.length, 2);
      const { size } = parseCheckpoint(text)!;
      client.send({ type: 'cosigned', size, line: signNote(text, signer, fixture.clock.nowMs) });
      return { size, consistency };
    };
    const [first] = await Promise.all([get(organization, 'checkpoint'), ...witnesses.map(answer)]);
    for (const { key } of witnesses)
      assert(isSignedBy(parseNote(first.note)!, parseVerifierKey(key)!), 'both lines are kept');

    await append(fixture, organization, 3);
    const [second, offered] = await Promise.all([get(organization, 'checkpoint'), ...witnesses.map(answer)]);
    const older = parseCheckpoint(parseNote(first.note)!.text)!;
    const newer = parseCheckpoint(parseNote(second.note)!.text)!;
    assert.equal(offered!.size, newer.size);
    const proof = offered!.consistency.map((hash: string) => Buffer.from(hash, 'base64'));
    assert(verifyConsistency(older, newer, proof), 'the proof goes from what the witness vouched for last');
    assert.equal(verifyLines(await exportLines(organization)).valid, true);

    // One says no, and the checkpoint stands without it; the other sends what is no signature.
    await append(fixture, organization, 1);
    const [one, other] = witnesses as [(typeof witnesses)[0], (typeof witnesses)[0]];
    const asked = get(organization, 'checkpoint');
    const { size } = parseCheckpoint(parseNote((await one.client.next('checkpoint')).note)!.text)!;
    one.client.send({ type: 'not_cosigned', size, reason: 'audit.fork', detail: 'another past' });
    await other.client.next('checkpoint');
    other.client.send({ type: 'cosigned', size, line: `— gateway-1 ${Buffer.alloc(76).toString('base64')}\n` });
    const third = await asked;
    assert.deepEqual(
      witnesses.map(({ key }) => isSignedBy(parseNote(third.note)!, parseVerifierKey(key)!)),
      [false, false],
    );
    await waitFor(() => other.client.closed(), { what: 'the link to close' });
    one.client.send({ type: 'cosigned', size: 1, line: 'x' });
    await waitFor(() => one.client.closed(), { what: 'the other link to close' });
  },
);
