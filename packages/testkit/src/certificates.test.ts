import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { createId, deviceUri, gatewayServerName } from '@zeronaut/model';
import { createTestAuthority } from './certificates.ts';

test('device and gateway certificates of one authority meet over mutual TLS', async (t) => {
  const authority = await createTestAuthority();
  const organizationId = createId('organization');
  const ids = { organizationId, userId: createId('user'), deviceId: createId('device') };
  const gatewayId = createId('gateway');
  const gateway = await authority.gateway({ organizationId, gatewayId });
  const device = await authority.device(ids);
  const server = createServer({
    ...gateway,
    ca: authority.certificate,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3',
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>;
  const client = connect({
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
    ...device,
    ca: authority.certificate,
    servername: gatewayServerName(gatewayId),
  });
  t.after(() => client.destroy());
  const [socket] = await accepted;
  const peer = socket.getPeerX509Certificate();
  assert.equal(peer?.subjectAltName, `URI:${deviceUri(organizationId, ids.userId, ids.deviceId)}`);
  const fingerprint = createHash('sha256')
    .update(peer.publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url');
  assert.equal(fingerprint, device.keyFingerprint);
  client.destroy();
});

test('an expired certificate is expired', async () => {
  const authority = await createTestAuthority();
  const { cert } = await authority.server(['localhost', '127.0.0.1', '::1'], { notAfter: new Date(Date.now() - 1000) });
  const parsed = new X509Certificate(cert);
  assert.ok(parsed.validToDate.getTime() < Date.now());
  assert.match(parsed.subjectAltName ?? '', /DNS:localhost, IP Address:127\.0\.0\.1, IP Address:0:0:0:0:0:0:0:1/);
});
