import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestAuthority, freePort, waitFor } from '@zeronaut/testkit';
import { createSnapshotSigner, received } from '../snapshot/testdata/signed-snapshots.ts';
import { encodeMessage } from './codec.ts';
import { gatewayId, organizationId, startLink, startSyncConsole } from './testdata/sync-console.ts';

const signer = createSnapshotSigner();

test('says hello with the running version, and hands on what comes', async (t) => {
  const console = await startSyncConsole(t);
  const { link, told } = startLink(t, console.port);
  assert.deepEqual(await console.waitForMessage('hello'), {
    type: 'hello',
    protocol: 1,
    softwareVersion: '0.1.0',
    snapshotVersion: 7,
    features: ['drain', 'log', 'tunnels', 'gateway', 'headers', 'limits', 'balancing', 'addresses', 'expiry'],
  });
  console.send({ type: 'snapshot', snapshot: signer.signed(8) });
  console.send({ type: 'events_stored', epoch: 'epoch-1234', seq: 5 });
  console.send({ type: 'ping' });
  await console.waitForMessage('pong');
  assert.deepEqual(told, ['up', received(signer.signed(8)), ['epoch-1234', 5]]);
  assert.equal(link.up, true);
});

test('sign-in, sign-out and renewal are answered, each by its own answer', async (t) => {
  const console = await startSyncConsole(t);
  const { link } = startLink(t, console.port);
  await console.waitForMessage('hello');
  const request = { email: 'ann@example.com', password: 'secret', address: '192.0.2.1', userAgent: 'x' };
  const first = link.signIn(request);
  const second = link.signIn(request);
  const out = link.signOut('ses_1');
  const renewed = link.renew('csr');
  const { rpcId: renewId } = await console.waitForMessage('renew');
  const [a, b] = console.received.filter((message) => message.type === 'sign_in');
  const { rpcId: outId } = await console.waitForMessage('sign_out');
  console.send({ type: 'sign_in_result', rpcId: b!.rpcId, token: null, reason: 'api.credentials_invalid' });
  console.send({ type: 'renewed', rpcId: renewId, certificate: 'pem', notAfter: '2026-01-01T00:00:00.000Z' });
  console.send({ type: 'sign_out_result', rpcId: outId });
  console.send({ type: 'sign_in_result', rpcId: a!.rpcId, token: 'jwt', reason: null });
  assert.deepEqual(await first, { token: 'jwt' });
  assert.deepEqual(await second, { reason: 'api.credentials_invalid' });
  assert.equal(await out, true);
  assert.equal(await renewed, 'pem');
});

test('without a console every call says so at once', async (t) => {
  const { link } = startLink(t, await freePort());
  const request = { email: 'ann@example.com', password: 'secret', address: '192.0.2.1', userAgent: 'x' };
  assert.deepEqual(await link.signIn(request), { reason: 'access.unavailable' });
  assert.equal(await link.signOut('ses_1'), false);
  assert.equal(await link.renew('csr'), null);
  assert.equal(link.sendEvents('[]'), false);
});

test('a call that waits when the link breaks is unavailable', async (t) => {
  const console = await startSyncConsole(t);
  const { link } = startLink(t, console.port);
  await console.waitForMessage('hello');
  const answer = link.signIn({ email: 'ann@example.com', password: 'x', address: '192.0.2.1', userAgent: '' });
  await console.waitForMessage('sign_in');
  console.hangUp();
  assert.deepEqual(await answer, { reason: 'access.unavailable' });
});

test('a console that comes back is found within a second and a half', async (t) => {
  const first = await startSyncConsole(t);
  const { told } = startLink(t, first.port);
  await first.waitForMessage('hello');
  await first.stop();
  await waitFor(() => told.includes('down'), { what: 'the link to go down' });
  const startedAt = performance.now();
  const second = await startSyncConsole(t, { port: first.port });
  await second.waitForMessage('hello');
  assert.ok(performance.now() - startedAt < 1_500, `${performance.now() - startedAt} ms`);
});

