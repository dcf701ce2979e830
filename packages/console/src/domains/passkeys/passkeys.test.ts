import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { eachDatabase, type PasskeyForgery, VirtualPasskey } from '@zeronaut/testkit';
import { type Fixture, startFixture, type TestOrganization } from '../../testing/fixture.suite.ts';

const PASSWORD = 'plum violin harbour seven';
const ORIGIN = 'http://localhost:8080';
const UP = 0x01;
const UV = 0x04;

async function session(organization: TestOrganization, email: string): Promise<string> {
  const answer = await organization.call('POST', '/api/v1/sessions', { email, password: PASSWORD }, { key: null });
  assert.equal(answer.statusCode, 201, answer.body);
  return answer.json().session.token;
}

/** A person with a password and a passkey. */
async function person(organization: TestOrganization, email: string, name = 'laptop') {
  const { user } = await organization.user('member', { email, password: PASSWORD });
  const key = await session(organization, email);
  const passkey = new VirtualPasskey();
  const made = await add(organization, key, passkey, name);
  assert.equal(made.statusCode, 201, made.body);
  return { user, key, passkey, factorId: made.json().factor.id, recovery: made.json().recoveryCodes as string[] };
}

async function add(
  organization: TestOrganization,
  key: string,
  passkey: VirtualPasskey,
  name = 'laptop',
  forgery = {},
) {
  const options = await organization.call('POST', '/api/v1/me/passkeys/options', undefined, { key });
  assert.equal(options.statusCode, 200, options.body);
  const credential = passkey.create(options.json(), { origin: ORIGIN, ...forgery });
  return await organization.call('POST', '/api/v1/me/passkeys', { name, credential }, { key });
}

async function optionsOf(organization: TestOrganization): Promise<{ challenge: string; rpId: string }> {
  return (await organization.call('POST', '/api/v1/sessions/passkey/options', {}, { key: null })).json();
}

async function show(organization: TestOrganization, credential: object) {
  return await organization.call('POST', '/api/v1/sessions/passkey', { credential }, { key: null });
}

async function signIn(organization: TestOrganization, passkey: VirtualPasskey, forgery: PasskeyForgery = {}) {
  return await show(organization, passkey.get(await optionsOf(organization), { origin: ORIGIN, ...forgery }));
}

async function denials(fixture: Fixture): Promise<string[]> {
  const rows = await fixture.context.store.db.selectFrom('audit_entries').selectAll().execute();
  return rows
    .map((row) => JSON.stringify(row))
    .filter((text) => text.includes('session.denied'))
    .map((text) => /passkey\.\w+/.exec(text)?.[0] ?? '');
}

eachDatabase('a passkey signs its owner in, alone and as a second factor, and can be several', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const { user, key, passkey, factorId, recovery } = await person(organization, 'ann@example.com');
  assert.equal(recovery.length, 10, 'a first factor brings recovery codes');

  const answer = await signIn(organization, passkey);
  assert.equal(answer.statusCode, 201, answer.body);
  assert.equal(answer.json().user.id, user.id);
  const sessions = (await organization.call('GET', '/api/v1/sessions')).json().items;
  assert.ok(sessions.some(({ factors }: { factors: string[] }) => factors.join() === 'passkey'));
  const byPassword = { email: 'ann@example.com', password: PASSWORD };
  const alone = await organization.call('POST', '/api/v1/sessions', byPassword, { key: null });
  assert.equal(alone.json().reason, 'factor.missing', 'a password alone opens nothing any more');

  fixture.clock.nowMs++;
  const cloud = new VirtualPasskey();
  cloud.signCount = null;
  const second = await add(organization, key, cloud, 'telephone');
  assert.deepEqual(second.json().recoveryCodes, [], 'those of the first set go on');
  for (let i = 0; i < 2; i++)
    assert.equal((await signIn(organization, cloud)).statusCode, 201, 'one that never counts');
  const listed = (await organization.call('GET', `/api/v1/users/${user.id}/factors`)).json().items;
  assert.deepEqual(
    listed.map(({ kind, name, site }: Record<string, string>) => [kind, name, site]),
    [
      ['passkey', 'laptop', 'localhost'],
      ['passkey', 'telephone', 'localhost'],
    ],
  );
  assert.ok(listed.every(({ lastUsedAt }: { lastUsedAt: string | null }) => lastUsedAt !== null));

  assert.equal((await add(organization, key, passkey)).json().reason, 'passkey.exists');
  const other = await person(organization, 'bob@example.com');
  assert.equal((await add(organization, other.key, passkey)).json().reason, 'passkey.exists', 'also for somebody else');
  const remove = (id: string, by: string) =>
    organization.call('DELETE', `/api/v1/me/factors/${id}`, undefined, { key: by });
  assert.equal((await remove(factorId, other.key)).statusCode, 404);
  assert.equal((await remove(factorId, key)).statusCode, 204);
  assert.equal((await signIn(organization, passkey)).json().reason, 'passkey.unknown');
  assert.equal((await signIn(organization, cloud)).statusCode, 201);

  const gone = await organization.call('DELETE', `/api/v1/users/${user.id}/factors/${second.json().factor.id}`);
  assert.equal(gone.statusCode, 204);
  assert.equal(
    (await organization.call('GET', '/api/v1/me', undefined, { key })).json().reason,
    'access.session_revoked',
  );
  assert.equal((await organization.call('POST', '/api/v1/sessions', byPassword, { key: null })).statusCode, 201);
});

