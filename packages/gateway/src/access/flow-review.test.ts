import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createId, type SnapshotResource } from '@zeronaut/model';
import type { Subject } from '../flow.ts';
import { AccessWorld, createResource } from './access-world.suite.ts';
import { endOfFlow, reviewFlow } from './flow-review.ts';

const HASH = '$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA';
const sessionId = createId('session');
const shareId = createId('share');
const TOKENS = { audience: 'a', keys: [{ kty: 'OKP', kid: 'k', crv: 'Ed25519', x: 'x' } as const] };
const login = createResource('app').access;
const app = createResource('app', {
  access: { ...login, addresses: ['192.0.2.0/24'], basic: [{ username: 'bot', passwordHash: HASH }], tokens: TOKENS },
  shares: [{ id: shareId, expiresAt: '2026-01-02T00:00:00.000Z' }],
});

const END = Date.parse('2026-01-02T00:00:00.000Z');
const HASH_OF_TOKEN = 'h'.repeat(43);
const tokenId = createId('personalAccessToken');
const tokenUser = (world: AccessWorld): Subject => ({
  kind: 'token_user',
  user: world.ann,
  tokenId,
  hash: HASH_OF_TOKEN,
});
const personalToken = (world: AccessWorld) => ({
  id: tokenId,
  userId: world.ann.id,
  hash: HASH_OF_TOKEN,
  resourceIds: [app.id],
  expiresAt: '2026-01-02T00:00:00.000Z',
});

type Change = (world: AccessWorld) => void;
const resource =
  (parts: Partial<SnapshotResource['access']>): Change =>
  (world) =>
    world.change({ resources: [{ ...app, access: { ...app.access, ...parts } }] });