const ping = { type: 'ping' };
const hostile: [string, Buffer][] = [
  ['garbage', Buffer.from('ÿÿ garbage that is no length and no message', 'latin1')],
  ['HTTP', Buffer.from('HTTP/1.1 200 OK\r\n\r\n')],
  ['a length beyond the bound', Buffer.from([0x7f, 0xff, 0xff, 0xff])],
  ['an empty message', Buffer.alloc(4)],
  ['an unknown type', encodeMessage('{"type":"shutdown"}')],
  ['a message of the other direction', encodeMessage('{"type":"applied","version":1}')],
  ['an unknown field', encodeMessage(JSON.stringify({ ...ping, extra: 1 }))],
  [
    'a snapshot without signature',
    encodeMessage(JSON.stringify({ type: 'snapshot', snapshot: { payload: '{}', keyId: 'k' } })),
  ],
  ['a snapshot that is one', encodeMessage(JSON.stringify({ type: 'snapshot', snapshot: signer.snapshot(9) }))],
  ['an answer to what nobody asked', encodeMessage('{"type":"sign_out_result","rpcId":999}')],
  ['a negative number', encodeMessage('{"type":"events_stored","epoch":"e","seq":-1}')],
  ['prototype names', encodeMessage('{"type":"ping","__proto__":{"admin":true}}')],
  ['deep nesting', encodeMessage('['.repeat(50_000) + ']'.repeat(50_000))],
];
for (const [name, bytes] of hostile) {
  test(`a hostile console loses the link and changes nothing: ${name}`, async (t) => {
    const console = await startSyncConsole(t);
    const { told } = startLink(t, console.port);
    await console.waitForMessage('hello');
    console.sendBytes(bytes);
    await waitFor(() => console.connections === 2, { what: 'another dial' });
    await console.waitForMessage('hello');
    assert.deepEqual(told, ['up', 'down', 'up']);
  });
}

test('an answer of the wrong kind ends the link and the call', async (t) => {
  const console = await startSyncConsole(t);
  const { link } = startLink(t, console.port);
  await console.waitForMessage('hello');
  const answer = link.signIn({ email: 'ann@example.com', password: 'x', address: '192.0.2.1', userAgent: '' });
  const { rpcId } = await console.waitForMessage('sign_in');
  console.send({ type: 'sign_out_result', rpcId });
  assert.deepEqual(await answer, { reason: 'access.unavailable' });
  await waitFor(() => console.connections === 2, { what: 'another dial' });
});

const impostors: [string, Parameters<typeof startSyncConsole>[1]][] = [
  ['another name in the certificate', { names: ['console.example.com'] }],
  ['another protocol', { alpn: 'zeronaut-tunnel/1' }],
  ['TLS 1.2', { maxVersion: 'TLSv1.2' }],
];
for (const [name, options] of impostors) {
  test(`not taken for the console: ${name}`, async (t) => {
    const problems: string[] = [];
    const console = await startSyncConsole(t, options);
    const log = { info() {}, error() {}, warn: (details: { problem: string }) => problems.push(details.problem) };
    const { link, told } = startLink(t, console.port, { log: log as never });
    await waitFor(() => problems.length > 0, { what: 'a failed dial' });
    assert.equal(link.up, false);
    assert.deepEqual(told, []);
    assert.deepEqual(console.received, []);
  });
}

test('not taken for the console: a certificate of another authority', async (t) => {
  const stranger = await createTestAuthority('another');
  const own = await stranger.gateway({ organizationId, gatewayId });
  const problems: string[] = [];
  const console = await startSyncConsole(t);
  const log = { info() {}, error() {}, warn: (details: { problem: string }) => problems.push(details.problem) };
  const { link } = startLink(t, console.port, {
    credentials: () => ({ key: own.key, certificate: own.cert, authority: stranger.certificate }),
    log: log as never,
  });
  await waitFor(() => problems.length > 0, { what: 'a failed dial' });
  assert.equal(link.up, false);
});

test('credentials that OpenSSL cannot read cost the link and nothing else', async (t) => {
  const problems: string[] = [];
  const log = { info() {}, error() {}, warn: (details: { problem: string }) => problems.push(details.problem) };
  startLink(t, await freePort(), {
    credentials: () => ({ key: 'no key', certificate: 'no certificate', authority: '' }),
    log: log as never,
  });
  await waitFor(() => problems.length > 0, { what: 'a failed dial' });
});
