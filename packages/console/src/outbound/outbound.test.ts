import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { parseNetwork } from '@zeronaut/model';
import { createTestAuthority } from '@zeronaut/testkit';
import { Refusal } from '../store/refusal.ts';
import { isPublicAddress } from './address-ranges.ts';
import { createOutbound } from './outbound.ts';

const LOOPBACK = [parseNetwork('127.0.0.0/8')!, parseNetwork('::1')!];

/** What a fetch came to: the status, or the reason. */
function outcome(answer: Response | Refusal): string {
  return answer instanceof Refusal ? answer.reason : String(answer.status);
}

async function serve(t: TestContext, listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

test('only addresses of the open internet are public', () => {
  const reserved =
    '0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.192 192.168.1.1 ' +
    '198.18.0.1 224.0.0.1 239.255.255.250 255.255.255.255 :: ::1 ::ffff:127.0.0.1 ::ffff:a9fe:a9fe ::127.0.0.1 fe80::1 fe80::1%eth0 ' +
    'fc00::1 fd00:ec2::254 ff02::1 64:ff9b::7f00:1 64:ff9b:1::1 2001::1 2002:7f00:1::1 2001:db8::1 3fff::1 5f00::1 100::1 fec0::1';
  for (const address of reserved.split(' ')) assert.equal(isPublicAddress(address), false, address);
  for (const address of [
    '1.1.1.1',
    '172.15.0.1',
    '172.32.0.1',
    '100.128.0.1',
    '2606:4700::1111',
    '2a00:1450::1',
    '::ffff:8.8.8.8',
  ]) {
    assert.equal(isPublicAddress(address), true, address);
  }
  for (const text of ['', 'localhost', '1.2.3', '0x7f.1', '017700000001'])
    assert.equal(isPublicAddress(text), false, text);
});

test('every spelling of a forbidden address is refused before anything is dialled', async (t) => {
  let connections = 0;
  const port = await serve(t, (_request, response) => {
    connections++;
    response.end('inside');
  });
  const outbound = createOutbound({ allow: [] });
  const hosts =
    '127.0.0.1 2130706433 0x7f000001 017700000001 0177.0.0.1 0x7f.0.0.1 127.1 127.0.1 localhost LOCALHOST 127.0.0.1. ' +
    '[::1] [::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:ffff:7f00:1] [::127.0.0.1] [64:ff9b::7f00:1] [2002:7f00:1::] 0.0.0.0 0 [::] ' +
    '１２７.0.0.1 127。0。0。1 169.254.169.254 [fd00:ec2::254] 100.100.100.200 192.168.0.1 10.0.0.1';
  for (const host of hosts.split(' ')) {
    for (const scheme of ['http', 'https']) {
      const result = await outbound.fetch(`${scheme}://${host}:${port}/`, { timeoutMs: 2_000 });
      assert.equal(outcome(result), 'outbound.address_denied', `${scheme}://${host}`);
    }
  }
  for (const url of [
    'ftp://a.example/',
    'file:///etc/passwd',
    'https://user:secret@a.example/',
    'nothing',
    'data:,x',
    'unix:/x',
    `https://${'a'.repeat(3000)}/`,
  ]) {
    assert.equal(outcome(await outbound.fetch(url)), 'outbound.url_invalid', url);
  }
  assert.equal(connections, 0);
});

test('what the operator allows is dialled, with the name that was asked for and without following anybody', async (t) => {
  const seen: string[] = [];
  const port = await serve(t, (request, response) => {
    seen.push(`${request.method} ${request.headers.host} ${request.url}`);
    if (request.url === '/away')
      response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end();
    else if (request.url === '/large') response.end('x'.repeat(2_000));
    else if (request.url === '/endless') {
      response.write('x');
      const timer = setInterval(() => response.write('x'.repeat(600)), 5);
      response.on('close', () => clearInterval(timer));
    } else if (request.url === '/bomb') response.writeHead(200, { 'content-encoding': 'gzip' }).end('x');
    else if (request.url !== '/silent') response.writeHead(201, { 'x-one': 'a' }).end('body');
  });
  const outbound = createOutbound({ allow: LOOPBACK });
  const answer = await outbound.fetch(`http://localhost:${port}/path?q=1`, { method: 'POST', body: 'sent' });
  assert.ok(answer instanceof Response, outcome(answer));
  assert.deepEqual([answer.status, answer.headers.get('x-one'), await answer.text()], [201, 'a', 'body']);
  const ask = async (path: string) =>
    outcome(await outbound.fetch(`http://127.0.0.1:${port}${path}`, { maxBytes: 1_000, timeoutMs: 1_000 }));
  assert.equal(await ask('/away'), 'outbound.redirected');
  assert.equal(await ask('/large'), 'outbound.too_large');
  assert.equal(await ask('/endless'), 'outbound.too_large');
  assert.equal(await ask('/bomb'), 'outbound.too_large');
  assert.equal(await ask('/silent'), 'outbound.timeout');
  assert.equal(outcome(await outbound.fetch('http://127.0.0.1:1/')), 'outbound.unreachable');
  assert.equal(seen[0], `POST localhost:${port} /path?q=1`);
});

test('the certificate is checked against the name, whatever address it leads to', async (t) => {
  const authority = await createTestAuthority();
  const good = await authority.server(['localhost']);
  const server = createTlsServer({ key: good.key, cert: good.cert }, (_request, response) => {
    response.end('secret');
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const outbound = createOutbound({ allow: LOOPBACK });
  const certificateAuthority = authority.certificate;
  const answer = await outbound.fetch(`https://localhost:${port}/`, { certificateAuthority });
  assert.equal(outcome(answer), '200');
  assert.equal(
    outcome(await outbound.fetch(`https://127.0.0.1:${port}/`, { certificateAuthority })),
    'outbound.unreachable',
  );
  assert.equal(
    outcome(await outbound.fetch(`https://localhost:${port}/`)),
    'outbound.unreachable',
    'an unknown authority',
  );
});

/** A DNS server that answers A questions from a list, one entry a question, over and over. */
async function dnsServer(t: TestContext, answers: readonly string[]): Promise<string> {
  const socket = createSocket('udp4');
  let asked = 0;
  socket.on('message', (query, from) => {
    const end = query.indexOf(0, 12) + 5;
    const isA = query.readUInt16BE(end - 4) === 1;
    const header = Buffer.from([query[0]!, query[1]!, 0x81, 0x80, 0, 1, 0, isA ? 1 : 0, 0, 0, 0, 0]);
    const answer = isA
      ? Buffer.from([
          0xc0,
          12,
          0,
          1,
          0,
          1,
          0,
          0,
          0,
          0,
          0,
          4,
          ...answers[asked++ % answers.length]!.split('.').map(Number),
        ])
      : Buffer.alloc(0);
    socket.send(Buffer.concat([header, query.subarray(12, end), answer]), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  t.after(() => socket.close());
  return `127.0.0.1:${socket.address().port}`;
}

test('a name that changes its address between two questions wins nothing', async (t) => {
  let connections = 0;
  const port = await serve(t, (_request, response) => {
    connections++;
    response.end('inside');
  });
  // 192.0.2.1 stands for a public address here: allowed by the operator, so that nothing leaves this machine.
  const dnsServers = [await dnsServer(t, ['192.0.2.1', '127.0.0.1'])];
  const outbound = createOutbound({ allow: [parseNetwork('192.0.2.0/24')!], dnsServers });
  for (let i = 0; i < 6; i++) {
    const result = outcome(await outbound.fetch(`http://rebind.example:${port}/`, { timeoutMs: 300 }));
    assert.ok(['outbound.timeout', 'outbound.unreachable', 'outbound.address_denied'].includes(result), result);
  }
  assert.equal(connections, 0, 'the answer that was judged is the one that was dialled');
});

test('what is written is judged without asking DNS: addresses, and names of this machine', () => {
  const outbound = createOutbound({ allow: [parseNetwork('10.0.0.0/8')!] });
  for (const host of ['127.0.0.1', '[::1]', 'localhost', 'App.localhost', '192.168.0.1'])
    assert.equal(outbound.refuseWritten(host)?.reason, 'outbound.address_denied', host);
  for (const host of ['10.1.2.3', '1.1.1.1', 'hooks.example.com', 'localhost.example.com'])
    assert.equal(outbound.refuseWritten(host), null, host);
  const said = (host: string) => outbound.refuseWritten(host)?.detail;
  assert.equal(said('[::1]'), '::1 is in a network that must not be dialled');
  assert.equal(said('localhost'), 'localhost is at 127.0.0.1, which is in a network that must not be dialled');
});
