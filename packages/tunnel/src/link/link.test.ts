import assert from 'node:assert/strict';
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import type { Fault } from '@zeronaut/model';
import { createTestAuthority, waitFor } from '@zeronaut/testkit';
import type { MuxSession } from '../mux/mux-session.ts';
import { sharedReadiness } from '../sockets/readiness.ts';
import { Recorder } from '../stream/byte-stream.suite.ts';
import { Backoff } from './backoff.ts';
import { createTunnelDialer, type TunnelDialer, type TunnelDialerOptions } from './dialer.ts';
import {
  createTunnelListener,
  type PeerDecision,
  type TunnelListener,
  type TunnelListenerOptions,
} from './listener.ts';
import { TLS_PROFILE } from './tls-profile.ts';

const ALPN = 'test/1';
const URI = 'zeronaut://organization/o/user/u/device/d';
const authority = await createTestAuthority();
const gateway = await authority.server(['gateway.test']);
const device = await authority.issue([{ type: 'url', value: URI }]);
const ca = authority.certificate;

interface Side {
  readonly sessions: MuxSession[];
  readonly streams: Recorder[];
  readonly faults: Fault[];
}

async function startListener(t: TestContext, options: Partial<TunnelListenerOptions> = {}) {
  const side: Side = { sessions: [], streams: [], faults: [] };
  const listener: TunnelListener = createTunnelListener({
    host: '127.0.0.1',
    port: 0,
    alpn: ALPN,
    ...gateway,
    ca,
    onPeer: (): PeerDecision => ({
      accept: true,
      onSession: (session) => void side.sessions.push(session),
      session: { onStream: (stream) => void side.streams.push(new Recorder(stream)), onMessage() {}, onClosed() {} },
    }),
    onRefused: (fault) => void side.faults.push(fault),
    ...options,
  });
  t.after(() => listener.stop());
  return { listener, port: await listener.start(), side };
}

function startDialer(t: TestContext, port: number, options: Partial<TunnelDialerOptions> = {}) {
  const side: Side = { sessions: [], streams: [], faults: [] };
  const delays: (number | null)[] = [];
  const dialer: TunnelDialer = createTunnelDialer({
    host: '127.0.0.1',
    port,
    servername: 'gateway.test',
    alpn: ALPN,
    ...device,
    ca,
    onUp: (session) => void side.sessions.push(session),
    onDown: (fault, nextTryMs) => {
      side.faults.push(fault);
      delays.push(nextTryMs);
    },
    onStream: (stream) => void side.streams.push(new Recorder(stream)),
    onMessage() {},
    ...options,
  });
  t.after(() => dialer.stop());
  return { dialer, side, delays };
}

test('a device with a certificate gets in; the listener knows who it is', async (t) => {
  const peers: unknown[] = [];
  const accept: PeerDecision = {
    accept: true,
    onSession() {},
    session: { onStream() {}, onMessage() {}, onClosed() {} },
  };
  const { port, listener } = await startListener(t, {
    onPeer: async (peer) => {
      await new Promise((resolve) => setImmediate(resolve));
      peers.push([peer.certificate.uris, peer.certificate.keyFingerprint, peer.address]);
      return accept;
    },
  });
  const { dialer } = startDialer(t, port);
  const session = await waitFor(() => dialer.session, { what: 'the session' });
  assert((await session.ping()) > 0);
  assert.deepEqual(peers, [[[URI], device.keyFingerprint, '127.0.0.1']]);
  assert.equal(listener.sessionCount, 1);
  assert.equal(listener.pendingCount, 0);
});

test('the code of a refusal reaches the dialer, which never counts itself in', async (t) => {
  const { port } = await startListener(t, { onPeer: () => ({ accept: false, code: 'access.device_revoked' }) });
  const { side, delays } = startDialer(t, port);
  await waitFor(() => side.faults.length > 0, { what: 'the refusal' });
  assert.equal(side.faults[0]?.code, 'access.device_revoked');
  assert(delays[0]! >= 100 && delays[0]! <= 500);
  assert.equal(side.sessions.length, 0);
});

