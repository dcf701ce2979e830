import 'reflect-metadata';
import assert from 'node:assert/strict';
import { generateKeyPairSync, webcrypto, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import * as x509 from '@peculiar/x509';
import { createId, gatewayUri } from '@zeronaut/model';
import { createLog } from '../observe/log.ts';
import { createCertificateRequest } from './certificate-request.ts';
import { type Identity, identitySchema } from './identity.ts';
import { CertificateRenewal } from './renewal.ts';
import { createSigningKey } from './signing-key.ts';

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;
const NOW = Date.now();
const organizationId = createId('organization');
const gatewayId = createId('gateway');

/** A CA that certifies what a request asks for. */
async function createAuthority() {
  const keys = await webcrypto.subtle.generateKey(EC, true, ['sign', 'verify']);
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=test',
    notBefore: new Date(NOW - DAY_MS * 1000),
    notAfter: new Date(NOW + DAY_MS * 1000),
    keys,
    signingAlgorithm: EC,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  });
  return {
    pem: root.toString('pem'),
    async certify(csr: string, { uri = gatewayUri(organizationId, gatewayId), from = NOW, days = 90 } = {}) {
      const request = new x509.Pkcs10CertificateRequest(csr);
      assert.equal(await request.verify(), true, 'the request proves its key');
      const leaf = await x509.X509CertificateGenerator.create({
        serialNumber: '02',
        subject: 'CN=leaf',
        issuer: root.subject,
        notBefore: new Date(from),
        notAfter: new Date(from + days * DAY_MS),
        publicKey: request.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: EC,
        extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'url', value: uri }])],
      });
      return leaf.toString('pem');
    },
  };
}

const authority = await createAuthority();

function createKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}

/** An identity whose certificate has lived for `agedDays` of 90. */
async function createIdentity(agedDays: number): Promise<Identity> {
  const clientKey = createKey();
  const signing = createSigningKey();
  const certificate = await authority.certify(await createCertificateRequest(clientKey, 'gateway'), {
    from: NOW - agedDays * DAY_MS,
  });
  return identitySchema.parse({
    format: 1,
    gatewayId,
    organizationId,
    consoleUrl: 'https://console.example.com',
    name: 'gateway',
    baseDomain: 'example.com',
    syncAddress: 'console.example.com:8081',
    clientKey,
    clientCertificate: certificate,
    tunnelCertificate: certificate,
    certificateAuthority: authority.pem,
    signingKey: signing.privateKey,
    signingKeyId: signing.publicJwk.kid,
    snapshotKey: signing.publicJwk,
    httpsPort: 443,
    tunnelPort: 8444,
  });
}

async function renewal(agedDays: number, answer: (csr: string) => Promise<string | null>) {
  const identity = await createIdentity(agedDays);
  const saved: Identity[] = [];
  let asked = 0;
  const room = new CertificateRenewal({
    identity,
    save: async (changed) => void saved.push(changed),
    link: {
      renew: (csr) => {
        asked++;
        return answer(csr);
      },
    },
    log: createLog({ level: 'silent' }),
  });
  return { room, identity, saved, asked: () => asked };
}

test('renewed after two thirds of its life, for the same key, and saved', async () => {
  const { room, identity, saved } = await renewal(61, (csr) => authority.certify(csr));
  assert.equal(await room.check(NOW), true);
  assert.equal(room.identity.clientKey, identity.clientKey);
  assert.ok(Date.parse(new X509Certificate(room.identity.clientCertificate).validTo) > NOW + 80 * DAY_MS);
  assert.deepEqual(saved, [room.identity]);
  assert.equal(await room.check(NOW), false, 'and then not again');
});

test('not asked for before its time', async () => {
  const { room, asked } = await renewal(59, (csr) => authority.certify(csr));
  assert.equal(await room.check(NOW), false);
  assert.equal(asked(), 0);
});

const useless: [string, (csr: string) => Promise<string | null>][] = [
  ['the console is away', async () => null],
  ['no certificate', async () => 'hello'],
  ['for another key', async () => authority.certify(await createCertificateRequest(createKey(), 'gateway'))],
  ['of another authority', async (csr) => (await createAuthority()).certify(csr)],
  ['for another gateway', (csr) => authority.certify(csr, { uri: gatewayUri(organizationId, createId('gateway')) })],
  ['already over', (csr) => authority.certify(csr, { from: NOW - 91 * DAY_MS })],
];
for (const [name, answer] of useless) {
  test(`the old certificate stays when the new one is useless: ${name}`, async () => {
    const { room, identity, saved } = await renewal(80, answer);
    assert.equal(await room.check(NOW), false);
    assert.deepEqual(room.identity, identity);
    assert.deepEqual(saved, []);
    assert.equal(await room.check(NOW), false, 'it may be asked again');
  });
}
