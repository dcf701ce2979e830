import type { AllowedIp, Endpoint } from './data-plane.ts';
import { parseEndpoint, parseHexKey, parseNetwork } from './text-values.ts';
import { importDhKeyPair } from './x25519.ts';

/** What an interface says of itself, whoever runs it. It names no private key. */
export interface InterfaceState {
  readonly name: string;
  /** `kernel`: in the kernel; `program`: a program serves its control socket. */
  readonly runsIn: 'kernel' | 'program';
  /** 32 bytes; undefined without a private key. */
  readonly publicKey: Uint8Array | undefined;
  /** 0: none. */
  readonly listenPort: number;
  /** 0: off. */
  readonly fwmark: number;
  readonly peers: readonly PeerState[];
}

export interface PeerState {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly hasPresharedKey: boolean;
  readonly endpoint: Endpoint | undefined;
  readonly allowedIps: readonly AllowedIp[];
  /** Milliseconds since 1970; 0: never. */
  readonly lastHandshakeAt: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** Seconds; 0: off. */
  readonly persistentKeepalive: number;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** From the lines that a control socket answers a get with; what is not known, or no value, is left out. */
export function parseState(name: string, lines: readonly string[]): InterfaceState {
  const peers: PeerState[] = [];
  const state: Writable<InterfaceState> = {
    name,
    runsIn: 'program',
    publicKey: undefined,
    listenPort: 0,
    fwmark: 0,
    peers,
  };
  let peer: (Writable<PeerState> & { allowedIps: AllowedIp[] }) | undefined;
  for (const line of lines) {
    const equals = line.indexOf('=');
    const key = line.slice(0, equals);
    const value = line.slice(equals + 1);
    if (key === 'public_key') {
      const publicKey = parseHexKey(value);
      peer = publicKey === undefined ? undefined : newPeer(publicKey);
      if (peer !== undefined) peers.push(peer);
    } else if (key === 'private_key') state.publicKey = publicKeyOf(value);
    else if (key === 'listen_port') state.listenPort = numberOf(value);
    else if (key === 'fwmark') state.fwmark = numberOf(value);
    else if (peer === undefined) continue;
    else if (key === 'preshared_key') peer.hasPresharedKey = /[^0]/.test(value);
    else if (key === 'endpoint') peer.endpoint = parseEndpoint(value);
    else if (key === 'rx_bytes') peer.receivedBytes = numberOf(value);
    else if (key === 'tx_bytes') peer.sentBytes = numberOf(value);
    else if (key === 'persistent_keepalive_interval') peer.persistentKeepalive = numberOf(value);
    else if (key === 'last_handshake_time_sec') peer.lastHandshakeAt += numberOf(value) * 1000;
    else if (key === 'last_handshake_time_nsec') peer.lastHandshakeAt += Math.floor(numberOf(value) / 1e6);
    else if (key === 'allowed_ip') {
      const network = parseNetwork(value);
      if (network !== undefined) peer.allowedIps.push(network);
    }
  }
  return state;
}

export function newPeer(publicKey: Uint8Array): Writable<PeerState> & { allowedIps: AllowedIp[] } {
  return {
    publicKey,
    hasPresharedKey: false,
    endpoint: undefined,
    allowedIps: [],
    lastHandshakeAt: 0,
    receivedBytes: 0,
    sentBytes: 0,
    persistentKeepalive: 0,
  };
}

/** The socket tells the private key to root; nothing of it stays here. */
function publicKeyOf(privateKey: string): Uint8Array | undefined {
  const bytes = parseHexKey(privateKey);
  if (bytes === undefined || bytes.every((byte) => byte === 0)) return undefined;
  const { publicKey } = importDhKeyPair(bytes);
  bytes.fill(0);
  return publicKey;
}

function numberOf(text: string): number {
  return /^\d{1,16}$/.test(text) ? Number(text) : 0;
}
