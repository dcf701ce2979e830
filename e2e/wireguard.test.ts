/** `zeronaut wg` beside Debian's wireguard-go and the `wg` tool, in network namespaces of their own. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import {
  type Namespace,
  networkNamespaces,
  networkNamespacesMissing,
  type SpawnedProcess,
  spawnProcess,
  temporaryDirectory,
  waitFor,
} from '@zeronaut/testkit';
import { findProgram } from '../scripts/needs.mjs';
import { NODE, ROOT } from '../scripts/npm-packages.mjs';

const missing =
  networkNamespacesMissing() ??
  (existsSync('/dev/net/tun') ? null : 'there is no /dev/net/tun') ??
  (findProgram('wireguard-go') === null || findProgram('wg') === null ? 'wireguard-go or wg is not installed' : null);

/** Names of interfaces are those of sockets in one directory, whatever the namespace. */
let count = 0;
function interfaceNames(t: TestContext): { ours: string; theirs: string } {
  const id = `${process.pid % 100_000}-${++count}`;
  const names = { ours: `zn${id}`, theirs: `wgo${id}` };
  // Programs that are killed leave their sockets behind.
  t.after(() => {
    for (const name of Object.values(names)) rmSync(socketOf(name), { force: true });
  });
  return names;
}

const socketOf = (name: string) => `/var/run/wireguard/${name}.sock`;

const wg = (input: string, ...args: string[]) => execFileSync('wg', args, { input, encoding: 'utf8' }).trim();

interface Ends {
  readonly ours: Namespace;
  readonly theirs: Namespace;
  readonly zeronaut: SpawnedProcess;
  readonly ourKey: string;
  readonly theirKey: string;
  readonly directory: string;
  /** Names of the two interfaces. */
  readonly names: { readonly ours: string; readonly theirs: string };
}

