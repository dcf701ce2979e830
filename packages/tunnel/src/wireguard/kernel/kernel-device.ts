/**
 * WireGuard of the Linux kernel (include/uapi/linux/wireguard.h): an interface there is made with `ip`, and told its keys and
 * peers over generic netlink. The kernel's own clock, handshakes and packet path do the rest, and `wg` speaks to it directly.
 */
import { ip } from '../../os/ip-command.ts';
import {
  type Attribute,
  attribute,
  attributesOf,
  GenericNetlink,
  nested,
  text,
  u8,
  u16,
  u32,
} from '../../os/netlink.ts';
import {
  AF_INET,
  AF_INET6,
  decodeSocketAddress,
  encodeSocketAddress,
  SOCKET_ADDRESS_BYTES,
} from '../../os/socket-address.ts';
import type { AllowedIp, Endpoint } from '../data-plane.ts';
import { type InterfaceState, newPeer, type PeerState } from '../interface-state.ts';

const GET_DEVICE = 0;
const SET_DEVICE = 1;
const DEVICE = { name: 2, privateKey: 3, publicKey: 4, flags: 5, listenPort: 6, fwmark: 7, peers: 8 } as const;
const DEVICE_FLAG = { replacePeers: 1 } as const;
const PEER = {
  ...{ publicKey: 1, presharedKey: 2, flags: 3, endpoint: 4, persistentKeepalive: 5, lastHandshake: 6 },
  ...{ receivedBytes: 7, sentBytes: 8, allowedIps: 9 },
} as const;
const PEER_FLAG = { replaceAllowedIps: 2 } as const;
const ALLOWED_IP = { family: 1, address: 2, bits: 3 } as const;

/** One message is at most about so long; the rest follows in others. Attributes cannot be longer than 64 KiB. */
const MESSAGE_BYTES = 16 * 1024;

export interface DeviceSettings {
  readonly privateKey: Uint8Array | undefined;
  /** 0: any. */
  readonly listenPort: number;
  /** 0: off. */
  readonly fwmark: number;
  readonly peers: readonly PeerSettings[];
}

export interface PeerSettings {
  readonly publicKey: Uint8Array;
  readonly presharedKey: Uint8Array | undefined;
  readonly endpoint: Endpoint | undefined;
  /** Seconds; 0: off. */
  readonly persistentKeepalive: number;
  readonly allowedIps: readonly AllowedIp[];
}

/** Undefined: this kernel has no WireGuard, and no module of it. */
export function openKernelWireguard(): KernelWireguard | undefined {
  if (process.platform !== 'linux') return undefined;
  const netlink = GenericNetlink.open('wireguard');
  return netlink === undefined ? undefined : new KernelWireguard(netlink);
}

export class KernelWireguard {
  readonly #netlink: GenericNetlink;

  constructor(netlink: GenericNetlink) {
    this.#netlink = netlink;
  }

  /** Replaces all that the interface has. Throws an error with `code`: `EPERM` without CAP_NET_ADMIN, `EADDRINUSE`, ... */
  set(name: string, settings: DeviceSettings): void {
    const { privateKey = new Uint8Array(32), listenPort, fwmark, peers } = settings;
    const [first = [], ...rest] = packPeers(peers);
    this.#netlink.request(SET_DEVICE, [
      attribute(DEVICE.name, text(name)),
      attribute(DEVICE.privateKey, privateKey),
      attribute(DEVICE.listenPort, u16(listenPort)),
      attribute(DEVICE.fwmark, u32(fwmark)),
      attribute(DEVICE.flags, u32(DEVICE_FLAG.replacePeers)),
      nested(DEVICE.peers, first),
    ]);
    for (const more of rest) {
      this.#netlink.request(SET_DEVICE, [attribute(DEVICE.name, text(name)), nested(DEVICE.peers, more)]);
    }
  }

  get(name: string): InterfaceState {
    const peers: PeerState[] = [];
    const found = { name, runsIn: 'kernel' as const, listenPort: 0, fwmark: 0, peers };
    let publicKey: Uint8Array | undefined;
    for (const message of this.#netlink.dump(GET_DEVICE, [attribute(DEVICE.name, text(name))])) {
      for (const { type, payload } of message) {
        if (type === DEVICE.listenPort && payload.byteLength >= 2) found.listenPort = payload.getUint16(0, true);
        else if (type === DEVICE.publicKey && payload.byteLength === 32) publicKey = bytesOf({ type, payload });
        else if (type === DEVICE.fwmark && payload.byteLength >= 4) found.fwmark = payload.getUint32(0, true);
        else if (type === DEVICE.peers) readPeers(payload, peers);
      }
    }
    return { ...found, publicKey };
  }

  close(): void {
    this.#netlink.close();
  }
}

/** Names of the kernel's WireGuard interfaces, those of this network namespace. */
export async function listKernelDevices(): Promise<string[]> {
  const output = await ip('-json', 'link', 'show', 'type', 'wireguard');
  // A kernel that does not know the type lists empty objects for all interfaces.
  const links = (output.trim() === '' ? [] : JSON.parse(output)) as { ifname?: string }[];
  return links.map(({ ifname }) => ifname).filter((name) => name !== undefined);
}