const CASES: readonly [string, (world: AccessWorld) => Subject, Change, string][] = [
  [
    'nothing changed',
    (world) => ({ kind: 'user', user: world.ann, sessionId, session: null, expiresAtMs: END }),
    () => undefined,
    'pass access.session',
  ],
  [
    'the session was revoked',
    (world) => ({ kind: 'user', user: world.ann, sessionId, session: null, expiresAtMs: END }),
    (world) =>
      world.change({
        revokedSessions: [{ id: sessionId, expiresAt: '2026-01-02T00:00:00.000Z' }],
        resources: [{ ...app, access: login }],
      }),
    'challenge access.session_revoked',
  ],
  [
    'the session has ended by itself',
    (world) => ({ kind: 'user', user: world.ann, sessionId, session: null, expiresAtMs: END }),
    (world) => {
      resource({ addresses: [] })(world);
      world.clock.set(END);
    },
    'challenge access.session_expired',
  ],
  [
    'the user signed out here',
    (world) => ({ kind: 'user', user: world.ann, sessionId, session: null, expiresAtMs: END }),
    (world) => {
      world.ended.end(sessionId, world.clock.now() + 1e6, world.clock.now());
      resource({ addresses: [] })(world);
    },
    'challenge access.session_revoked',
  ],
  [
    'the user is gone',
    (world) => ({ kind: 'user', user: world.ann, sessionId, session: null, expiresAtMs: END }),
    (world) => world.change({ users: [], resources: [{ ...app, access: login }] }),
    'deny access.user_disabled',
  ],
  [
    'the user has left the group',
    (world) => ({ kind: 'user', user: world.ann, sessionId, session: null, expiresAtMs: END }),
    resource({ addresses: [], allow: ['group:ops'] }),
    'deny access.not_allowed',
  ],
  [
    'the personal access token still stands',
    (world) => tokenUser(world),
    (world) => world.change({ personalAccessTokens: [personalToken(world)], resources: [{ ...app, access: login }] }),
    'pass access.personal_access_token',
  ],
  [
    'the personal access token was revoked',
    (world) => tokenUser(world),
    (world) => world.change({ personalAccessTokens: [], resources: [{ ...app, access: login }] }),
    'challenge access.personal_access_token_invalid',
  ],
  [
    'the user of the personal access token is gone',
    (world) => tokenUser(world),
    (world) =>
      world.change({ users: [], personalAccessTokens: [personalToken(world)], resources: [{ ...app, access: login }] }),
    'deny access.user_disabled',
  ],
  [
    'the resource is gone',
    (world) => ({ kind: 'user', user: world.ann, sessionId, session: null, expiresAtMs: END }),
    (world) => world.change({ resources: [] }),
    'deny router.no_resource',
  ],
  [
    'public is public no more',
    () => ({ kind: 'anonymous' }),
    resource({ addresses: [] }),
    'challenge access.session_missing',
  ],
  ['public stays public', () => ({ kind: 'anonymous' }), resource({ mode: 'public' }), 'pass access.public'],
  [
    'the password still stands',
    () => ({ kind: 'basic', username: 'bot' }),
    resource({ addresses: [] }),
    'pass access.basic',
  ],
  [
    'the password was changed',
    () => ({ kind: 'basic', username: 'bot' }),
    resource({ addresses: [], basic: [{ username: 'bot', passwordHash: HASH.replace('c2Fs', 'c2Fz') }] }),
    'challenge access.basic_invalid',
  ],
  [
    'the credential was removed',
    () => ({ kind: 'basic', username: 'bot' }),
    resource({ addresses: [], basic: [] }),
    'challenge access.session_missing',
  ],
  ['the share still stands', () => ({ kind: 'share', shareId }), resource({ addresses: [] }), 'pass access.share'],
  [
    'the share was revoked',
    () => ({ kind: 'share', shareId }),
    (world) => world.change({ resources: [{ ...app, access: login, shares: [] }] }),
    'challenge access.share_invalid',
  ],
  [
    'the share has expired',
    () => ({ kind: 'share', shareId }),
    (world) => {
      resource({ addresses: [] })(world);
      world.clock.set(Date.UTC(2026, 0, 3));
    },
    'challenge access.share_expired',
  ],
  [
    'the token keys still stand',
    () => ({ kind: 'token', subject: 'ci' }),
    resource({ addresses: [] }),
    'pass access.token',
  ],
  [
    'the token keys were changed',
    () => ({ kind: 'token', subject: 'ci' }),
    resource({ addresses: [], tokens: { ...TOKENS, audience: 'b' } }),
    'challenge access.token_invalid',
  ],
  [
    'the address is listed still',
    () => ({ kind: 'address', userId: null }),
    resource({ allow: ['group:ops'] }),
    'pass access.address',
  ],
  [
    'the address is listed no more',
    () => ({ kind: 'address', userId: null }),
    resource({ addresses: [] }),
    'challenge access.session_missing',
  ],
  [
    'the grant stands',
    (world) => ({ kind: 'address', userId: world.ann.id }),
    (world) => {
      resource({ addresses: [] })(world);
      open(world);
    },
    'pass access.address_authorised',
  ],
  [
    'the grant was revoked',
    (world) => ({ kind: 'address', userId: world.ann.id }),
    (world) => {
      resource({ addresses: [] })(world);
      open(world);
      world.grants.endSession(sessionId);
    },
    'challenge access.session_missing',
  ],
];

test('when a flow ends by itself', async () => {
  const world = await AccessWorld.create([app]);
  world.change({ personalAccessTokens: [personalToken(world)] });
  const endOf = (subject: Subject) => endOfFlow({ subject, resource: app }, world.tables.get());
  const user: Subject = { kind: 'user', user: world.ann, sessionId, session: null, expiresAtMs: END };
  // As for a new request: sessions have no grace, those of guests neither.
  assert.equal(endOf(user), END);
  assert.equal(endOf({ kind: 'share', shareId }), END);
  assert.equal(endOf(tokenUser(world)), END);
  for (const subject of [{ kind: 'anonymous' }, { kind: 'basic', username: 'bot' }] as const) {
    assert.equal(endOf(subject), Number.POSITIVE_INFINITY);
  }
});

function open(world: AccessWorld): void {
  const sessionExpiresAtSeconds = world.seconds() + 3600;
  world.grants.create({
    resource: app,
    user: world.ann,
    sessionId,
    sessionExpiresAtSeconds,
    address: '192.0.2.10',
    hours: 1,
  });
}

for (const [name, subjectIn, change, expected] of CASES) {
  test(`a running flow: ${name}`, async () => {
    const world = await AccessWorld.create([app]);
    const flow = { ...world.flow(app), subject: subjectIn(world) };
    change(world);
    const { grants, ended, clock } = world;
    const { verdict } = reviewFlow(flow, world.tables.get(), { grants, ended, nowMs: clock.now() });
    assert.equal(`${verdict.effect} ${verdict.reason}`, expected);
    await grants.stop();
  });
}
