import assert from 'node:assert/strict';
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { eachDatabase } from '@zeronaut/testkit';
import { SignJWT } from 'jose';
import { certificateRequest, startFixture } from '../../testing/fixture.suite.ts';

const PASSWORD = 'plum violin harbour seven';
const ME = '/api/v1/me';

interface Said {
  readonly htm: string;
  readonly htu: string;
  readonly iat: number;
  readonly ath: string;
}

async function sign(key: KeyObject, claims: Partial<Said>, typ = 'dpop+jwt', shown = key): Promise<string> {
  const jwk = createPublicKey(shown).export({ format: 'jwk' }) as { kty: string };
  return await new SignJWT({ ...claims }).setProtectedHeader({ alg: 'EdDSA', typ, jwk }).sign(key);
}

eachDatabase('a session of the command line is of its device, and of no other machine', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const { db } = fixture.context.store;
  const ann = await organization.user('operator', { password: PASSWORD });
  const open = async (kind: 'cli' | 'console') => {
    const body = { email: ann.user.email, password: PASSWORD };
    const answer = await organization.call('POST', '/api/v1/sessions', body, { key: null });
    const token: string = answer.json().session.token;
    const { sessionId } = (await organization.call('GET', ME, undefined, { key: token })).json();
    await db.updateTable('sessions').set({ kind }).where('id', '=', sessionId).execute();
    return { token, sessionId };
  };
  const { privateKey } = generateKeyPairSync('ed25519');
  const stranger = generateKeyPairSync('ed25519').privateKey;
  const good = (token: string): Said => ({
    ...{ htm: 'GET', htu: `https://console.example.com${ME}`, iat: Math.floor(fixture.clock.nowMs / 1000) },
    ath: createHash('sha256').update(token).digest('base64url'),
  });
  const call = async (key: string, proof: string | null, url = ME) => {
    const answer = await organization.call('GET', url, undefined, {
      key,
      headers: proof === null ? {} : { dpop: proof },
    });
    return answer.statusCode === 200 ? 'served' : answer.json().reason;
  };
  const ENROL = '/api/v1/devices';
  const proofOfEnrolment = (key: string, offset = 0) =>
    sign(privateKey, {
      ...good(key),
      ...{ htm: 'POST', htu: `https://console.example.com${ENROL}`, iat: good(key).iat + offset },
    });
  const enrol = async (key: string, headers: Record<string, string>) => {
    const body = { name: 'laptop', csr: await certificateRequest(privateKey) };
    const answer = await organization.call('POST', ENROL, body, { key, headers });
    assert.equal(answer.statusCode, 201, answer.body);
    return answer.json().device.id as string;
  };

  const { token, sessionId } = await open('cli');
  await enrol(token, {});
  assert.equal(await call(token, null), 'served', 'a program that proves nothing is bound to nothing');
  for (const dpop of ['whatever', await proofOfEnrolment(token, -301)]) {
    await enrol(token, { dpop });
    assert.equal(
      await call(token, null),
      'served',
      'what proves nothing, or has the wrong time, could never call again',
    );
  }
  const device = await enrol(token, { dpop: await proofOfEnrolment(token) });
  const proved = await sign(privateKey, good(token));
  assert.equal(await call(token, proved), 'served');
  assert.equal(await call(token, proved, `${ME}?x=1`), 'served', 'the query is no part of it');
  const [listed] = (await organization.call('GET', `/api/v1/sessions?userId=${ann.user.id}&kind=cli`)).json().items;
  assert.deepEqual([listed.id, listed.deviceId], [sessionId, device]);

  const other = await open('cli');
  const cases: Record<string, string | null> = {
    none: null,
    'no JWS': 'whatever',
    'the key of another machine': await sign(stranger, good(token)),
    'signed by another, shown with the right key': await sign(stranger, good(token), 'dpop+jwt', privateKey),
    'another kind of token': await sign(privateKey, good(token), 'zeronaut-posture+jwt'),
    'another method': await sign(privateKey, { ...good(token), htm: 'DELETE' }),
    'another call': await sign(privateKey, { ...good(token), htu: 'https://console.example.com/api/v1/users' }),
    'another token': await sign(privateKey, good(other.token)),
    old: await sign(privateKey, { ...good(token), iat: good(token).iat - 301 }),
    'of the future': await sign(privateKey, { ...good(token), iat: good(token).iat + 301 }),
    'no claims': await sign(privateKey, {}),
    tampered: `${proved.slice(0, -4)}AAAA`,
  };
  for (const [what, proof] of Object.entries(cases)) assert.equal(await call(token, proof), 'api.device_proof', what);

  const browser = await open('console');
  await enrol(browser.token, { dpop: await proofOfEnrolment(browser.token) });
  assert.equal(await call(browser.token, null), 'served', 'a browser has no key to prove');

  assert.equal((await organization.call('DELETE', `/api/v1/devices/${device}`)).statusCode, 204);
  assert.equal(await call(token, proved), 'access.session_revoked', 'it ends with its device');
  assert.equal(await call(other.token, null), 'served');
});

