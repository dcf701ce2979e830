import assert from 'node:assert/strict';
import { test } from 'node:test';
import { world } from './engine.suite.ts';
import { applySet, ERRNO, formatGet, parseSet, type SetOperation } from './uapi.ts';

const key = (byte: number) => byte.toString(16).padStart(2, '0').repeat(32);
const set = (text: string) => parseSet(text.trim().split(/\s+/));

test('what is set is what is got, and a second set changes only what it names', async () => {
  const w = world();
  const host = await w.host(1);
  const operation = set(`private_key=${key(0x48)} public_key=${key(2)} preshared_key=${key(3)} endpoint=[fd00::2]:9
    persistent_keepalive_interval=25 allowed_ip=10.1.0.0/16 allowed_ip=fd01::/64 public_key=${key(4)} allowed_ip=10.2.0.0/16`);
  assert.equal(await applySet(host.engine, operation as SetOperation), ERRNO.none);
  const answer = formatGet(host.engine);
  for (const line of [
    `public_key=${key(2)}`,
    `preshared_key=${key(3)}`,
    'endpoint=[fd00::2]:9',
    'persistent_keepalive_interval=25',
    'allowed_ip=10.1.0.0/16',
    'allowed_ip=fd01::/64',
    'protocol_version=1',
    'last_handshake_time_sec=0',
    'tx_bytes=0',
  ]) {
    assert.ok(answer.split('\n').includes(line), line);
  }
  const change = set(
    `public_key=${key(4)} allowed_ip=10.1.0.0/16 allowed_ip=-10.2.0.0/16 public_key=${key(9)} update_only=true`,
  );
  assert.equal(await applySet(host.engine, change as SetOperation), ERRNO.none);
  const peers = formatGet(host.engine).split('public_key=').slice(1);
  assert.equal(peers.length, 2, 'one that is not there is not updated');
  assert.match(peers[0]!, /persistent_keepalive_interval=25/);
  assert.doesNotMatch(peers[0]!, /allowed_ip=10\./, 'the network moved');
  assert.match(peers[1]!, /allowed_ip=10\.1\.0\.0\/16/);
  assert.doesNotMatch(peers[1]!, /10\.2\./);

  const replaced = set(`replace_peers=true public_key=${key(7)}`);
  assert.equal(await applySet(host.engine, replaced as SetOperation), ERRNO.none);
  assert.equal([...host.engine.peers].length, 1);
  const removed = set(`private_key=${key(0)} public_key=${key(7)} remove=true`);
  assert.equal(await applySet(host.engine, removed as SetOperation), ERRNO.none);
  assert.doesNotMatch(formatGet(host.engine), /key/);
  await host.engine.close();
});

test('replacing takes what the same operation added before', () => {
  const operation = set(`public_key=${key(2)} allowed_ip=10.0.0.0/8 replace_allowed_ips=true allowed_ip=10.1.0.0/16`);
  assert.deepEqual(
    (operation as SetOperation).peers.map(({ networks, replaceAllowedIps }) => [networks.length, replaceAllowedIps]),
    [[1, true]],
  );
});

test('a mistake anywhere refuses the operation whole', () => {
  for (const [text, errno] of [
    ['nothing', ERRNO.protocol],
    ['private_key=', ERRNO.invalid],
    [`private_key=${key(1)}00`, ERRNO.invalid],
    [`private_key=${key(1).replace('0', 'g')}`, ERRNO.invalid],
    ['listen_port=65536', ERRNO.invalid],
    ['listen_port=-1', ERRNO.invalid],
    ['listen_port=0x10', ERRNO.invalid],
    ['listen_port=1e3', ERRNO.invalid],
    ['fwmark=4294967296', ERRNO.invalid],
    ['replace_peers=yes', ERRNO.invalid],
    ['endpoint=10.0.0.1:1', ERRNO.invalid],
    ['__proto__=1', ERRNO.invalid],
    ...[
      'update_only=false',
      'remove=1',
      'preshared_key=',
      'endpoint=host:1',
      'endpoint=10.0.0.1:0',
      'endpoint=10.0.0.1:65536',
      'endpoint=fd00::1:1',
      'persistent_keepalive_interval=65536',
      'allowed_ip=10.0.0.0/33',
      'allowed_ip=10.0.0/8',
      'allowed_ip=fd00::/129',
      'allowed_ip=--10.0.0.0/8',
      'allowed_ip=',
      'protocol_version=2',
      'listen_port=1',
    ].map((line) => [`public_key=${key(2)} allowed_ip=10.0.0.0/8 ${line}`, ERRNO.invalid] as const),
  ] as const) {
    assert.equal(set(text), errno, text);
  }
});

test('networks come and go in the order of their lines', async () => {
  const w = world();
  const host = await w.host(1);
  const network = 'allowed_ip=10.1.0.0/16';
  const minus = 'allowed_ip=-10.1.0.0/16';
  for (const [lines, stays] of [
    [`${network} ${minus}`, false],
    [`${minus} ${network}`, true],
    [`${network} ${minus} ${network}`, true],
    [`${network} replace_allowed_ips=true ${minus}`, false],
  ] as const) {
    const operation = set(`replace_peers=true public_key=${key(2)} ${lines}`);
    assert.equal(await applySet(host.engine, operation as SetOperation), ERRNO.none);
    assert.equal(formatGet(host.engine).includes(network), stays, lines);
  }
  await host.engine.close();
});

test('the private key that is there already ends no session, another one does', async () => {
  const w = world();
  const [a, b] = [await w.host(1), await w.host(2)];
  a.knows(b);
  b.knows(a);
  a.send(b);
  w.advance(1_000);
  const established = () => [...a.engine.peers].map(({ lastHandshakeAt }) => lastHandshakeAt);
  const sessions = established();
  assert.ok(sessions.every((at) => at > 0));
  const own = Buffer.from(a.engine.privateKey!).toString('hex');
  assert.equal(await applySet(a.engine, set(`private_key=${own}`) as SetOperation), ERRNO.none);
  a.send(b);
  w.advance(50);
  assert.equal(b.received.length, 2);
  assert.deepEqual(established(), sessions, 'no new handshake was needed');
  assert.equal(await applySet(a.engine, set(`private_key=${key(0x48)}`) as SetOperation), ERRNO.none);
  assert.notEqual(Buffer.from(a.engine.privateKey!).toString('hex'), own);
  for (const { engine } of [a, b]) await engine.close();
});
