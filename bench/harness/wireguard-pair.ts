import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Namespace, type SpawnedProcess, spawnProcess, waitFor } from '@zeronaut/testkit';
import { NODE, ROOT } from '../../scripts/npm-packages.mjs';
import { program } from './stage.ts';

/** Who carries a tunnel: ours with the fastest AEAD path, ours with OpenSSL's EVP only, or the peer. */
export type Carrier = 'ours' | 'ours-evp' | 'wireguard-go';

type Hooks = Parameters<typeof spawnProcess>[0];

export interface End {
  readonly namespace: Namespace;
  readonly interfaceName: string;
  /** Inside the tunnel. */
  readonly address: string;
  readonly process: SpawnedProcess;
}

/** A tunnel between two namespaces, up and used once. */
export interface WireguardPair {
  readonly carrier: Carrier;
  readonly near: End;
  readonly far: End;
}

export interface PairOptions {
  readonly carrier: Carrier;
  /** Tells the pairs of one run apart: inner network 10.7.ID.0/24, ports, interface names. */
  readonly id: number;
  readonly near: Namespace;
  readonly far: Namespace;
  readonly nearAddress: string;
  readonly farAddress: string;
  readonly directory: string;
  readonly lanes?: number;
}

const wg = (input: string, ...args: string[]) => execFileSync(program('wg'), args, { input, encoding: 'utf8' }).trim();

export interface EndOptions {
  readonly carrier: Carrier;
  readonly namespace: Namespace;
  readonly interfaceName: string;
  readonly address: string;
  readonly directory: string;
  /** `[Interface]` without address, and the peers, as `wg setconf` reads it. */
  readonly configuration: string;
  /** Of ours; default: what it chooses itself. */
  readonly lanes?: number;
  /** The one core it may use; default: all. */
  readonly core?: number;
}

/** One end; both carriers get the same configuration, MTU and address. */
export async function startEnd(hooks: Hooks, options: EndOptions): Promise<End> {
  const { carrier, namespace, interfaceName, address, directory, configuration } = options;
  mkdirSync(directory, { recursive: true });
  const file = join(directory, `${interfaceName}.conf`);
  const socket = `/var/run/wireguard/${interfaceName}.sock`;
  hooks.after(() => rmSync(socket, { force: true }));
  const pinned = (command: string, args: readonly string[]): [string, string[]] =>
    options.core === undefined
      ? namespace.inside(command, args)
      : namespace.inside(program('taskset'), ['-c', String(options.core), command, ...args]);
  if (carrier === 'wireguard-go') {
    writeFileSync(file, configuration, { mode: 0o600 });
    const process = spawnProcess(hooks, ...pinned(program('wireguard-go'), ['-f', interfaceName]), { cwd: directory });
    await waitFor(() => existsSync(socket), { what: 'wireguard-go' });
    await namespace.run('wg', ['setconf', interfaceName, file]);
    await namespace.run('ip', ['address', 'add', `${address}/24`, 'dev', interfaceName]);
    await namespace.run('ip', ['link', 'set', interfaceName, 'mtu', '1420', 'up']);
    return { namespace, interfaceName, address, process };
  }
  writeFileSync(file, configuration.replace('[Interface]\n', `[Interface]\nAddress = ${address}/24\n`), {
    mode: 0o600,
  });
  const lanes = options.lanes === undefined ? [] : ['--lanes', String(options.lanes)];
  const process_ = spawnProcess(
    hooks,
    ...pinned(NODE, [
      join(ROOT, 'packages/client/bin/zeronaut.mjs'),
      'wg',
      'run',
      file,
      '--backend',
      'typescript',
      ...lanes,
    ]),
    {
      cwd: directory,
      env: { ...process.env, ZERONAUT_WG_AEAD: carrier === 'ours-evp' ? 'evp' : 'auto' },
    },
  );
  await process_.waitForLine(/is up on UDP port/);
  return { namespace, interfaceName, address, process: process_ };
}

export async function startPair(hooks: Hooks, options: PairOptions): Promise<WireguardPair> {
  const { carrier, id, near, far, directory } = options;
  const [nearKey, farKey] = [wg('', 'genkey'), wg('', 'genkey')];
  const end = (side: 'near' | 'far', own: string, other: string, endpoint: string, otherAddress: string) =>
    `[Interface]\nPrivateKey = ${own}\nListenPort = ${side === 'near' ? 52_000 + id : 53_000 + id}\n` +
    `[Peer]\nPublicKey = ${wg(other, 'pubkey')}\nAllowedIPs = ${otherAddress}/32\nEndpoint = ${endpoint}\n`;
  const [nearInner, farInner] = [`10.7.${id}.1`, `10.7.${id}.2`];
  // Sequentially: whoever is first says so into a void, and again five seconds later.
  const farEnd = await startEnd(hooks, {
    ...{ carrier, directory, lanes: options.lanes, namespace: far, interfaceName: `znb${id}f`, address: farInner },
    configuration: end('far', farKey, nearKey, `${options.nearAddress}:${52_000 + id}`, nearInner),
  });
  const nearEnd = await startEnd(hooks, {
    ...{ carrier, directory, lanes: options.lanes, namespace: near, interfaceName: `znb${id}n`, address: nearInner },
    configuration: end('near', nearKey, farKey, `${options.farAddress}:${53_000 + id}`, farInner),
  });
  await near.run('ping', ['-c', '3', '-i', '0.2', '-W', '2', farInner]);
  return { carrier, near: nearEnd, far: farEnd };
}

/** Bytes that came out of the tunnel at this end, from the counters of its interface. */
export async function receivedBytes(end: End): Promise<number> {
  const path = `/sys/class/net/${end.interfaceName}/statistics/rx_bytes`;
  return Number(await end.namespace.run('cat', [path]));
}

/** CPU time of a process with all its threads, in seconds. */
export function cpuSeconds(end: End): number {
  const fields = readFileSync(`/proc/${end.process.child.pid}/stat`, 'latin1').split(') ')[1]!.split(' ');
  // proc(5): utime and stime in clock ticks, of which Linux has 100 a second on every architecture.
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Resident memory of a process, in bytes. */
export function residentBytesOf(end: End): number {
  const status = readFileSync(`/proc/${end.process.child.pid}/status`, 'latin1');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
}