test('a decision that fails or takes too long refuses', async (t) => {
  const never = await startListener(t, { decisionTimeoutMs: 30, onPeer: () => new Promise(() => undefined) });
  const broken = await startListener(t, { onPeer: () => Promise.reject(new Error('no table')) });
  const first = startDialer(t, never.port);
  const second = startDialer(t, broken.port);
  await waitFor(() => first.side.faults[0] && second.side.faults[0], { what: 'refusals' });
  assert.equal(first.side.faults[0]?.code, 'tunnel.decision_timeout');
  assert.equal(second.side.faults[0]?.code, 'tunnel.refused');
  assert(broken.side.faults[0]?.cause instanceof Error);
});

test('the link is TLS 1.3 with a hybrid post-quantum key exchange, and AES-128-GCM first', async (t) => {
  const { port } = await startListener(t);
  const socket = connectTls({
    ...TLS_PROFILE,
    ...device,
    ca,
    port,
    host: '127.0.0.1',
    servername: 'gateway.test',
    ALPNProtocols: [ALPN],
  });
  t.after(() => socket.destroy());
  await waitFor(() => socket.authorized, { what: 'TLS' });
  assert.equal(socket.getProtocol(), 'TLSv1.3');
  assert.equal(socket.getCipher().name, 'TLS_AES_128_GCM_SHA256');
  const hybridOnly = connectTls({
    ...TLS_PROFILE,
    ecdhCurve: 'X25519MLKEM768',
    ...device,
    ca,
    port,
    host: '127.0.0.1',
    servername: 'gateway.test',
  });
  t.after(() => hybridOnly.destroy());
  await waitFor(() => hybridOnly.authorized, { what: 'TLS with ML-KEM alone' });
  // They never answer a session that says goodbye, and the listener would wait for that.
  socket.destroy();
  hybridOnly.destroy();
});

/** What is wrong, what the dialer is told then, and the listener: by OpenSSL's functions, which say more than Node does. */
const WRONG: readonly [string, string, string | undefined, () => Promise<Partial<TunnelDialerOptions>>][] = [
  ['another ALPN', 'tls.no_common_protocol', 'tls.no_common_protocol', async () => ({ alpn: 'other/1' })],
  [
    ...(['another server name', 'tls.certificate_wrong_name', 'tls.certificate_refused'] as const),
    async () => ({ servername: 'other.test' }),
  ],
  [
    ...([
      'a certificate of another authority',
      'tls.certificate_refused',
      'tls.certificate_unknown_authority',
    ] as const),
    async () => (await createTestAuthority('Another')).issue([{ type: 'url', value: URI }]),
  ],
  [
    ...(['a certificate that has expired', 'tls.certificate_refused', 'tls.certificate_expired'] as const),
    async () => authority.issue([{ type: 'url', value: URI }], { notAfter: new Date(Date.now() - 1000) }),
  ],
  [
    'an authority that did not sign the listener',
    ...(['tls.certificate_unknown_authority', 'tls.certificate_refused'] as const),
    async () => ({ ca: (await createTestAuthority('Another')).certificate }),
  ],
  ['credentials that are none', 'tunnel.credentials_invalid', undefined, async () => ({ cert: 'no', key: 'no' })],
];
for (const [what, told, toldListener, options] of WRONG) {
  test(`${what} does not get a session, and is tried again`, async (t) => {
    const { port, side: listening } = await startListener(t);
    const { side, delays } = startDialer(t, port, await options());
    await waitFor(() => side.faults.length > 0, { what: 'a fault' });
    assert(delays[0]! > 0);
    assert.equal(side.sessions.length, 0);
    assert.equal(listening.sessions.length, 0);
    if (sharedReadiness() === null) return;
    assert.equal(side.faults[0]?.code, told);
    if (toldListener === undefined) return;
    await waitFor(() => listening.faults.length > 0, { what: 'the fault of the listener' });
    assert.equal(listening.faults[0]?.code, toldListener);
  });
}

