import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { describe, it, type TestContext } from 'node:test';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { createTestAuthority, recordingUpstream, waitFor } from '@zeronaut/testkit';
import { HOST, httpWorld, rawClient, statuses } from '../http/testdata/http-world.ts';
import { MemoryCertificateStore } from './certificate-store.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

async function tlsWorld(t: TestContext) {
  const authority = await createTestAuthority();
  const exact = await authority.server([HOST]);
  const wildcard = await authority.server(['*.wild.test']);
  const certificates = new MemoryCertificateStore();
  certificates.update([
    { hosts: [HOST], certificate: exact.cert, key: exact.key },
    { hosts: ['*.wild.test'], certificate: wildcard.cert, key: wildcard.key },
  ]);
  const upstream = await recordingUpstream(t, (socket) => socket.write(OK));
  const world = await httpWorld(t, { targets: [upstream.address], certificates });
  const dial = (options: ConnectionOptions): TLSSocket => {
    const socket = connect({ host: '127.0.0.1', port: world.port, ca: authority.certificate, ...options });
    t.after(() => {
      socket.destroy();
    });
    socket.on('error', () => undefined);
    return socket;
  };
  return { authority, certificates, upstream, world, dial };
}

async function ask(socket: TLSSocket, host: string): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk;
  });
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nAccept: x/y\r\n\r\n`);
  await waitFor(() => text.endsWith('ok') || text.endsWith('}\n'), { what: 'an answer' });
  return text;
}

describe('the https listener', () => {
  it('speaks TLS 1.3 with a hybrid key exchange and HTTP/1.1, and tells the service so', async (t) => {
    const { world, upstream, dial } = await tlsWorld(t);
    const socket = dial({ servername: HOST, ALPNProtocols: ['h2', 'http/1.1'], ecdhCurve: 'X25519MLKEM768' });
    await once(socket, 'secureConnect');
    assert.equal(socket.getProtocol(), 'TLSv1.3');
    assert.equal(socket.alpnProtocol, 'http/1.1');
    assert.deepEqual(statuses(await ask(socket, HOST)), [200]);
    assert.match(
      upstream.connections[0]!.received().toString(),
      /\r\nX-Forwarded-Proto: https\r\n[\s\S]*X-Forwarded-Port: 443\r\n/,
    );
    assert.equal(world.events[0]!.host, HOST);
  });

  it('speaks TLS 1.2 with forward secrecy, and nothing older or weaker', async (t) => {
    const { dial } = await tlsWorld(t);
    const modern = dial({ servername: HOST, maxVersion: 'TLSv1.2' });
    await once(modern, 'secureConnect');
    assert.match(modern.getCipher().name, /^ECDHE-.*(GCM|POLY1305)/);
    for (const options of [
      { maxVersion: 'TLSv1.1', minVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const,
      { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' } as const,
      { ALPNProtocols: ['h2'] },
    ]) {
      const socket = dial({ servername: HOST, ...options });
      let secured = false;
      socket.on('secureConnect', () => {
        secured = true;
      });
      await waitFor(() => socket.destroyed, { what: 'the handshake fails' });
      assert.equal(secured, false, JSON.stringify(options));
    }
  });

  it('chooses the certificate by name: exact, then one label of a wildcard; strangers get none', async (t) => {
    const { dial } = await tlsWorld(t);
    for (const [servername, alternative] of [
      [HOST, `DNS:${HOST}`],
      ['a.wild.test', 'DNS:*.wild.test'],
    ]) {
      const socket = dial({ servername: servername! });
      await once(socket, 'secureConnect');
      assert.equal(socket.getPeerCertificate().subjectaltname, alternative);
    }
    for (const servername of ['unknown.test', 'a.b.wild.test', 'wild.test']) {
      const socket = dial({ servername, rejectUnauthorized: false });
      let secured = false;
      socket.on('secureConnect', () => {
        secured = true;
      });
      await waitFor(() => socket.destroyed, { what: `${servername} is refused` });
      assert.equal(secured, false);
    }
  });

  it('callers without a server name get the default certificate', async (t) => {
    const { dial } = await tlsWorld(t);
    const socket = dial({ checkServerIdentity: () => undefined });
    await once(socket, 'secureConnect');
    assert.equal(socket.getPeerCertificate().subjectaltname, `DNS:${HOST}`);
  });

  it('refuses with 421 when Host is not the name of the handshake', async (t) => {
    const { world, upstream, dial } = await tlsWorld(t);
    const socket = dial({ servername: 'a.wild.test' });
    await once(socket, 'secureConnect');
    assert.match(await ask(socket, HOST), /^HTTP\/1\.1 421 [\s\S]*http\.misdirected/);
    assert.deepEqual([world.events[0]!.reason, upstream.connections.length], ['http.misdirected', 0]);
  });

  it('shows a renewed certificate to the next caller, and keeps the connections of others', async (t) => {
    const { authority, certificates, dial } = await tlsWorld(t);
    const before = dial({ servername: HOST });
    await once(before, 'secureConnect');
    const renewed = await authority.server([HOST]);
    certificates.update([{ hosts: [HOST], certificate: renewed.cert, key: renewed.key }]);
    const after = dial({ servername: HOST });
    await once(after, 'secureConnect');
    assert.notEqual(after.getPeerCertificate().serialNumber, before.getPeerCertificate().serialNumber);
    assert.deepEqual(statuses(await ask(before, HOST)), [200]);
  });

  it('survives garbage instead of a handshake', async (t) => {
    const { world, dial } = await tlsWorld(t);
    const garbage = rawClient(t, world.port, 'GET / HTTP/1.1\r\nHost: app.test\r\n\r\n');
    await garbage.untilClosed();
    const socket = dial({ servername: HOST });
    await once(socket, 'secureConnect');
    assert.deepEqual(statuses(await ask(socket, HOST)), [200]);
  });
});

describe('the http listener', () => {
  it('closes whoever connects and does not finish the handshake', async (t) => {
    const authority = await createTestAuthority();
    const { cert, key } = await authority.server([HOST]);
    const certificates = new MemoryCertificateStore();
    certificates.update([{ hosts: [HOST], certificate: cert, key }]);
    const world = await httpWorld(t, { certificates, handshakeTimeoutMs: 100 });
    for (const bytes of ['', '\x16\x03\x01']) {
      const client = rawClient(t, world.port);
      if (bytes !== '') client.socket.write(bytes, 'latin1');
      await client.untilClosed();
    }
  });

  it('sends people to https, with the port that the snapshot names, and only for hosts that exist', async (t) => {
    const world = await httpWorld(t, { redirectToHttps: true });
    const client = rawClient(
      t,
      world.port,
      `GET /a?b HTTP/1.1\r\nHost: ${HOST}:8000\r\n\r\nPOST /x HTTP/1.1\r\nHost: unknown.test\r\n\r\n`,
    );
    const text = await client.until((got) => statuses(got).length === 2, 'two answers');
    assert.deepEqual(statuses(text), [308, 404]);
    assert.match(text, /\r\nlocation: https:\/\/app\.test:8443\/a\?b\r\n/);
    assert.deepEqual(
      world.events.map(({ reason }) => reason),
      ['http.https_required', 'router.no_resource'],
    );
  });

  it('refuses connections beyond its bound at once, and takes new ones when others have gone', async (t) => {
    const world = await httpWorld(t, { maxConnections: 2 });
    const kept = [rawClient(t, world.port), rawClient(t, world.port)];
    await waitFor(() => world.pipeline.connections === 2, { what: 'two connections' });
    assert.deepEqual(statuses(await rawClient(t, world.port).untilClosed()), [503]);
    kept[0]!.socket.destroy();
    await waitFor(() => world.pipeline.connections === 1, { what: 'one is gone' });
    const next = rawClient(t, world.port, 'GET / HTTP/1.1\r\nHost: unknown.test\r\n\r\n');
    await next.until((text) => statuses(text)[0] === 404, 'an answer');
  });
});