/** Peers as attributes, in messages; of a peer with very many networks the later ones come again under its key. */
export function packPeers(peers: readonly PeerSettings[]): Uint8Array[][] {
  const messages: Uint8Array[][] = [];
  let open: Uint8Array[] = [];
  let used = 0;
  const put = (peer: Uint8Array) => {
    if (used > 0 && used + peer.length > MESSAGE_BYTES) {
      messages.push(open);
      open = [];
      used = 0;
    }
    open.push(peer);
    used += peer.length;
  };
  for (const peer of peers) {
    const parts = [attribute(PEER.publicKey, peer.publicKey), attribute(PEER.flags, u32(PEER_FLAG.replaceAllowedIps))];
    parts.push(attribute(PEER.presharedKey, peer.presharedKey ?? new Uint8Array(32)));
    parts.push(attribute(PEER.persistentKeepalive, u16(peer.persistentKeepalive)));
    if (peer.endpoint !== undefined) parts.push(attribute(PEER.endpoint, socketAddress(peer.endpoint)));
    const networks = peer.allowedIps.map(packNetwork);
    do {
      const now: Uint8Array[] = [];
      for (let size = 0; networks.length > 0 && size < MESSAGE_BYTES / 2; ) {
        const network = networks.shift() as Uint8Array;
        now.push(network);
        size += network.length;
      }
      put(nested(0, [...parts, nested(PEER.allowedIps, now)]));
      parts.length = 1;
    } while (networks.length > 0);
  }
  if (used > 0) messages.push(open);
  return messages;
}

function packNetwork({ address, bits }: AllowedIp): Uint8Array {
  return nested(0, [
    attribute(ALLOWED_IP.family, u16(address.length === 4 ? AF_INET : AF_INET6)),
    attribute(ALLOWED_IP.address, address),
    attribute(ALLOWED_IP.bits, u8(bits)),
  ]);
}

function socketAddress(endpoint: Endpoint): Uint8Array {
  const bytes = new Uint8Array(SOCKET_ADDRESS_BYTES);
  const family = endpoint.address.includes(':') ? AF_INET6 : AF_INET;
  return bytes.subarray(0, encodeSocketAddress(bytes, 0, endpoint, family));
}

/** Into `peers`; networks of a peer that comes again are added to it. */
export function readPeers(list: DataView, peers: PeerState[]): void {
  for (const { payload } of attributesOf(list)) {
    const attributes = attributesOf(payload);
    const key = bytesOf(attributes.find(({ type }) => type === PEER.publicKey));
    if (key?.length !== 32) continue;
    const last = peers.at(-1);
    const isSame = last !== undefined && Buffer.from(last.publicKey).equals(key);
    const peer = isSame ? (last as ReturnType<typeof newPeer>) : newPeer(key);
    if (!isSame) peers.push(peer);
    for (const each of attributes) readPeerAttribute(peer, each);
  }
}

function readPeerAttribute(peer: ReturnType<typeof newPeer>, { type, payload }: Attribute): void {
  const size = payload.byteLength;
  if (type === PEER.presharedKey) {
    peer.hasPresharedKey = bytesOf({ type, payload })?.some((byte) => byte !== 0) ?? false;
  } else if (type === PEER.endpoint && size >= 16) {
    const padded = new Uint8Array(SOCKET_ADDRESS_BYTES);
    padded.set(new Uint8Array(payload.buffer, payload.byteOffset, Math.min(size, padded.length)));
    peer.endpoint = decodeSocketAddress(padded, 0);
  } else if (type === PEER.persistentKeepalive && size >= 2) {
    peer.persistentKeepalive = payload.getUint16(0, true);
  } else if (type === PEER.lastHandshake && size >= 16) {
    const [seconds, nanoseconds] = [payload.getBigInt64(0, true), payload.getBigInt64(8, true)];
    peer.lastHandshakeAt = Number(seconds) * 1000 + Math.floor(Number(nanoseconds) / 1e6);
  } else if (type === PEER.receivedBytes && size >= 8) {
    peer.receivedBytes = Number(payload.getBigUint64(0, true));
  } else if (type === PEER.sentBytes && size >= 8) {
    peer.sentBytes = Number(payload.getBigUint64(0, true));
  } else if (type === PEER.allowedIps) {
    for (const each of attributesOf(payload)) {
      const parts = attributesOf(each.payload);
      const address = bytesOf(parts.find((part) => part.type === ALLOWED_IP.address));
      const bits = bytesOf(parts.find((part) => part.type === ALLOWED_IP.bits))?.[0];
      if (bits !== undefined && (address?.length === 4 || address?.length === 16)) {
        peer.allowedIps.push({ address, bits });
      }
    }
  }
}

function bytesOf(found: Attribute | undefined): Uint8Array | undefined {
  if (found === undefined) return undefined;
  const { buffer, byteOffset, byteLength } = found.payload;
  return new Uint8Array(buffer, byteOffset, byteLength);
}