eachDatabase('no session of a machine that has enrolled stays without its proof', async (t, database) => {
  const fixture = await startFixture(t, database);
  const [organization, away] = [await fixture.organization('home'), await fixture.organization('away')];
  const { db } = fixture.context.store;
  const ann = await organization.user('admin', { password: PASSWORD });
  const bob = await organization.user('admin', { password: PASSWORD });
  const open = async ({ user }: typeof ann) => {
    const body = { email: user.email, password: PASSWORD };
    const { token } = (await organization.call('POST', '/api/v1/sessions', body, { key: null })).json().session;
    await db.updateTable('sessions').set({ kind: 'cli' }).where('kind', '!=', 'cli').execute();
    return token as string;
  };
  const { privateKey } = generateKeyPairSync('ed25519');
  const claims = (token: string, htm: string, path: string): Said => ({
    ...{ htm, htu: `https://console.example.com${path}`, iat: Math.floor(fixture.clock.nowMs / 1000) },
    ath: createHash('sha256').update(token).digest('base64url'),
  });
  const call = async (token: string, key: KeyObject | null, path = ME, body?: object) => {
    const method = body === undefined ? 'GET' : 'POST';
    const headers: Record<string, string> = key === null ? {} : { dpop: await sign(key, claims(token, method, path)) };
    const answer = await organization.call(method, path, body, { key: token, headers });
    return { said: answer.json().reason ?? 'served', body: answer.json() };
  };
  const said = async (...args: Parameters<typeof call>) => (await call(...args)).said;
  const csr = await certificateRequest(privateKey);
  const first = await open(ann);
  assert.equal(await said(first, null, '/api/v1/devices', { name: 'laptop', csr }), 'served');

  // Another sign-in of the machine: what it proves with its first call holds it from then on.
  const second = await open(ann);
  assert.equal(await said(second, generateKeyPairSync('ed25519').privateKey), 'served');
  assert.equal(await said(second, null), 'served', 'a key of no device binds to nothing');
  assert.equal(await said(second, privateKey), 'served');
  assert.equal(await said(second, null), 'api.device_proof');
  const foreign = await open(bob);
  assert.equal(await said(foreign, privateKey), 'served');
  assert.equal(await said(foreign, null), 'served', 'the device of somebody else');

  // What it opens in another organization is of the same machine.
  const invited = await away.call('POST', '/api/v1/invitations', {
    email: ann.user.email,
    role: 'member',
    mail: false,
  });
  const token = new URL(invited.json().url).searchParams.get('token')!;
  assert.equal(await said(second, privateKey, '/api/v1/organizations/join', { token }), 'served');
  const switched = await call(second, privateKey, '/api/v1/organizations/switch', { organizationId: away.id });
  const there = switched.body.session.token as string;
  assert.equal(await said(there, privateKey), 'served');
  assert.equal(await said(there, null), 'api.device_proof');

  // A binding that comes after the end of the device, as of two calls at once, holds nothing open.
  const late = await open(ann);
  assert.equal(await said(late, privateKey), 'served');
  const { items } = (await organization.call('GET', `/api/v1/devices?userId=${ann.user.id}`)).json();
  assert.equal((await organization.call('DELETE', `/api/v1/devices/${items[0].id}`)).statusCode, 204);
  await db.updateTable('sessions').set({ revoked_at: null }).where('device_id', '=', items[0].id).execute();
  assert.equal(await said(late, privateKey), 'access.session_revoked');
});
