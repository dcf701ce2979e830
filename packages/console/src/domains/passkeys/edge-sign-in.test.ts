import assert from 'node:assert/strict';
import { createId, type EdgeSignIn, type Snapshot } from '@zeronaut/model';
import { eachDatabase, VirtualPasskey } from '@zeronaut/testkit';
import { startFixture, type TestOrganization } from '../../testing/fixture.suite.ts';
import { connectSync, type SyncClient } from '../../testing/sync-client.suite.ts';

const PASSWORD = 'plum violin harbour seven';
const ORIGIN = 'https://portal.localhost:8443';
const CHALLENGE = Buffer.alloc(54, 3).toString('base64url');
const HELLO = { type: 'hello', protocol: 1, softwareVersion: '0.1.0', snapshotVersion: 0 };
let rpcId = 0;

async function nextSnapshot(client: SyncClient): Promise<Snapshot> {
  return JSON.parse((await client.next('snapshot')).snapshot.payload);
}

/** A person with a portal session, as after a password on the portal. */
async function personAtPortal(client: SyncClient, organization: TestOrganization, email: string) {
  const { user, key } = await organization.user('member', { email, password: PASSWORD });
  client.send({ type: 'sign_in', rpcId: ++rpcId, email, password: PASSWORD, address: '192.0.2.7', userAgent: 'test' });
  const { token } = await client.next('sign_in_result');
  const claims = JSON.parse(Buffer.from(token!.split('.')[1]!, 'base64url').toString());
  return { user, key, sessionId: claims.sid as string };
}

async function create(client: SyncClient, person: { user: { id: string }; sessionId: string }, change: object = {}) {
  const passkey = new VirtualPasskey();
  const userHandle = Buffer.from(person.user.id).toString('base64url');
  const options = { challenge: CHALLENGE, rp: { id: 'portal.localhost' }, user: { id: userHandle } };
  const credential = passkey.create(options, { origin: ORIGIN, ...change });
  client.send({
    ...{ type: 'passkey_create', rpcId: ++rpcId, sessionId: person.sessionId, userId: person.user.id },
    ...{ name: 'telephone', credential, challenge: createId('session'), origin: ORIGIN },
    ...{ address: '192.0.2.7', userAgent: 'test' },
    challenge: CHALLENGE,
    ...('message' in change ? (change.message as object) : {}),
  });
  return { passkey, ...(await client.next('passkey_create_result')) };
}

