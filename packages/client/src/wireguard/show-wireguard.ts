import {
  formatEndpoint,
  formatNetwork,
  type InterfaceState,
  listInterfaces,
  readInterface,
} from '@zeronaut/tunnel/wireguard';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import type { Output } from '../output/output.ts';

export async function showWireguard(name: string | undefined, output: Output): Promise<void> {
  const known = await asCliError(() => listInterfaces());
  if (name !== undefined && !known.includes(name)) {
    throw new CliError(`there is no WireGuard interface ${name} on this machine`, {
      reason: 'cli.not_found',
      next: 'Run zeronaut wg show to see what there is.',
      exitCode: EXIT.notFound,
    });
  }
  const states: InterfaceState[] = [];
  for (const each of name === undefined ? known : [name]) {
    try {
      states.push(await readInterface(each));
    } catch (error) {
      // A file that a killed program left behind is no interface; asked for by its name it is an error.
      if (name === undefined && (error as NodeJS.ErrnoException).code === 'ECONNREFUSED') continue;
      throw toCliError(error);
    }
  }
  output.document(states.map(toDocument));
  if (states.length === 0) output.line('there is no WireGuard interface on this machine');
  for (const each of states) print(each, output);
}

/** As `--json` shows it. */
function toDocument({ name, runsIn, publicKey, listenPort, fwmark, peers }: InterfaceState) {
  return {
    interface: name,
    runsIn,
    publicKey: publicKey === undefined ? null : base64(publicKey),
    listenPort: listenPort === 0 ? null : listenPort,
    fwmark,
    peers: peers.map((peer) => ({
      publicKey: base64(peer.publicKey),
      hasPresharedKey: peer.hasPresharedKey,
      endpoint: peer.endpoint === undefined ? null : formatEndpoint(peer.endpoint),
      allowedIps: peer.allowedIps.map(formatNetwork),
      latestHandshakeAt: peer.lastHandshakeAt === 0 ? null : new Date(peer.lastHandshakeAt).toISOString(),
      receivedBytes: peer.receivedBytes,
      sentBytes: peer.sentBytes,
      persistentKeepalive: peer.persistentKeepalive,
    })),
  };
}

function print(state: InterfaceState, output: Output): void {
  const { interface: name, publicKey, listenPort, fwmark, peers } = toDocument(state);
  output.line(output.style('bold', `interface ${name}`) + (state.runsIn === 'kernel' ? ' (kernel)' : ''));
  output.line(`  public key: ${publicKey ?? 'none'}`);
  output.line(`  listening port: ${listenPort ?? 'none'}`);
  if (fwmark !== 0) output.line(`  fwmark: 0x${fwmark.toString(16)}`);
  for (const peer of peers) {
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

async function asCliError<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
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

const base64 = (key: Uint8Array) => Buffer.from(key).toString('base64');
