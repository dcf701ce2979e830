import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { connect, type Socket } from 'node:net';
import { Fault, networkContains, parseAddress, parseNetwork } from '@zeronaut/model';
import { matchDestination } from '@zeronaut/policy';

/**
 * Reaches the destinations of `local` sites from the gateway itself. A name is resolved once, its addresses are
 * checked, and the checked address is what is dialled: a second answer of the same name can lead nowhere.
 */
export interface Destination {
  readonly host: string;
  readonly port: number;
}

/**
 * Addresses that mean this machine or its hypervisor: management ports, agents' services and cloud credentials live
 * there. A site that covers them by `*`, by a network or by a name does not open them.
 */
const OWN_ADDRESSES = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '255.255.255.255',
  '::/127',
  'fe80::/10',
  'ff00::/8',
  // Metadata services outside of the link-local ranges: AWS (IPv6), Alibaba, Azure's host.
  'fd00:ec2::254',
  '100.100.100.200',
  '168.63.129.16',
].map((text) => parseNetwork(text)!);

/** More addresses of one name are not tried: each may cost a connect timeout. */
const MAX_ADDRESSES = 3;

/** True when nothing stands against dialling `address` for a site with these destinations. */
export function mayDialLocally(patterns: readonly string[], asked: Destination, address: string): boolean {
  if (!OWN_ADDRESSES.some((network) => networkContains(network, address))) return true;
  // Only an operator who wrote this very address, to somebody who asked for this very address.
  if (parseAddress(asked.host) !== address) return false;
  return matchDestination(patterns.filter(namesOneAddress), asked.host, asked.port);
}

function namesOneAddress(pattern: string): boolean {
  const head = pattern.slice(0, pattern.lastIndexOf(':')).replace(/^\[(.*)\](\/\d+)?$/, '$1$2');
  const network = parseNetwork(head);
  return network !== null && network.bits === (network.kind === 'ipv4' ? 32 : 128);
}

/** Addresses that may be dialled, in the order of the resolver. Rejects with `target.dial_refused` or `forward.denied`. */
export async function resolveLocally(
  patterns: readonly string[],
  asked: Destination,
  timeoutMs: number,
): Promise<string[]> {
  const literal = parseAddress(asked.host);
  const found = literal === null ? await resolve(asked.host, timeoutMs) : [literal];
  const allowed = found.filter((address) => mayDialLocally(patterns, asked, address)).slice(0, MAX_ADDRESSES);
  if (allowed.length > 0) return allowed;
  throw new Fault('forward.denied', { side: 'local', message: `${asked.host} is an address of the gateway itself` });
}

async function resolve(host: string, timeoutMs: number): Promise<string[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Fault('target.dial_timeout', { side: 'upstream' })), timeoutMs);
  });
  try {
    const answers = await Promise.race([lookup(host, { all: true, order: 'verbatim' }), late]);
    return answers.map(({ address }) => parseAddress(address)).filter((address) => address !== null);
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault('target.dial_refused', { side: 'upstream', message: `${host} cannot be resolved`, cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** Tries the addresses one after another. Rejects with the Fault of the last. */
export async function connectTcp(addresses: readonly string[], port: number, timeoutMs: number): Promise<Socket> {
  let fault: unknown;
  for (const address of addresses) {
    try {
      return await connectOne(address, port, timeoutMs);
    } catch (error) {
      fault = error;
    }
  }
  throw fault;
}

function connectOne(address: string, port: number, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, allowHalfOpen: true, noDelay: true, keepAlive: true });
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Fault('target.dial_timeout', { side: 'upstream' }));
    }, timeoutMs);
    const onError = (cause: Error) => {
      clearTimeout(timer);
      reject(new Fault('target.dial_refused', { side: 'upstream', message: cause.message, cause }));
    };
    socket.once('error', onError);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', onError);
      resolve(socket);
    });
  });
}

/** A UDP socket that sends to, and hears from, this one address only. */
export function connectUdp(address: string, port: number): Promise<DatagramSocket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    const onError = (cause: Error) => {
      socket.close();
      reject(new Fault('target.dial_refused', { side: 'upstream', message: cause.message, cause }));
    };
    socket.once('error', onError);
    // Not by the callback of `connect`, which is called for a failure as well.
    socket.once('connect', () => {
      socket.off('error', onError);
      resolve(socket);
    });
    socket.connect(port, address);
  });
}
