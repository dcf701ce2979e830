import assert from 'node:assert/strict';
import type { Reason } from '@zeronaut/model';
import { createToken, hashToken } from '../domains/random-token.ts';
import type { Fixture, TestOrganization } from './fixture.suite.ts';

/** For tests of this package: headers that must open nothing, with the reason why. */
export interface BadCredential {
  readonly what: string;
  readonly headers: Record<string, string>;
  readonly reason: Reason;
}

const PASSWORD = 'plum violin harbour seven';
const DAY_MS = 86_400_000;

/**
 * Credentials of an owner that once were good or nearly are: each would open everything if it counted. Moves the clock by
 * weeks; what is to work must be made afterwards.
 */
export async function makeBadCredentials(fixture: Fixture, organization: TestOrganization): Promise<BadCredential[]> {
  const { clock } = fixture;
  const { call } = organization;
  async function signIn(email?: string): Promise<{ token: string; email: string; id: string; userId: string }> {
    const address = email ?? `${createToken('session').slice(-12).toLowerCase()}@example.com`;
    if (email === undefined) await organization.user('owner', { email: address, password: PASSWORD });
    const answer = await call('POST', '/api/v1/sessions', { email: address, password: PASSWORD }, { key: null });
    assert.equal(answer.statusCode, 201, answer.body);
    const { token } = answer.json().session;
    const me = (await call('GET', '/api/v1/me', undefined, { key: token })).json();
    return { token, email: address, id: me.sessionId, userId: me.user.id };
  }
  async function newKey(expiresInSeconds: number | null = null): Promise<{ id: string; key: string }> {
    const answer = await call('POST', '/api/v1/api-keys', { name: 'old', role: 'owner', expiresInSeconds });
    assert.equal(answer.statusCode, 201, answer.body);
    return { id: answer.json().apiKey.id, key: answer.json().key };
  }
  async function workloadToken(name: string, expiresAtMs: number, revoke: boolean): Promise<string> {
    const account = await call('POST', '/api/v1/service-accounts', { name, role: 'owner' });
    const trust = await call('POST', '/api/v1/workload-trusts', {
      name,
      serviceAccountId: account.json().id,
      issuer: 'https://ci.example',
      subject: 'repo:acme/app:*',
    });
    assert.equal(trust.statusCode, 201, trust.body);
    const token = createToken('workload');
    await fixture.context.store.db
      .insertInto('workload_tokens')
      .values({
        id: `wlt_${name.replaceAll('-', '')}`,
        organization_id: organization.id,
        trust_id: trust.json().id,
        user_id: account.json().id,
        token_hash: hashToken(token),
        subject: 'repo:acme/app:main',
        scopes: null,
        created_at: clock.nowMs,
        expires_at: expiresAtMs,
      })
      .execute();
    if (revoke) await call('DELETE', `/api/v1/workload-trusts/${trust.json().id}`);
    return token;
  }

  const expiredSession = await signIn();
  const expiredKey = await newKey(60);
  const rotated = await newKey(40 * 86_400);
  await call('POST', `/api/v1/api-keys/${rotated.id}/rotation`, { overlapSeconds: 60 });
  const expiredWorkload = await workloadToken('expired-ci', clock.nowMs + 60_000, false);
  clock.nowMs += 30 * DAY_MS;
  const idleSession = await signIn();
  const { consoleIdleSeconds } = (await call('GET', '/api/v1/organizations/current/sign-in-policy')).json();
  clock.nowMs += consoleIdleSeconds * 1000 + 1;

  const revokedWorkload = await workloadToken('revoked-ci', clock.nowMs + DAY_MS, true);
  const signedOut = await signIn();
  await call('DELETE', '/api/v1/sessions/current', undefined, { key: signedOut.token });
  const revokedSession = await signIn();
  await call('DELETE', `/api/v1/sessions/${revokedSession.id}`);
  const revokedKey = await newKey();
  await call('DELETE', `/api/v1/api-keys/${revokedKey.id}`);
  const disabled = await signIn();
  const disabledKey = await call('POST', '/api/v1/api-keys', { name: 'k', role: 'owner' }, { key: disabled.token });
  const closed = await call(
    'PATCH',
    `/api/v1/users/${disabled.userId}`,
    { status: 'disabled' },
    { headers: { 'if-match': '"1"' } },
  );
  assert.equal(closed.statusCode, 200, closed.body);

  const { key } = organization;
  const live = await signIn();
  const last = key.at(-1) === 'A' ? 'B' : 'A';
  const resource = await call('POST', '/api/v1/resources', { name: 'old-wiki', targets: [{ address: '10.0.0.1:80' }] });
  const personal = await call('POST', '/api/v1/personal-access-tokens', {
    name: 'git',
    resources: [resource.json().id],
  });
  const enrolment = await call('POST', '/api/v1/gateways/enrolments', {});
  const invitation = await call('POST', '/api/v1/invitations', { email: 'guest@example.com', mail: false });
  const flow = await call('POST', '/api/v1/oauth/device_authorization', { client_id: 'zeronaut-cli' }, { key: null });
  const claims = { sub: organization.owner.id, org: organization.id, exp: 4_000_000_000 };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

  const bearer = (what: string, token: string, reason: Reason = 'api.unauthenticated'): BadCredential => ({
    what,
    headers: { authorization: `Bearer ${token}` },
    reason,
  });
  const cookie = (what: string, token: string, reason: Reason): BadCredential => ({
    what,
    headers: { cookie: `zn_console=${token}`, origin: 'http://localhost:8080', 'x-zeronaut-page': '1' },
    reason,
  });
  return [
    { what: 'no credentials', headers: {}, reason: 'api.unauthenticated' },
    { what: 'the key as Basic', headers: { authorization: `Basic ${key}` }, reason: 'api.unauthenticated' },
    { what: 'the key without a scheme', headers: { authorization: key }, reason: 'api.unauthenticated' },
    { what: 'the key as a header of its own', headers: { 'x-api-key': key }, reason: 'api.unauthenticated' },
    { what: 'the key in a cookie of another name', headers: { cookie: `key=${key}` }, reason: 'api.unauthenticated' },
    bearer('nothing', ''),
    bearer('two keys', `${key}, ${key}`),
    bearer('an unknown key', createToken('apiKey')),
    bearer('a tampered key', key.slice(0, -1) + last),
    bearer('a key cut short', key.slice(0, -1)),
    bearer('a key with more behind it', `${key}A`),
    bearer('a key that calls itself a session', key.replace('znk_', 'zns_')),
    bearer('a session that calls itself a key', live.token.replace('zns_', 'znk_')),
    bearer('the hash of a key', hashToken(key)),
    bearer('an expired key', expiredKey.key, 'api.token_expired'),
    bearer('a key that another took the place of', rotated.key, 'api.token_expired'),
    bearer('a revoked key', revokedKey.key),
    bearer('a key of a disabled user', disabledKey.json().key, 'access.user_disabled'),
    bearer('an expired session', expiredSession.token, 'access.session_expired'),
    bearer('a session that was not used', idleSession.token, 'access.session_expired'),
    bearer('a session after sign-out', signedOut.token, 'access.session_revoked'),
    bearer('a revoked session', revokedSession.token, 'access.session_revoked'),
    bearer('a session of a disabled user', disabled.token, 'access.session_revoked'),
    bearer('an expired token of a workload', expiredWorkload, 'api.token_expired'),
    bearer('a token of a workload that is not trusted any more', revokedWorkload),
    bearer('a personal access token', personal.json().token),
    bearer('a token that enrols a gateway', enrolment.json().token),
    bearer('the token of an invitation', new URL(invitation.json().url).searchParams.get('token')!),
    bearer('a device code', flow.json().device_code),
    bearer('a JWT that nobody signed', `${part({ alg: 'none' })}.${part(claims)}.`),
    cookie('an expired session as cookie', expiredSession.token, 'access.session_expired'),
    cookie('a revoked session as cookie', revokedSession.token, 'access.session_revoked'),
    cookie('a tampered session as cookie', `${live.token.slice(0, -4)}AAAA`, 'api.unauthenticated'),
  ];
}
