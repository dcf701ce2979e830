import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  type Namespace,
  networkNamespaces,
  networkNamespacesMissing,
  spawnProcess,
  temporaryDirectory,
} from '@zeronaut/testkit';
import { kernelHasWireguard } from '@zeronaut/tunnel/wireguard';
import { NODE, ROOT } from '../scripts/npm-packages.mjs';
import { kernelVmMissing, runInKernelVm } from './harness/kernel-vm.ts';
import { ping, wg } from './harness/wireguard-ends.ts';

/** The same file on both sides: here where the kernel has WireGuard, else inside a virtual machine whose kernel has. */
const isHere = networkNamespacesMissing() === null && (await kernelHasWireguard());
const TESTS = 4;

if (!isHere) {
  const wanted = process.env.ZERONAUT_KERNEL_VM === '1';
  const missing =
    networkNamespacesMissing() ??
    (wanted ? kernelVmMissing() : 'this kernel has no WireGuard; ZERONAUT_KERNEL_VM=1 brings one in a virtual machine');
  test('WireGuard of the kernel, in a virtual machine', { skip: missing ?? false, timeout: 400_000 }, async (t) => {
    const file = fileURLToPath(import.meta.url);
    const { output, seconds } = await runInKernelVm(t, {
      script: `cd ${ROOT} && ${NODE} --test --test-reporter=tap ${file}`,
      timeoutMs: 390_000,
    });
    const counted = (what: string) => Number(new RegExp(`^# ${what} (\\d+)\\s*$`, 'm').exec(output)?.[1] ?? -1);
    t.diagnostic(`${seconds.toFixed(0)} s in the virtual machine`);
    assert.deepEqual([counted('pass'), counted('fail'), counted('skipped')], [TESTS, 0, 0], output);
  });
} else {
  // Software emulation is ten times slower than a machine.
  const options = { timeout: 120_000 };
  const program = join(ROOT, 'packages/client/bin/zeronaut.mjs');
  const show = async (namespace: Namespace, ...names: string[]) =>
    JSON.parse(await namespace.run(NODE, [program, 'wg', 'show', ...names, '--json']));
  const start = (t: TestContext, namespace: Namespace, ...args: string[]) =>
    spawnProcess(t, ...namespace.inside(NODE, [program, 'wg', 'run', ...args]), { cwd: '/tmp' });
  let count = 0;

  /** Two namespaces with a file each; the second knows where the first is. */
  async function ends(t: TestContext) {
    const network = networkNamespaces(t);
    const [a, b] = [await network.add('a'), await network.add('b')];
    await network.link(a, '10.99.0.1/24', b, '10.99.0.2/24');
    const directory = temporaryDirectory(t);
    const keys = [wg('', 'genkey'), wg('', 'genkey')] as const;
    const psk = wg('', 'genpsk');
    const publicKeys = keys.map((key) => wg(key, 'pubkey')) as [string, string];
    const names = [`kern${++count}`, `prog${count}`] as const;
    const files = [0, 1].map((index) => {
      const path = join(directory, `${names[index]}.conf`);
      const own = index + 1;
      const other = 2 - index;
      writeFileSync(
        path,
        `[Interface]\nPrivateKey = ${keys[index]}\nListenPort = 51820\nAddress = 10.7.0.${own}/24, fd07::${own}/64\n` +
          `[Peer]\nPublicKey = ${publicKeys[2 - own]}\nPresharedKey = ${psk}\nAllowedIPs = 10.7.0.${other}/32, fd07::${other}/128\n` +
          (index === 1 ? 'Endpoint = 10.99.0.1:51820\nPersistentKeepalive = 25\n' : ''),
        { mode: 0o600 },
      );
      return path;
    }) as [string, string];
    return { a, b, files, names, publicKeys, directory };
  }

  test('the kernel is chosen where it has WireGuard, and talks with our own packet path', options, async (t) => {
    const { a, b, files, names, publicKeys } = await ends(t);
    const inKernel = start(t, a, files[0]);
    const ours = start(t, b, files[1], '--backend', 'typescript');
    await inKernel.waitForLine(/is up on UDP port 51820 with 1 peer, in the kernel/, { timeoutMs: 60_000 });
    await ours.waitForLine(/is up on UDP port 51820 with 1 peer;/, { timeoutMs: 60_000 });
    await ping(b, '10.7.0.1');
    await ping(a, '10.7.0.2');
    await ping(a, 'fd07::2');
    await ping(b, 'fd07::1', '-s', '4000');

    // As wg of wireguard-tools counts before and after: a keep-alive may fall between.
    const counted = async () => {
      const dump = (await a.run('wg', ['show', names[0], 'dump'])).split('\n')[1]?.split('\t') ?? [];
      return dump.slice(5, 7).map(Number) as [received: number, sent: number];
    };
    const before = await counted();
    const [shown] = await show(a, names[0]);
    const [peer] = shown.peers;
    assert.deepEqual(
      [shown.interface, shown.runsIn, shown.publicKey, shown.listenPort, shown.peers.length],
      [names[0], 'kernel', publicKeys[0], 51820, 1],
    );
    assert.deepEqual(
      [peer.publicKey, peer.hasPresharedKey, peer.endpoint, peer.allowedIps, peer.persistentKeepalive],
      [publicKeys[1], true, '10.99.0.2:51820', ['10.7.0.2/32', 'fd07::2/128'], 0],
    );
    assert.ok(Math.min(...before) > 4_000, `${before}`);
    assert.ok(Math.abs(Date.parse(peer.latestHandshakeAt) - Date.now()) < 120_000, peer.latestHandshakeAt);
    const after = await counted();
    for (const [index, bytes] of [peer.receivedBytes, peer.sentBytes].entries()) {
      const [least, most] = [before[index] as number, after[index] as number];
      assert.ok(bytes >= least && bytes <= most, `${bytes}, and wg of wireguard-tools says ${least} to ${most}`);
    }

    assert.deepEqual(await inKernel.kill('SIGINT'), { code: 0, signal: null });
    await assert.rejects(a.run('ip', ['link', 'show', names[0]]), /does not exist/);
    await ours.kill('SIGINT');
  });

  test('ten thousand networks of thousands of peers arrive whole', options, async (t) => {
    const { a, names, directory } = await ends(t);
    const peers = Array.from({ length: 2_000 }, (_, index) => ({
      key: randomBytes(32).toString('base64'),
      networks: [`10.${128 + (index >> 8)}.${index & 255}.0/24`, `fd09:${(index + 1).toString(16)}::/32`],
    }));
    const many = Array.from(
      { length: 6_000 },
      (_, index) => `172.${16 + (index >> 12)}.${(index >> 4) & 255}.${(index & 15) * 16}/28`,
    );
    peers.push({ key: randomBytes(32).toString('base64'), networks: many });
    const path = join(directory, 'many.conf');
    writeFileSync(
      path,
      `[Interface]\nPrivateKey = ${wg('', 'genkey')}\nTable = off\n`.concat(
        ...peers.map(({ key, networks }) => `[Peer]\nPublicKey = ${key}\nAllowedIPs = ${networks.join(', ')}\n`),
      ),
      { mode: 0o600 },
    );
    const running = start(t, a, path, '--name', names[0], '--backend', 'kernel');
    await running.waitForLine(/is up on UDP port \d+ with 2001 peers/, { timeoutMs: 90_000 });
    const told = (await a.run('wg', ['show', names[0], 'allowed-ips'])).trim().split('\n');
    const wanted = new Map(peers.map(({ key, networks }) => [key, networks.toSorted().join(' ')]));
    assert.equal(told.length, wanted.size);
    for (const line of told) {
      const [key, networks] = line.split('\t') as [string, string];
      assert.equal(networks.split(' ').toSorted().join(' '), wanted.get(key), key);
    }
    const [shown] = await show(a, names[0]);
    const read = new Map(
      shown.peers.map((peer: { publicKey: string; allowedIps: string[] }) => [
        peer.publicKey,
        peer.allowedIps.toSorted().join(' '),
      ]),
    );
    assert.deepEqual(read, wanted, 'and is read whole');
  });

  test('an interface that is there is not touched, and one that goes is noticed', options, async (t) => {
    const { a, files, names } = await ends(t);
    await a.run('ip', ['link', 'add', names[0], 'type', 'dummy']);
    const refused = start(t, a, files[0]);
    assert.equal((await refused.exited).code, 1);
    assert.match(refused.output(), /there is an interface .* already/);
    assert.match(refused.output(), /ip link delete/);
    await a.run('ip', ['link', 'show', names[0], 'type', 'dummy']);
    await a.run('ip', ['link', 'delete', names[0]]);

    const running = start(t, a, files[0]);
    await running.waitForLine(/is up/, { timeoutMs: 60_000 });
    await a.run('ip', ['link', 'delete', names[0]]);
    assert.equal((await running.exited).code, 1);
    assert.match(running.output(), /cannot go on: somebody removed the interface/);
  });

  test('a mistake leaves no interface behind', options, async (t) => {
    const { a, files, names } = await ends(t);
    await a.run('ip', ['link', 'add', 'other', 'type', 'wireguard']);
    await a.run('wg', ['set', 'other', 'listen-port', '51820']);
    await a.run('ip', ['link', 'set', 'other', 'up']);
    const refused = start(t, a, files[0]);
    assert.equal((await refused.exited).code, 1, refused.output());
    await assert.rejects(a.run('ip', ['link', 'show', names[0]]), /does not exist/);
    const listed = await show(a);
    assert.deepEqual(
      listed.map(({ interface: name, runsIn }: { interface: string; runsIn: string }) => [name, runsIn]),
      [['other', 'kernel']],
    );
  });
}
