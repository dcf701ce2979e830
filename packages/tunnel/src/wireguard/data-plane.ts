/**
 * The seam between the WireGuard protocol and a packet path. The protocol (handshakes, timers, cookies, peers) runs on the main
 * thread and never touches a data packet; a data plane (worker threads over TUN and UDP, the in-memory one of tests) moves data
 * packets and decides nothing: which session sends, when a session is wanted and when it ends is told to it.
 *
 * Words follow the WireGuard paper (Donenfeld, NDSS 2017) and Linux: a *peer* has at most three *keypairs* (previous, current,
 * next); the *local index* is the receiver index that arriving packets carry, the *remote index* the one we write into ours.
 */

/** A small number that names a peer towards the data plane, below `DataPlaneLimits.peers`; used again after `removePeer`. */
export type PeerSlot = number;

/** Where a peer is reached. `address` is IPv4 dotted or IPv6 text without brackets; a zone only on link-local addresses. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** An inner network in cryptokey routing. `bits` are the leading bits that count: 0 to 32 (`address` of 4 bytes) or 128 (16). */
export interface AllowedIp {
  readonly address: Uint8Array;
  readonly bits: number;
}

/** One direction-pair of transport keys as a handshake leaves it. The data plane copies the keys; the caller wipes its own. */
export interface Keypair {
  readonly peer: PeerSlot;
  /** Unsigned 32 bits, unique among the installed keypairs of a data plane. */
  readonly localIndex: number;
  readonly remoteIndex: number;
  /** 32 bytes each. */
  readonly sendKey: Uint8Array;
  readonly receiveKey: Uint8Array;
}

/** What a peer's traffic did, in milliseconds of the clock that the data plane was made with. Undefined: never, or answered. */
export interface PeerActivity {
  /** When the first data packet left that no authenticated packet has followed back since. */
  readonly sentUnansweredSince: number | undefined;
  /** When the first data packet (not a keep-alive) came in that nothing was sent after. */
  readonly receivedUnansweredSince: number | undefined;
  /** Any authenticated transport packet, keep-alives included. */
  readonly lastSentAt: number | undefined;
  readonly lastReceivedAt: number | undefined;
  /** Outer payload bytes as `wg show` counts them: transport messages whole, without IP and UDP headers. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** Told on the main thread, in the order in which they happened for one peer. Handlers do not throw. */
export interface DataPlaneEvents {
  /**
   * A datagram whose first four bytes say handshake initiation, response or cookie reply and whose length fits that type
   * exactly. Valid only during the call. Everything else that is not transport data was dropped and counted. `waiting`:
   * how many more of them have come in already.
   */
  onHandshakeMessage(message: Uint8Array, from: Endpoint, waiting: number): void;
  /** An inner packet waits (staged) for a peer without a sending keypair. Told once until the next `sendWith` or `dropStaged`. */
  onSessionWanted(peer: PeerSlot): void;
  /** The first authenticated packet came in under this keypair: its handshake is confirmed (the responder may now send). */
  onKeypairConfirmed(peer: PeerSlot, localIndex: number): void;
  /** An authenticated packet came from another address than `setEndpoint` or the last roaming named; it is in use already. */
  onRoamed(peer: PeerSlot, endpoint: Endpoint): void;
  /** These peers had traffic since the last call; at most every `ACTIVITY_INTERVAL` milliseconds. Read it with `activity`. */
  onActivity(peers: readonly PeerSlot[]): void;
  /** This keypair has sent `REKEY_AFTER_MESSAGES`; once per keypair. It stops by itself at `REJECT_AFTER_MESSAGES`. */
  onMessagesSpent(peer: PeerSlot, localIndex: number): void;
  /** The packet path cannot go on (the interface is gone, a worker died). Nothing is told after it. */
  onFailed(error: Error): void;
}

/** How often traffic is told about, in milliseconds; the protocol's timers count in seconds. */
export const ACTIVITY_INTERVAL = 100;

/** Datagrams and inner packets that were dropped, by reason; they only grow. */
export interface DropCounters {
  /** Unknown type, wrong length, reserved bytes set. */
  readonly malformed: number;
  /** Transport data for an index that no keypair has. */
  readonly unknownIndex: number;
  /** The tag did not match. */
  readonly forged: number;
  readonly replayed: number;
  /** Authentic, but its inner source address is not one of the peer's, or the inner packet is none. */
  readonly notAllowed: number;
  /** An inner packet for which no peer has an address. */
  readonly noRoute: number;
  /** A peer without an endpoint, a full queue of staged packets, a packet over the MTU. */
  readonly unsendable: number;
}

export interface DataPlane {
  /** The UDP port that is listened on; both IPv4 and IPv6 where the machine has them. */
  readonly port: number;

  addPeer(peer: PeerSlot): void;
  /** Forgets its keypairs (wiped), addresses, endpoint, staged packets and counters. */
  removePeer(peer: PeerSlot): void;
  /** Replaces all of a peer's inner networks. One that another peer has moves to this one, as in Linux. */
  setAllowedIps(peer: PeerSlot, networks: readonly AllowedIp[]): void;
  setEndpoint(peer: PeerSlot, endpoint: Endpoint | undefined): void;

  /** From now on packets with this local index are accepted. Nothing is sent with it yet. */
  installKeypair(keypair: Keypair): void;
  /** Sends with this keypair, staged packets first; undefined: stage until the next. */
  sendWith(peer: PeerSlot, localIndex: number | undefined): void;
  /** No packet is accepted or sent with it any more, and its keys are overwritten. Unknown indices are ignored. */
  removeKeypair(localIndex: number): void;

  /** An empty transport packet, if a keypair to send with and an endpoint are there; false otherwise. */
  sendKeepalive(peer: PeerSlot): boolean;
  /** A handshake message or cookie reply, from the socket that data uses. Copied; failures of the network are dropped. */
  sendHandshakeMessage(message: Uint8Array, to: Endpoint): void;
  dropStaged(peer: PeerSlot): void;

  activity(peer: PeerSlot): PeerActivity;
  drops(): DropCounters;
  /** Opens a socket on another port (0: any) before the old one is closed. Rejects, and keeps the old, if it is taken. */
  rebind(port: number, fwmark: number): Promise<void>;
  /** Closes sockets and interface, ends the workers, wipes all keys. */
  close(): Promise<void>;
}

/** Inner packets that wait for a session, per peer, as in wireguard-go and Linux. */
export const STAGED_PACKETS_LIMIT = 128;