eachDatabase('forged, replayed and misused assertions are refused, each for its own reason', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const theirs = await fixture.organization('theirs');
  const ann = await person(organization, 'ann@example.com');
  const bob = await person(organization, 'bob@example.com');
  const stranger = await person(theirs, 'eve@example.com');
  const handle = (id: string) => Buffer.from(id).toString('base64url');
  const forgeries: [string, PasskeyForgery, string][] = [
    ['another origin', { origin: 'https://evil.example' }, 'passkey.origin'],
    ['our host under another port', { origin: 'http://localhost:8081' }, 'passkey.origin'],
    ['our host with https', { origin: 'https://localhost:8080' }, 'passkey.origin'],
    ['in a frame of another site', { crossOrigin: true }, 'passkey.origin'],
    ['in a frame, which is not said', { topOrigin: 'https://evil.example' }, 'passkey.origin'],
    ['for another RP ID', { rpId: 'evil.example' }, 'passkey.rp_id'],
    ['for the parent of ours', { rpId: 'host' }, 'passkey.rp_id'],
    ['a made-up challenge', { challenge: Buffer.alloc(54, 7).toString('base64url') }, 'passkey.challenge'],
    ['an empty challenge', { challenge: '' }, 'passkey.challenge'],
    ['a registration as a sign-in', { type: 'webauthn.create' }, 'passkey.malformed'],
    ['its owner was not verified', { flags: UP }, 'passkey.user_not_verified'],
    ['nobody was there', { flags: UV }, 'passkey.user_not_verified'],
    ['no flags at all', { flags: 0 }, 'passkey.user_not_verified'],
    ['extension data that is not there', { flags: UP | UV | 0x80 }, 'passkey.malformed'],
    ["another user's handle", { userHandle: handle(bob.user.id) }, 'passkey.other_user'],
    ["another user's credential", { credentialId: bob.passkey.credentialId }, 'passkey.other_user'],
    [
      "another user's credential and handle, our own key",
      { credentialId: bob.passkey.credentialId, userHandle: handle(bob.user.id) },
      'passkey.signature',
    ],
    [
      "another organization's credential and handle, our own key",
      { credentialId: stranger.passkey.credentialId, userHandle: handle(stranger.user.id) },
      'passkey.signature',
    ],
    ['a credential that nobody has', { credentialId: Buffer.alloc(32, 1).toString('base64url') }, 'passkey.unknown'],
    ['another key', { key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }, 'passkey.signature'],
  ];
  for (const [what, forgery, reason] of forgeries) {
    // Each from a fresh minute, so that what is counted here is not the limit of wrong tries.
    fixture.clock.nowMs += 60_000;
    assert.equal((await signIn(organization, ann.passkey, forgery)).json().reason, reason, what);
  }
  assert.ok((await denials(fixture)).includes('passkey.signature'), 'they are in the audit log');

  // Replayed, at the same time and later; too late; a challenge of a registration; a count that does not go on.
  fixture.clock.nowMs += 60_000;
  const credential = ann.passkey.get(await optionsOf(organization), { origin: ORIGIN });
  const both = await Promise.all([show(organization, credential), show(organization, credential)]);
  assert.deepEqual(both.map(({ statusCode }) => statusCode).sort(), [201, 401]);
  assert.match((await show(organization, credential)).json().reason, /^passkey\.(replayed|count)$/);
  const cloud = new VirtualPasskey();
  cloud.signCount = null;
  const key = (await signIn(organization, ann.passkey)).json().session.token;
  assert.equal((await add(organization, key, cloud)).statusCode, 201);
  const once = cloud.get(await optionsOf(organization), { origin: ORIGIN });
  assert.equal((await show(organization, once)).statusCode, 201);
  assert.equal((await show(organization, once)).json().reason, 'passkey.replayed');

  const old = await optionsOf(organization);
  fixture.clock.nowMs += 300_000;
  const late = await show(organization, ann.passkey.get(old, { origin: ORIGIN }));
  assert.equal(late.json().reason, 'passkey.challenge');
  const creation = (await organization.call('POST', '/api/v1/me/passkeys/options', undefined, { key })).json();
  const swapped = ann.passkey.get({ challenge: creation.challenge, rpId: 'localhost' }, { origin: ORIGIN });
  assert.equal((await show(organization, swapped)).json().reason, 'passkey.challenge');
  for (const signCount of [0, 1, ann.passkey.signCount! - 3]) {
    assert.equal((await signIn(organization, ann.passkey, { signCount })).json().reason, 'passkey.count');
  }
  fixture.clock.nowMs += 60_000;
  assert.equal((await signIn(organization, ann.passkey)).statusCode, 201, 'the honest one still works');

  // Who was disabled is.
  const off = await organization.call(
    'PATCH',
    `/api/v1/users/${ann.user.id}`,
    { status: 'disabled' },
    { headers: { 'if-match': '"1"' } },
  );
  assert.equal(off.statusCode, 200, off.body);
  assert.equal((await signIn(organization, ann.passkey)).json().reason, 'access.user_disabled');
});