/** Ours and wireguard-go, each with the other as its one peer. `dialler` alone knows where the other is. */
async function bothEnds(
  t: TestContext,
  options: { outer: 'ipv4' | 'ipv6'; psk: boolean; dialler: 'ours' | 'theirs'; lanes?: number },
): Promise<Ends> {
  const network = networkNamespaces(t);
  const [ours, theirs] = [await network.add('ours'), await network.add('theirs')];
  const [ourAddress, theirAddress] = options.outer === 'ipv4' ? ['10.99.0.1', '10.99.0.2'] : ['fd99::1', 'fd99::2'];
  const bits = options.outer === 'ipv4' ? 24 : 64;
  await network.link(ours, `${ourAddress}/${bits}`, theirs, `${theirAddress}/${bits}`);
  const at = (address: string, port: number) => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`);
  const directory = temporaryDirectory(t);
  const names = interfaceNames(t);
  const [ourPrivate, theirPrivate, psk] = [wg('', 'genkey'), wg('', 'genkey'), wg('', 'genpsk')];
  const [ourKey, theirKey] = [wg(ourPrivate, 'pubkey'), wg(theirPrivate, 'pubkey')];
  const peer = (key: string, networks: string, endpoint: string | null) =>
    `[Peer]\nPublicKey = ${key}\nAllowedIPs = ${networks}\n` +
    (options.psk ? `PresharedKey = ${psk}\n` : '') +
    (endpoint === null ? '' : `Endpoint = ${endpoint}\n`);
  const ourFile = join(directory, `${names.ours}.conf`);
  writeFileSync(
    ourFile,
    `[Interface]\nPrivateKey = ${ourPrivate}\nListenPort = 51820\nAddress = 10.7.0.1/24, fd07::1/64\n` +
      peer(theirKey, '10.7.0.2/32, fd07::2/128', options.dialler === 'ours' ? at(theirAddress!, 51821) : null),
    { mode: 0o600 },
  );
  const theirFile = join(directory, 'theirs.conf');
  writeFileSync(
    theirFile,
    `[Interface]\nPrivateKey = ${theirPrivate}\nListenPort = 51821\n` +
      peer(ourKey, '10.7.0.1/32, fd07::1/128', options.dialler === 'theirs' ? at(ourAddress!, 51820) : null),
  );
  spawnProcess(t, ...theirs.inside('wireguard-go', ['-f', names.theirs]), { cwd: directory });
  await waitFor(() => existsSync(socketOf(names.theirs)), { what: 'wireguard-go' });
  await theirs.run('wg', ['setconf', names.theirs, theirFile]);
  for (const address of ['10.7.0.2/24', 'fd07::2/64']) {
    await theirs.run('ip', ['addr', 'add', address, 'dev', names.theirs, ...(address.includes(':') ? ['nodad'] : [])]);
  }
  await theirs.run('ip', ['link', 'set', names.theirs, 'mtu', '1420', 'up']);
  const more = options.lanes === undefined ? [] : ['--lanes', String(options.lanes)];
  const command = [join(ROOT, 'packages/client/bin/zeronaut.mjs'), 'wg', 'run', ourFile, ...more];
  const zeronaut = spawnProcess(t, ...ours.inside(NODE, command), { cwd: directory });
  await zeronaut.waitForLine(/is up on UDP port 51820/);
  return { ours, theirs, zeronaut, ourKey, theirKey, directory, names };
}

/** Until an answer comes: addresses of IPv6 on the wire need their moment. */
function ping(from: Namespace, to: string, ...more: string[]): Promise<unknown> {
  return waitFor(
    () =>
      from.run('ping', ['-c', '1', '-W', '1', ...more, to]).then(
        () => true,
        () => false,
      ),
    { what: `${to} answers`, timeoutMs: 15_000 },
  );
}

describe('zeronaut wg beside wireguard-go', { skip: missing ?? false }, () => {
  for (const [outer, psk, dialler] of [
    ['ipv4', true, 'ours'],
    ['ipv6', false, 'theirs'],
  ] as const) {
    it(`over ${outer}, ${psk ? 'with' : 'without'} a pre-shared key, first word from ${dialler}`, async (t) => {
      const ends = await bothEnds(t, { outer, psk, dialler });
      const [from, four, six]: [Namespace, string, string] =
        dialler === 'ours' ? [ends.ours, '10.7.0.2', 'fd07::2'] : [ends.theirs, '10.7.0.1', 'fd07::1'];
      await ping(from, four);
      await ping(from, six);
      // Filled to the last byte of the MTU, and a little over what one packet of the tunnel takes.
      for (const size of ['1392', '4000']) await ping(from, four, '-s', size);

      const shown = await ends.ours.run('wg', ['show', ends.names.ours, 'dump']);
      const [, peer] = shown.trim().split('\n');
      const [key, , , networks, handshake, received, sent] = peer!.split('\t');
      assert.equal(key, ends.theirKey);
      assert.equal(networks, '10.7.0.2/32,fd07::2/128');
      assert(Number(handshake) > 0 && Number(received) > 5_000 && Number(sent) > 5_000, shown);
    });
  }

  it('carries a transfer whole, both ways, and goes on while wg changes its peers', async (t) => {
    const { ours, theirs, zeronaut, theirKey, ourKey, directory, names } = await bothEnds(t, {
      ...{ outer: 'ipv4', psk: true, dialler: 'ours', lanes: 2 },
    });
    await ping(ours, '10.7.0.2');
    const file = join(directory, 'bytes');
    writeFileSync(file, randomBytes(20_000_000));
    const sum = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
    for (const [index, [from, to, address]] of (
      [
        [ours, theirs, '10.7.0.2'],
        [theirs, ours, '10.7.0.1'],
      ] as const
    ).entries()) {
      const arrived = join(directory, `arrived-${index}`);
      const port = 7_000 + index;
      const server = spawnProcess(
        t,
        ...to.inside('socat', ['-d', '-d', '-u', `TCP-LISTEN:${port}`, `CREATE:${arrived}`]),
      );
      await server.waitForLine(/listening on/);
      await from.run('socat', ['-u', `FILE:${file}`, `TCP:${address}:${port}`]);
      await server.exited;
      assert.equal(sum(arrived), sum(file));
    }

    // The tools change a running interface: a second peer by set, then only the file's peers by syncconf.
    const other = wg(wg('', 'genkey'), 'pubkey');
    await ours.run('wg', ['set', names.ours, 'peer', other, 'allowed-ips', '10.7.0.9/32', 'persistent-keepalive', '7']);
    assert.match(
      await ours.run('wg', ['show', names.ours, 'persistent-keepalive']),
      new RegExp(`${keyPattern(other)}\t7`),
    );
    const stripped = join(directory, 'stripped.conf');
    const configuration = await ours.run('wg', ['showconf', names.ours]);
    writeFileSync(
      stripped,
      configuration
        .split('[Peer]')
        .filter((part) => !part.includes(other))
        .join('[Peer]'),
    );
    await ours.run('wg', ['syncconf', names.ours, stripped]);
    assert.deepEqual((await ours.run('wg', ['show', names.ours, 'peers'])).trim().split('\n'), [theirKey]);
    await ping(ours, '10.7.0.2');

    // Roaming: the other side changes its port, and we follow it.
    await theirs.run('wg', ['set', names.theirs, 'listen-port', '51899']);
    await ping(theirs, '10.7.0.1');
    await waitFor(async () => (await ours.run('wg', ['show', names.ours, 'endpoints'])).includes(':51899'), {
      what: 'the new endpoint',
    });
    await ping(ours, '10.7.0.2');

    // Whoever lies about his inner address is dropped.
    await theirs.run('ip', ['addr', 'add', '10.7.0.66/24', 'dev', names.theirs]);
    await assert.rejects(theirs.run('ping', ['-c', '1', '-W', '1', '-I', '10.7.0.66', '10.7.0.1']));
    assert.match(await theirs.run('wg', ['show', names.theirs, 'peers']), new RegExp(keyPattern(ourKey)));

    zeronaut.child.kill('SIGINT');
    assert.deepEqual(await zeronaut.exited, { code: 0, signal: null });
    assert.equal(existsSync(socketOf(names.ours)), false);
    await assert.rejects(ours.run('ip', ['link', 'show', names.ours]));
  });
});

/** A key as a regular expression. */
function keyPattern(text: string): string {
  return text.replaceAll(/[+/]/g, '\\$&');
}
