import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { it } from 'node:test';
import { temporaryDirectory } from '@zeronaut/testkit';
import { chooseConnection } from './connection.ts';
import { writePrivateFile } from './private-file.ts';
import { saveProfiles } from './profiles.ts';

it('proves the machine with a session of another organization too, by the key of the session that it came of', async (t) => {
  const home = temporaryDirectory(t);
  const before = process.env.ZERONAUT_HOME;
  process.env.ZERONAUT_HOME = home;
  t.after(() => {
    if (before === undefined) delete process.env.ZERONAUT_HOME;
    else process.env.ZERONAUT_HOME = before;
  });
  const proofs: unknown[] = [];
  const server = createServer((request, response) => {
    proofs.push(request.headers.dpop);
    response.writeHead(204).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const consoleUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const profile = { consoleUrl, token: 'zn_ses_1', email: null, expiresAt: null };
  saveProfiles({
    active: 'here',
    profiles: { here: profile, away: { ...profile, home: 'profile:here' }, alone: profile },
  });
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const device = {
    ...{ deviceId: 'dev_1', organizationId: 'org_1', userId: 'usr_1', name: 'laptop' },
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    ...{ certificate: 'none', certificateAuthority: 'none' },
  };
  writePrivateFile(`${home}/device.json`, { devices: { [`${consoleUrl} profile:here`]: device } });
  for (const name of ['here', 'away', 'alone']) {
    await chooseConnection({ profile: name }).api.call('sessions.deleteCurrent', {});
  }
  assert.deepEqual(
    proofs.map((proof) => typeof proof),
    ['string', 'string', 'undefined'],
  );
});