eachDatabase(
  'a passkey is added only by a person who just signed in, on our page, with proof of the person',
  async (t, database) => {
    const fixture = await startFixture(t, database);
    const organization = await fixture.organization();
    const { key } = await person(organization, 'ann@example.com');
    const bob = await person(organization, 'bob@example.com');
    const forgeries: [string, PasskeyForgery, string][] = [
      ['another origin', { origin: 'https://evil.example' }, 'passkey.origin'],
      ['another RP ID', { rpId: 'evil.example' }, 'passkey.rp_id'],
      ['a made-up challenge', { challenge: 'AAAA' }, 'passkey.challenge'],
      ['a sign-in as a registration', { type: 'webauthn.get' }, 'passkey.malformed'],
      ['its owner was not verified', { flags: 0x41 }, 'passkey.user_not_verified'],
      ['no key in it', { flags: 0x05 }, 'passkey.malformed'],
      ['an algorithm that we did not offer', { algorithm: -257 + 1 }, 'passkey.malformed'],
      ['a statement of its maker', { format: 'tpm' }, 'passkey.attestation'],
    ];
    for (const [what, forgery, reason] of forgeries) {
      const answer = await add(organization, key, new VirtualPasskey(), 'forged', forgery);
      assert.equal(answer.json().reason, reason, what);
    }
    const options = (await organization.call('POST', '/api/v1/me/passkeys/options', undefined, { key })).json();
    const credential = new VirtualPasskey().create(options, { origin: ORIGIN });
    const body = { name: 'stolen', credential };
    const elsewhere = await organization.call('POST', '/api/v1/me/passkeys', body, { key: bob.key });
    assert.equal(elsewhere.json().reason, 'passkey.challenge', 'the challenge is bound to the session');
    assert.equal((await organization.call('POST', '/api/v1/me/passkeys', body)).json().reason, 'factor.session_needed');

    fixture.clock.nowMs += 900_000;
    const stale = await organization.call('POST', '/api/v1/me/passkeys', body, { key });
    assert.equal(stale.json().reason, 'factor.expired', 'a session that was stolen later adds none');
  },
);
