import type { Endpoint } from './data-plane.ts';
import type { AllowedIpChange, Engine } from './engine.ts';
import type { Peer } from './peer.ts';
import {
  formatEndpoint,
  formatNetwork,
  parseEndpoint,
  parseHexKey,
  parseNetwork,
  parseUnsigned,
} from './text-values.ts';

/**
 * The cross-platform control protocol (wireguard.com/xplatform): what `wg` of wireguard-tools speaks. A set operation is
 * read to its end before anything is changed: a mistake in it changes nothing.
 */

/** Linux numbers, which the protocol sends. */
export const ERRNO = { none: 0, io: 5, invalid: 22, noSpace: 28, protocol: 71, addressInUse: 98 } as const;

interface PeerChange {
  readonly publicKey: Uint8Array;
  updateOnly: boolean;
  remove: boolean;
  presharedKey?: Uint8Array;
  endpoint?: Endpoint;
  persistentKeepalive?: number;
  replaceAllowedIps: boolean;
  /** In the order of their lines: a network may come and go. */
  networks: AllowedIpChange[];
}

export interface SetOperation {
  /** Undefined: as it is. All zero: none from now on. */
  privateKey?: Uint8Array;
  listenPort?: number;
  fwmark?: number;
  replacePeers: boolean;
  readonly peers: PeerChange[];
}

/** The lines between `set=1` and the empty one; a number is an errno. */
export function parseSet(lines: readonly string[]): SetOperation | number {
  const operation: SetOperation = { replacePeers: false, peers: [] };
  let peer: PeerChange | undefined;
  for (const line of lines) {
    const equals = line.indexOf('=');
    if (equals === -1) return ERRNO.protocol;
    const key = line.slice(0, equals);
    const value = line.slice(equals + 1);
    if (key === 'public_key') {
      const publicKey = parseHexKey(value);
      if (publicKey === undefined) return ERRNO.invalid;
      peer = { publicKey, updateOnly: false, remove: false, replaceAllowedIps: false, networks: [] };
      operation.peers.push(peer);
    } else if (!(peer === undefined ? setDevice(operation, key, value) : setPeer(peer, key, value))) {
      return ERRNO.invalid;
    }
  }
  return operation;
}

function setDevice(operation: SetOperation, key: string, value: string): boolean {
  switch (key) {
    case 'private_key':
      operation.privateKey = parseHexKey(value);
      return operation.privateKey !== undefined;
    case 'listen_port':
      operation.listenPort = parseUnsigned(value, 65_535);
      return operation.listenPort !== undefined;
    case 'fwmark':
      operation.fwmark = parseUnsigned(value, 2 ** 32 - 1);
      return operation.fwmark !== undefined;
    case 'replace_peers':
      operation.replacePeers = true;
      return value === 'true';
    default:
      return false;
  }
}

function setPeer(peer: PeerChange, key: string, value: string): boolean {
  switch (key) {
    case 'update_only':
      peer.updateOnly = true;
      return value === 'true';
    case 'remove':
      peer.remove = true;
      return value === 'true';
    case 'preshared_key':
      peer.presharedKey = parseHexKey(value);
      return peer.presharedKey !== undefined;
    case 'endpoint':
      peer.endpoint = parseEndpoint(value);
      return peer.endpoint !== undefined;
    case 'persistent_keepalive_interval':
      peer.persistentKeepalive = parseUnsigned(value, 65_535);
      return peer.persistentKeepalive !== undefined;
    case 'replace_allowed_ips':
      peer.replaceAllowedIps = true;
      // What was added before in this operation goes too.
      peer.networks = [];
      return value === 'true';
    case 'allowed_ip': {
      const isRemoved = value.startsWith('-');
      const network = parseNetwork(isRemoved ? value.slice(1) : value);
      if (network !== undefined) peer.networks.push({ network, isRemoved });
      return network !== undefined;
    }
    case 'protocol_version':
      return value === '1';
    default:
      return false;
  }
}

/** Returns an errno. The socket comes first: it alone can fail for a reason outside. */
export async function applySet(engine: Engine, operation: SetOperation): Promise<number> {
  const { listenPort = engine.port, fwmark = engine.fwmark } = operation;
  if (operation.listenPort !== undefined || operation.fwmark !== undefined) {
    try {
      await engine.bind(listenPort, fwmark);
    } catch {
      // The packet path says only that it kept the old socket; a port in use is why that happens.
      return ERRNO.addressInUse;
    }
  }
  if (operation.privateKey !== undefined) {
    engine.setPrivateKey(operation.privateKey.every((byte) => byte === 0) ? undefined : operation.privateKey);
    operation.privateKey.fill(0);
  }
  if (operation.replacePeers) for (const peer of [...engine.peers]) engine.removePeer(peer.publicKey);
  for (const change of operation.peers) {
    if (change.remove) {
      engine.removePeer(change.publicKey);
      continue;
    }
    const isOwn = engine.publicKey !== undefined && Buffer.from(engine.publicKey).equals(change.publicKey);
    const peer = change.updateOnly ? engine.findPeer(change.publicKey) : engine.addPeer(change.publicKey);
    if (peer === undefined) {
      // A peer that does not exist is not updated, and one's own key is no peer; both are ignored, as elsewhere.
      if (change.updateOnly || isOwn) continue;
      return ERRNO.noSpace;
    }
    if (!changePeer(engine, peer, change)) return ERRNO.noSpace;
  }
  return ERRNO.none;
}

function changePeer(engine: Engine, peer: Peer, change: PeerChange): boolean {
  if (change.presharedKey !== undefined) {
    peer.setPresharedKey(change.presharedKey);
    change.presharedKey.fill(0);
  }
  if (change.endpoint !== undefined) peer.setEndpoint(change.endpoint);
  if (change.replaceAllowedIps || change.networks.length > 0) {
    try {
      engine.changeAllowedIps(peer, { replace: change.replaceAllowedIps, changes: change.networks });
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
  }
  if (change.persistentKeepalive !== undefined) peer.setPersistentKeepalive(change.persistentKeepalive);
  return true;
}

/** The answer to `get=1`, without its errno. It contains the private key: the socket is for its owner only. */
export function formatGet(engine: Engine): string {
  const lines: string[] = [];
  if (engine.privateKey !== undefined) lines.push(`private_key=${hex(engine.privateKey)}`);
  lines.push(`listen_port=${engine.port}`);
  if (engine.fwmark !== 0) lines.push(`fwmark=${engine.fwmark}`);
  for (const peer of engine.peers) {
    const { sentBytes, receivedBytes } = engine.transferOf(peer);
    lines.push(`public_key=${hex(peer.publicKey)}`, `preshared_key=${hex(peer.presharedKey)}`, 'protocol_version=1');
    if (peer.endpoint !== undefined) lines.push(`endpoint=${formatEndpoint(peer.endpoint)}`);
    lines.push(
      `last_handshake_time_sec=${Math.floor(peer.lastHandshakeAt / 1000)}`,
      `last_handshake_time_nsec=${Math.floor(peer.lastHandshakeAt % 1000) * 1_000_000}`,
      `tx_bytes=${sentBytes}`,
      `rx_bytes=${receivedBytes}`,
      `persistent_keepalive_interval=${peer.persistentKeepaliveSeconds}`,
    );
    for (const network of engine.allowedIpsOf(peer)) lines.push(`allowed_ip=${formatNetwork(network)}`);
  }
  return lines.map((line) => `${line}\n`).join('');
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
