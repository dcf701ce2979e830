import assert from 'node:assert/strict';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { deviceUri } from '@zeronaut/model';
import { eachDatabase, temporaryDirectory } from '@zeronaut/testkit';
import { openStore } from '../store/store.ts';
import { certificateRequest } from '../testing/fixture.suite.ts';
import { loadAuthority } from './authority.ts';
import { createCertificateAuthority, createRoot, LEAF_LIFETIME_MS } from './certificate-authority.ts';
import { parseCertificateRequest, parsePublicKeyPem } from './certificate-request.ts';
import { loadMasterKey } from './master-key.ts';

test('the master key is made once, for this user alone, and refused when others can read it', (t) => {
  const file = join(temporaryDirectory(t), 'master.key');
  const sealed = loadMasterKey(file).seal('name', 'secret');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(readFileSync(file).length, 32);
  assert.equal(loadMasterKey(file).open('name', sealed), 'secret');
  chmodSync(file, 0o640);
  assert.throws(() => loadMasterKey(file), { code: 'authority.master_key_exposed' });
  chmodSync(file, 0o600);
  writeFileSync(file, 'short');
  assert.throws(() => loadMasterKey(file), { code: 'authority.master_key_invalid' });
});

test('a sealed secret opens under its own name, unchanged, with its own key, and not otherwise', (t) => {
  const directory = temporaryDirectory(t);
  const sealer = loadMasterKey(join(directory, 'one.key'));
  const sealed = sealer.seal('ca-root', 'private');
  assert.ok(!sealed.includes('private'));
  assert.notEqual(sealed, sealer.seal('ca-root', 'private'));
  const flipped = Buffer.from(sealed, 'base64url');
  flipped[flipped.length - 1]! ^= 1;
  assert.throws(() => sealer.open('ca-root', flipped.toString('base64url')), { code: 'authority.unsealing_failed' });
  assert.throws(() => sealer.open('token-key', sealed), { code: 'authority.unsealing_failed' });
  assert.throws(() => sealer.open('ca-root', 'AAAA'), { code: 'authority.unsealing_failed' });
  const other = loadMasterKey(join(directory, 'other.key'));
  assert.throws(() => other.open('ca-root', sealed), { code: 'authority.unsealing_failed' });
});

eachDatabase(
  'keys are made once, are sealed in the database, and are the same after a restart',
  async (t, database) => {
    const sealer = loadMasterKey(join(temporaryDirectory(t), 'master.key'));
    const store = await openStore(database.url);
    t.after(() => store.close());
    const first = await loadAuthority(store, sealer, Date.now);
    const second = await loadAuthority(store, sealer, Date.now);
    assert.equal(second.certificates.certificate, first.certificates.certificate);
    assert.equal(second.tokenKey.keyId, first.tokenKey.keyId);
    assert.notEqual(first.snapshotKey.keyId, first.tokenKey.keyId);
    assert.equal(first.signSnapshot('x'), second.signSnapshot('x'));
    const rows = await store.db.selectFrom('secrets').selectAll().execute();
    const names = rows.map(({ name }) => name).sort();
    assert.deepEqual(names, ['audit-mail-key', 'ca-root', 'challenge-key', 'snapshot-key', 'token-key']);
    assert.ok(rows.every(({ sealed }) => !sealed.includes('PRIVATE')));
  },
);

test('a device certificate names the device, is for its key, is a client only, and ends after 90 days', async () => {
  const nowMs = Date.now();
  const authority = await createCertificateAuthority(await createRoot(nowMs), () => nowMs);
  const { privateKey } = generateKeyPairSync('ed25519');
  const key = await parseCertificateRequest(await certificateRequest(privateKey));
  const ids = { organizationId: 'org_1', userId: 'usr_1', deviceId: 'dev_1' };
  const issued = await authority.device(key!, ids);
  const certificate = new X509Certificate(issued.pem);
  const root = new X509Certificate(authority.certificate);
  assert.ok(certificate.checkIssued(root) && certificate.verify(root.publicKey));
  assert.ok(certificate.checkPrivateKey(privateKey));
  assert.equal(certificate.subjectAltName, `URI:${deviceUri('org_1', 'usr_1', 'dev_1')}`);
  assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2']);
  assert.equal(certificate.ca, false);
  assert.equal(root.ca, true);
  assert.ok(Math.abs(Date.parse(certificate.validTo) - nowMs - LEAF_LIFETIME_MS) <= 1000);
  assert.equal(Date.parse(certificate.validTo), issued.notAfterMs);
});

test('requests are refused unless they are signed with a P-256 or Ed25519 key', async () => {
  const good = await certificateRequest(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
  assert.notEqual(await parseCertificateRequest(good), null);
  const der = Buffer.from(good.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  der[der.length - 5]! ^= 1;
  const pem = (bytes: Buffer) =>
    `-----BEGIN CERTIFICATE REQUEST-----\n${bytes.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
  for (const [what, bad] of Object.entries({
    'a broken signature': pem(der),
    'half of it': pem(der.subarray(0, 40)),
    nothing: '',
    'a certificate': good.replaceAll('CERTIFICATE REQUEST', 'CERTIFICATE'),
    noise: pem(Buffer.alloc(300, 0x30)),
    'too long': good + ' '.repeat(9000),
  })) {
    assert.equal(await parseCertificateRequest(bad), null, what);
  }
});

test('keys for TLS are P-256, Ed25519 or RSA from 2048 bits, and public', () => {
  const spki = (pair: { publicKey: import('node:crypto').KeyObject }) =>
    pair.publicKey.export({ type: 'spki', format: 'pem' }) as string;
  assert.notEqual(parsePublicKeyPem(spki(generateKeyPairSync('ec', { namedCurve: 'P-256' }))), null);
  assert.notEqual(parsePublicKeyPem(spki(generateKeyPairSync('rsa', { modulusLength: 2048 }))), null);
  assert.equal(parsePublicKeyPem(spki(generateKeyPairSync('rsa', { modulusLength: 1024 }))), null);
  assert.equal(parsePublicKeyPem(spki(generateKeyPairSync('ec', { namedCurve: 'secp521r1' }))), null);
  const { privateKey } = generateKeyPairSync('ed25519');
  assert.equal(parsePublicKeyPem(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string), null);
});
