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
  const enrol = async (key: string, headers: Record<string, string>) => {
    const body = { name: 'laptop', csr: await certificateRequest(privateKey) };
    const answer = await organization.call('POST', '/api/v1/devices', body, { key, headers });
    assert.equal(answer.statusCode, 201, answer.body);
    return answer.json().device.id as string;
  };

  const { token, sessionId } = await open('cli');
  await enrol(token, {});
  assert.equal(await call(token, null), 'served', 'a program that proves nothing is bound to nothing');
  const device = await enrol(token, { dpop: 'whatever' });
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
  await enrol(browser.token, { dpop: 'whatever' });
  assert.equal(await call(browser.token, null), 'served', 'a browser has no key to prove');

  assert.equal((await organization.call('DELETE', `/api/v1/devices/${device}`)).statusCode, 204);
  assert.equal(await call(token, proved), 'access.session_revoked', 'it ends with its device');
  assert.equal(await call(other.token, null), 'served');
});
