import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { createId, type Snapshot, type SnapshotUser } from '@zeronaut/model';
import { AccessWorld, createResource, OTHER_ORGANIZATION } from './access-world.suite.ts';

type SnapshotToken = Snapshot['personalAccessTokens'][number];

const git = createResource('git');
const ops = createResource('ops', { access: { ...git.access, allow: ['group:ops'] } });
const open = createResource('open', { access: { ...git.access, mode: 'public' } });
const theirs = createResource('theirs', { organizationId: OTHER_ORGANIZATION });

function newToken(user: SnapshotUser, resourceIds: string[], expiresAt = '2030-01-01T00:00:00.000Z') {
  const token = `znp_${randomBytes(32).toString('base64url')}`;
  const hash = createHash('sha256').update(token).digest('base64url');
  const row: SnapshotToken = { id: createId('personalAccessToken'), userId: user.id, hash, resourceIds, expiresAt };
  return { token, row };
}
const basic = (username: string, password: string) =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

describe('personal access tokens', () => {
  let world: AccessWorld;
  let mine: ReturnType<typeof newToken>;
  let rows: SnapshotToken[];
  let elsewhere: ReturnType<typeof newToken>;
  let expired: ReturnType<typeof newToken>;
  let foreign: ReturnType<typeof newToken>;
  let notAllowed: ReturnType<typeof newToken>;
  let gone: ReturnType<typeof newToken>;
  before(async () => {
    world = await AccessWorld.create([git, ops, open, theirs]);
    mine = newToken(world.ann, [git.id, open.id]);
    elsewhere = newToken(world.ann, [ops.id]);
    expired = newToken(world.ann, [git.id], new Date(world.clock.now() - 1).toISOString());
    foreign = newToken(world.eve, [git.id]);
    notAllowed = newToken(world.ann, [ops.id]);
    gone = newToken({ ...world.ann, id: createId('user') }, [git.id]);
    rows = [mine, elsewhere, expired, foreign, notAllowed, gone].map(({ row }) => row);
    world.change({ personalAccessTokens: rows });
  });

  const program = { accept: '*/*', 'sec-fetch-mode': '' };
  async function ask(host: string, authorization: string, lines: readonly string[] = []) {
    const headers = { ...program, authorization };
    const answer = await world.visit(`https://${host}.base.test/repo`, { headers, lines });
    const { verdict, consumeAuthorization, subject, identity } = answer.decision!;
    return { answer, verdict: `${verdict.effect} ${verdict.reason}`, consumeAuthorization, subject, identity };
  }

  test('open its resource as its user, in every way that programs send it, and the service never sees it', async () => {
    for (const authorization of [
      `Bearer ${mine.token}`,
      `bearer   ${mine.token}`,
      basic('ann', mine.token),
      basic('', mine.token),
      basic(mine.token, ''),
    ]) {
      const result = await ask('git', authorization);
      assert.equal(result.verdict, 'pass access.personal_access_token', authorization);
      assert.equal(result.consumeAuthorization, true);
      assert.deepEqual(result.subject, {
        kind: 'token_user',
        user: world.tables.get().users.get(world.ann.id),
        tokenId: mine.row.id,
        hash: mine.row.hash,
      });
      const identity = Object.fromEntries(result.identity);
      assert.equal(identity['x-zeronaut-user'], world.ann.id);
      assert.equal(identity['x-zeronaut-email'], world.ann.email);
      assert.equal(identity['x-zeronaut-groups'], 'dev');
      assert.match(identity['x-zeronaut-assertion']!, /^ey/);
    }
  });

  test('are kept from a public service, right or wrong', async () => {
    for (const authorization of [`Bearer ${mine.token}`, basic('x', mine.token), 'Bearer znp_wrong', 'Odd znp_x']) {
      const result = await ask('open', authorization);
      assert.equal(result.verdict, 'pass access.public');
      assert.equal(result.consumeAuthorization, true, authorization);
      assert.deepEqual(result.identity, []);
    }
    for (const authorization of ['Bearer of-the-service', basic('ann', 'password'), 'Digest x="y"']) {
      assert.equal((await ask('open', authorization)).consumeAuthorization, false, authorization);
    }
  });

  test('are refused for the right reason', async () => {
    const flipped = mine.token.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
    const cases: [string, string, string, string][] = [
      ['of another resource', 'git', `Bearer ${elsewhere.token}`, 'deny access.personal_access_token_elsewhere'],
      ['expired', 'git', `Bearer ${expired.token}`, 'challenge access.personal_access_token_expired'],
      ['of a user of another organization', 'git', `Bearer ${foreign.token}`, 'deny access.not_allowed'],
      ['of a user whom the rule does not name', 'ops', `Bearer ${notAllowed.token}`, 'deny access.not_allowed'],
      ['of a user who is gone', 'git', `Bearer ${gone.token}`, 'deny access.user_disabled'],
      ['unknown', 'git', `Bearer ${flipped}`, 'challenge access.personal_access_token_invalid'],
      ['its hash', 'git', `Bearer znp_${mine.row.hash}`, 'challenge access.personal_access_token_invalid'],
      ['cut off', 'git', `Bearer ${mine.token.slice(0, -1)}`, 'challenge access.personal_access_token_invalid'],
      ['longer', 'git', `Bearer ${mine.token}A`, 'challenge access.personal_access_token_invalid'],
      ['with something before it', 'git', `Bearer x${mine.token}`, 'challenge access.personal_access_token_invalid'],
      ['two in one', 'git', `Bearer ${mine.token} ${mine.token}`, 'challenge access.personal_access_token_invalid'],
      ['an unknown scheme', 'git', `Token ${mine.token}`, 'challenge access.personal_access_token_invalid'],
      ['with a name and a password', 'git', basic(mine.token, 'x'), 'challenge access.personal_access_token_invalid'],
    ];
    for (const [title, host, authorization, expected] of cases) {
      const result = await ask(host, authorization);
      assert.equal(result.verdict, expected, title);
      assert.deepEqual(result.identity, [], title);
      assert.notEqual(result.answer.status, 0, title);
      assert.ok(!result.answer.body.includes(mine.token), title);
    }
    const headers = { ...program, authorization: `Bearer ${mine.token}` };
    const lines = [`Authorization: Bearer ${mine.token}`];
    const twice = await world.visit('https://git.base.test/repo', { headers, lines });
    assert.equal(twice.status, 400, 'two header fields');
  });

  test('end with the snapshot that leaves them out', async () => {
    world.change({ personalAccessTokens: rows.filter((row) => row !== mine.row) });
    const result = await ask('git', `Bearer ${mine.token}`);
    assert.equal(result.verdict, 'challenge access.personal_access_token_invalid');
    world.change({ personalAccessTokens: rows });
  });

  test('are asked for as a password where there are any, but never in front of a browser', async () => {
    const asked = await world.visit('https://git.base.test/', { headers: program });
    assert.equal(asked.status, 401);
    assert.match(asked.header('www-authenticate')!, /^Basic realm="git"/);
    const script = await world.visit('https://git.base.test/', {
      headers: { accept: '*/*', 'sec-fetch-mode': 'cors' },
    });
    assert.doesNotMatch(script.header('www-authenticate')!, /Basic/);
    assert.equal((await world.visit('https://git.base.test/')).status, 302);
  });
});