test('no certificate, plain TCP and TLS 1.2 get nothing', async (t) => {
  const { port, side, listener } = await startListener(t, { handshakeTimeoutMs: 100 });
  const base = { ca, port, host: '127.0.0.1', servername: 'gateway.test', ALPNProtocols: [ALPN] };
  const sockets: Socket[] = [
    connectTls(base),
    connectTls({ ...base, ...device, maxVersion: 'TLSv1.2' }),
    connectTcp(port, '127.0.0.1', () => sockets[2]!.write('GET / HTTP/1.1\r\n\r\n')),
    connectTcp(port, '127.0.0.1'),
  ];
  for (const socket of sockets) {
    socket.on('error', () => undefined).resume();
    t.after(() => socket.destroy());
  }
  await waitFor(() => sockets.every((socket) => socket.closed), { what: 'connections to be closed' });
  assert.equal(side.sessions.length, 0);
  assert(side.faults.length >= 3);
  await waitFor(() => listener.pendingCount === 0, { what: 'nothing pending' });
});

test('connections that are not yet sessions are bounded', async (t) => {
  const { port, listener, side } = await startListener(t, { maxPendingPerAddress: 5 });
  const sockets = Array.from({ length: 20 }, () =>
    connectTcp(port, '127.0.0.1')
      .on('error', () => undefined)
      .resume(),
  );
  for (const socket of sockets) t.after(() => socket.destroy());
  await waitFor(() => sockets.filter((socket) => socket.closed).length === 15, { what: 'the others to be closed' });
  assert.equal(listener.pendingCount, 5);
  assert.equal(side.faults[0]?.code, 'tunnel.connection_limit');
});

test('whoever only holds connections keeps no device out', async (t) => {
  const { port, listener, side } = await startListener(t, { maxPending: 4 });
  const silent = Array.from({ length: 4 }, () =>
    connectTcp(port, '127.0.0.1')
      .on('error', () => undefined)
      .resume(),
  );
  for (const socket of silent) t.after(() => socket.destroy());
  await waitFor(() => listener.pendingCount === 4, { what: 'the limit to be reached' });
  startDialer(t, port);
  await waitFor(() => side.sessions.length === 1, { what: 'the session' });
  assert.equal(side.faults[0]?.code, 'tunnel.connection_limit');
  await waitFor(() => silent.filter((socket) => socket.closed).length === 1, { what: 'one of them to give way' });
  assert.equal(listener.pendingCount, 3);
});

test('a link that is cut in the middle of transfers: streams end once, and it is back within a second', async (t) => {
  const { port } = await startListener(t);
  // A relay that can be cut, as a network can.
  const legs: Socket[] = [];
  const relay = createServer((near) => {
    const far = connectTcp(port, '127.0.0.1');
    for (const leg of [near, far]) legs.push(leg.on('error', () => undefined));
    near.pipe(far).pipe(near);
  });
  relay.listen(0, '127.0.0.1');
  t.after(() => relay.close());
  await waitFor(() => relay.listening, { what: 'the relay' });
  const { side, dialer } = startDialer(t, (relay.address() as { port: number }).port);
  await waitFor(() => side.sessions.length === 1, { what: 'the session' });
  const streams = Array.from({ length: 20 }, () => new Recorder(side.sessions[0]!.openStream(Buffer.alloc(0))));
  for (const { stream } of streams) stream.write(Buffer.alloc(500_000));
  const cutAt = performance.now();
  for (const leg of legs) leg.destroy();
  await waitFor(() => side.sessions.length === 2, { what: 'the next session' });
  const backMs = performance.now() - cutAt;
  t.diagnostic(`back after ${backMs.toFixed(0)} ms`);
  assert(backMs < 1_000);
  for (const { closed } of streams) assert.equal(closed?.code, side.faults[0]?.code);
  assert.equal(dialer.session, side.sessions[1]);
  dialer.stop();
  for (const leg of legs) leg.destroy();
});

