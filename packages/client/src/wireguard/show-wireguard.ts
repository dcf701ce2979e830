import { join } from 'node:path';
import { listUapi, readUapi, UAPI_DIRECTORY } from '@zeronaut/tunnel/wireguard';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import type { Output } from '../output/output.ts';

interface ShownPeer {
  publicKey: string;
  hasPresharedKey: boolean;
  endpoint: string | null;
  allowedIps: string[];
  /** ISO 8601; null: never. */
  latestHandshakeAt: string | null;
  receivedBytes: number;
  sentBytes: number;
  /** Seconds; 0: off. */
  persistentKeepalive: number;
}

interface ShownInterface {
  interface: string;
  listenPort: number | null;
  fwmark: number;
  peers: ShownPeer[];
}

export async function showWireguard(name: string | undefined, output: Output): Promise<void> {
  const known = await listed(() => listUapi());
  if (name !== undefined && !known.includes(name)) {
    throw new CliError(`there is no interface ${name} in a program on this machine`, {
      reason: 'cli.not_found',
      next: 'Run zeronaut wg show to see what there is. Interfaces of the kernel are shown by wg of wireguard-tools.',
      exitCode: EXIT.notFound,
    });
  }
  const shown: ShownInterface[] = [];
  for (const each of name === undefined ? known : [name]) {
    try {
      shown.push(parseAnswer(each, await readUapi(join(UAPI_DIRECTORY, `${each}.sock`))));
    } catch (error) {
      // A file that a killed program left behind is no interface; asked for by its name it is an error.
      if (name === undefined && (error as NodeJS.ErrnoException).code === 'ECONNREFUSED') continue;
      throw toCliError(error);
    }
  }
  output.document(shown);
  if (shown.length === 0) output.line('no WireGuard interface runs in a program on this machine');
  for (const each of shown) print(each, output);
}

async function listed<T>(read: () => T): Promise<T> {
  try {
    return read();
  } catch (error) {
    throw toCliError(error);
  }
}

function toCliError(error: unknown): CliError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM') {
    return new CliError('only root may ask the interfaces', {
      reason: 'cli.not_permitted',
      next: 'Run it as root.',
      cause: error,
    });
  }
  return new CliError(message, { cause: error });
}

function parseAnswer(name: string, lines: readonly string[]): ShownInterface {
  const shown: ShownInterface = { interface: name, listenPort: null, fwmark: 0, peers: [] };
  let peer: ShownPeer | undefined;
  for (const line of lines) {
    const equals = line.indexOf('=');
    const key = line.slice(0, equals);
    const value = line.slice(equals + 1);
    if (key === 'listen_port') shown.listenPort = Number(value);
    else if (key === 'fwmark') shown.fwmark = Number(value);
    else if (key === 'public_key') {
      peer = {
        publicKey: Buffer.from(value, 'hex').toString('base64'),
        hasPresharedKey: false,
        endpoint: null,
        allowedIps: [],
        latestHandshakeAt: null,
        receivedBytes: 0,
        sentBytes: 0,
        persistentKeepalive: 0,
      };
      shown.peers.push(peer);
    } else if (peer !== undefined) setField(peer, key, value);
  }
  return shown;
}

function setField(peer: ShownPeer, key: string, value: string): void {
  if (key === 'preshared_key') peer.hasPresharedKey = /[^0]/.test(value);
  else if (key === 'endpoint') peer.endpoint = value;
  else if (key === 'allowed_ip') peer.allowedIps.push(value);
  else if (key === 'rx_bytes') peer.receivedBytes = Number(value);
  else if (key === 'tx_bytes') peer.sentBytes = Number(value);
  else if (key === 'persistent_keepalive_interval') peer.persistentKeepalive = Number(value);
  else if (key === 'last_handshake_time_sec' && value !== '0') {
    peer.latestHandshakeAt = new Date(Number(value) * 1000).toISOString();
  }
}

function print(shown: ShownInterface, output: Output): void {
  output.line(output.style('bold', `interface ${shown.interface}`));
  output.line(`  listening port: ${shown.listenPort ?? 'none'}`);
  if (shown.fwmark !== 0) output.line(`  fwmark: 0x${shown.fwmark.toString(16)}`);
  for (const peer of shown.peers) {
    output.line();
    output.line(output.style('bold', `  peer ${peer.publicKey}`));
    if (peer.hasPresharedKey) output.line('    pre-shared key: yes');
    output.line(`    endpoint: ${peer.endpoint ?? 'unknown'}`);
    output.line(`    allowed IPs: ${peer.allowedIps.join(', ') || 'none'}`);
    output.line(`    latest handshake: ${peer.latestHandshakeAt ?? 'never'}`);
    output.line(`    transfer: ${peer.receivedBytes} B received, ${peer.sentBytes} B sent`);
    if (peer.persistentKeepalive > 0) output.line(`    persistent keep-alive: every ${peer.persistentKeepalive} s`);
  }
}
