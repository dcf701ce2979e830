import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import {
  type Namespace,
  type NetworkNamespaces,
  networkNamespaces,
  networkNamespacesMissing,
  type SpawnedProcess,
  spawnProcess,
  temporaryDirectory,
  waitFor,
} from '@zeronaut/testkit';
import { findProgram } from '../../scripts/needs.mjs';
import { NODE, ROOT } from '../../scripts/npm-packages.mjs';

/** Why there can be no tunnel between ours and wireguard-go here; null when there can. */
export const wireguardMissing =
  networkNamespacesMissing() ??
  (existsSync('/dev/net/tun') ? null : 'there is no /dev/net/tun') ??
  ['wireguard-go', 'wg', 'nft', 'iperf3', 'socat', 'ping']
    .filter((name) => findProgram(name) === null)
    .map((name) => `${name} is not installed`)
    .find(() => true) ??
  null;

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

export const socketOf = (name: string) => `/var/run/wireguard/${name}.sock`;

export const wg = (input: string, ...args: string[]) => execFileSync('wg', args, { input, encoding: 'utf8' }).trim();

export interface Ends {
  readonly network: NetworkNamespaces;
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
export async function bothEnds(
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
  const command = [
    join(ROOT, 'packages/client/bin/zeronaut.mjs'),
    'wg',
    'run',
    ourFile,
    '--backend',
    'typescript',
    ...more,
  ];
  const zeronaut = spawnProcess(t, ...ours.inside(NODE, command), { cwd: directory });
  await zeronaut.waitForLine(/is up on UDP port 51820/);
  return { network, ours, theirs, zeronaut, ourKey, theirKey, directory, names };
}

/** Until an answer comes: addresses of IPv6 on the wire need their moment, and a lost handshake message five seconds. */
export function ping(from: Namespace, to: string, ...more: string[]): Promise<unknown> {
  return waitFor(
    () =>
      from.run('ping', ['-c', '1', '-W', '1', ...more, to]).then(
        () => true,
        () => false,
      ),
    { what: `${to} answers`, timeoutMs: 40_000 },
  );
}