test('renewed credentials of both sides are used from the next connection on', async (t) => {
  const { port, listener, side: listening } = await startListener(t);
  const { dialer, side } = startDialer(t, port);
  await waitFor(() => dialer.session, { what: 'the session' });
  const next = await createTestAuthority();
  assert.equal(listener.updateCredentials({ cert: 'no', key: 'no', ca }), false);
  const both = `${ca}\n${next.certificate}`;
  assert.equal(listener.updateCredentials({ ...(await next.server(['gateway.test'])), ca: both }), true);
  dialer.setCredentials({ ...(await next.issue([{ type: 'url', value: URI }])), ca: both });
  assert.equal(dialer.session?.closed, false);
  listening.sessions[0]!.close('test.renewed');
  await waitFor(() => side.sessions.length === 2, { what: 'the next session' });
  assert.equal(side.faults[0]?.code, 'test.renewed');
});

test('stop ends a session, an attempt and a pause, and nothing follows', async (t) => {
  const { port, listener } = await startListener(t);
  const up = startDialer(t, port);
  await waitFor(() => up.dialer.session, { what: 'the session' });
  const abort = new AbortController();
  const dialling = startDialer(t, port, { signal: abort.signal });
  abort.abort();
  up.dialer.stop();
  await waitFor(() => up.delays.length === 1 && dialling.delays.length === 1, { what: 'both to end' });
  assert.deepEqual([...up.delays, ...dialling.delays], [null, null]);
  assert.equal(up.dialer.session, null);
  await listener.stop();
  const refused = startDialer(t, port);
  await waitFor(() => refused.side.faults.length === 1, { what: 'a failure' });
  assert.equal(refused.side.faults[0]?.code, 'tunnel.dial_refused');
  refused.dialer.stop();
  refused.dialer.retryNow();
  assert.equal(refused.side.faults.length, 1);
});

test('a listener that takes the connection and says nothing is given up in time', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    t.after(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  t.after(() => server.close());
  await waitFor(() => server.listening, { what: 'the server' });
  const { side } = startDialer(t, (server.address() as { port: number }).port, { connectTimeoutMs: 50 });
  await waitFor(() => side.faults.length === 1, { what: 'a fault' });
  assert.equal(side.faults[0]?.code, 'tunnel.dial_timeout');
});

test('a listener that is gone is looked for at short intervals, one that sends us away at long ones', async (t) => {
  const first = await startListener(t);
  const { dialer, side, delays } = startDialer(t, first.port, {
    backoff: { firstMs: 50, capMs: 100_000, goneCapMs: 50 },
  });
  await waitFor(() => dialer.session, { what: 'the session' });
  await first.listener.stop();
  await waitFor(() => delays.length === 9, { what: 'the end of the session, and eight refused dials' });
  assert.deepEqual(
    side.faults.map(({ code }) => code),
    ['tunnel.closed', ...Array.from({ length: 8 }, () => 'tunnel.dial_refused')],
  );
  assert(delays.every((delayMs) => delayMs! <= 50));
  const full = await startListener(t, {
    port: first.port,
    onPeer: () => ({ accept: false, code: 'tunnel.session_limit' }),
  });
  await waitFor(() => side.faults.at(-1)!.code === 'tunnel.session_limit', { what: 'the refusal' });
  assert(delays.at(-1)! >= 0.2 * 50 * 2 ** 9);
  await full.listener.stop();
});

test('delays grow from half a second to ten, never below a fifth', () => {
  const most = new Backoff({}, () => 1);
  const delays = Array.from({ length: 8 }, () => most.nextMs());
  assert.deepEqual(delays, [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000]);
  most.reset();
  assert.equal(most.nextMs(), 500);
  assert.equal(new Backoff({}, () => 0).nextMs(), 100);
});

test('while nobody is there they stay below a second, and what fails after that waits long', () => {
  const backoff = new Backoff({ firstMs: 250, capMs: 5_000 }, () => 1);
  const gone = Array.from({ length: 6 }, () => backoff.nextMs(true));
  assert.deepEqual(gone, [250, 500, 1_000, 1_000, 1_000, 1_000]);
  assert.equal(backoff.nextMs(), 5_000);
});