eachDatabase(
  'a passkey of the portal is stored, travels in snapshots, and its sign-ins are reconciled',
  async (t, database) => {
    const fixture = await startFixture(t, database);
    const organization = await fixture.organization();
    const theirs = await fixture.organization('theirs');
    const stranger = await theirs.user('member', { email: 'eve@example.com', password: PASSWORD });
    const gateway = await organization.enrolGateway();
    const sync = await fixture.startSync();
    const client = await connectSync(sync.port, gateway);
    t.after(() => client.socket.destroy());
    client.send(HELLO);
    const first = await nextSnapshot(client);
    assert.deepEqual([first.passkeys, first.portalSessionSeconds], [[], 604_800]);
    const ann = await personAtPortal(client, organization, 'ann@example.com');

    const refusals: [string, object, string][] = [
      ['another origin', { message: { origin: 'https://evil.example' } }, 'passkey.origin'],
      ['a service beside the portal', { message: { origin: 'https://app.localhost:8443' } }, 'passkey.origin'],
      ['without TLS', { message: { origin: 'http://portal.localhost:8443' } }, 'passkey.origin'],
      ['a page that says otherwise', { origin: 'https://evil.example' }, 'passkey.origin'],
      ['another RP ID', { rpId: 'localhost' }, 'passkey.rp_id'],
      ['another challenge', { challenge: 'AAAA' }, 'passkey.challenge'],
      ['its owner was not verified', { flags: 0x41 }, 'passkey.user_not_verified'],
      ["another's session", { message: { userId: stranger.user.id } }, 'access.session_invalid'],
      ['a session that is none', { message: { sessionId: createId('session') } }, 'access.session_invalid'],
    ];
    for (const [what, change, reason] of refusals) {
      assert.equal((await create(client, ann, change)).reason, reason, what);
    }
    const { passkey, reason, recoveryCodes } = await create(client, ann);
    assert.deepEqual([reason, recoveryCodes.length], [null, 10]);
    const second = await nextSnapshot(client);
    const [entry] = second.passkeys;
    assert.deepEqual([entry!.userId, entry!.credentialId, entry!.signCount], [ann.user.id, passkey.credentialId, 0]);
    assert.equal((await create(client, ann)).reason, 'passkey.replayed', 'the same challenge again');

    // Signed in at the edge two days ago, and heard of now; reported twice, stored once.
    fixture.clock.nowMs += 172_800_000;
    const report = (change: Partial<EdgeSignIn> = {}): EdgeSignIn => ({
      sessionId: createId('session'),
      userId: ann.user.id,
      credentialId: passkey.credentialId,
      signCount: 5,
      at: new Date(fixture.clock.nowMs - 86_400_000).toISOString(),
      expiresAt: new Date(fixture.clock.nowMs + 86_400_000).toISOString(),
      ended: false,
      address: '192.0.2.9',
      userAgent: 'test',
      ...change,
    });
    const tell = async (signIn: EdgeSignIn) => {
      client.send({ type: 'passkey_sign_in', rpcId: ++rpcId, signIn });
      await client.next('passkey_sign_in_result');
      const row = await fixture.context.store.db
        .selectFrom('sessions')
        .selectAll()
        .where('id', '=', signIn.sessionId)
        .executeTakeFirst();
      return row === undefined ? 'nothing' : row.revoked_at === null ? 'open' : 'revoked';
    };
    const good = report();
    assert.equal(await tell(good), 'open');
    assert.equal(await tell(good), 'open');
    assert.equal(await tell(report({ signCount: 3 })), 'open', 'of another gateway, which reports later');
    const stored = await fixture.context.store.db.selectFrom('passkeys').selectAll().executeTakeFirstOrThrow();
    assert.deepEqual([stored.sign_count, stored.last_used_at], [5, Date.parse(good.at)]);
    const entries = (await organization.call('GET', '/api/v1/audit?limit=500')).json().items;
    const about = entries.filter(({ objectId }: { objectId: string }) => objectId === good.sessionId);
    assert.equal(about.length, 1);
    assert.deepEqual(
      [about[0].action, about[0].actor.id, about[0].actor.address, about[0].after.signedInAt, about[0].after.gatewayId],
      ['session.create', ann.user.id, '192.0.2.9', good.at, gateway.gateway.id],
    );

    // Signed out meanwhile; another organization's; made up; of the future; too long.
    assert.equal(await tell({ ...good, ended: true }), 'revoked');
    assert.ok(
      (await nextSnapshot(client)).revokedSessions.some(({ id }) => id === good.sessionId),
      'all gateways end it',
    );
    assert.equal(await tell(report({ ended: true })), 'revoked');
    assert.equal(await tell(report({ userId: stranger.user.id })), 'nothing');
    assert.equal(await tell(report({ userId: createId('user') })), 'nothing');
    assert.equal(await tell(report({ at: new Date(fixture.clock.nowMs + 600_000).toISOString() })), 'nothing');
    assert.equal(await tell(report({ expiresAt: new Date(fixture.clock.nowMs + 1e10).toISOString() })), 'nothing');
    assert.equal(await tell(report({ credentialId: 'AAAA' })), 'revoked', 'a passkey that nobody has');

    // All sessions were ended between the sign-in and now: a new password, a lost passkey.
    const change = { password: 'another good password' };
    const headers = { 'if-match': '"1"' };
    assert.equal(
      (await organization.call('PATCH', `/api/v1/users/${ann.user.id}`, change, { headers })).statusCode,
      200,
    );
    assert.equal(await tell(report()), 'revoked');
    fixture.clock.nowMs += 90_000_000;
    assert.equal(await tell(report()), 'open', 'one after it');
    const { items } = (await organization.call('GET', `/api/v1/users/${ann.user.id}/factors`)).json();
    assert.equal(items[0].site, 'portal.localhost');
    const removed = await organization.call('DELETE', `/api/v1/users/${ann.user.id}/factors/${items[0].id}`);
    assert.equal(removed.statusCode, 204);
    assert.equal(await tell(report({ at: new Date(fixture.clock.nowMs + 1_000).toISOString() })), 'revoked', 'removed');
    const late = await create(client, ann);
    assert.equal(late.reason, 'access.session_invalid', 'its session was ended, too');
  },
);
