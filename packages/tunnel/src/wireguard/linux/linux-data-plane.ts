/**
 * The packet path over a TUN interface and UDP sockets: lanes of two worker threads that block, one for each direction, and this
 * class on the main thread, which changes their tables and tells the protocol what they saw. It touches no data packet.
 */
import { availableParallelism } from 'node:os';
import { closeFile, eventfd, sendto, systemError } from '../../os/libc.ts';
import { monotonicMs } from '../../os/monotonic.ts';
import { encodeSocketAddress } from '../../os/socket-address.ts';
import { openTun, type Tun } from '../../os/tun.ts';
import { openUdpSockets, type UdpSockets } from '../../os/udp-socket.ts';
import type { Aead } from '../aead/aead.ts';
import { type AeadChoice, aeadChoice } from '../aead/choose-aead.ts';
import { createEvpAead, freeContext, overwriteContextKey } from '../aead/evp-aead.ts';
import { AllowedIps } from '../allowed-ips.ts';
import type {
  AllowedIp,
  DataPlane,
  DataPlaneEvents,
  DropCounters,
  Endpoint,
  Keypair,
  PeerActivity,
  PeerSlot,
} from '../data-plane.ts';
import {
  CONTROL,
  KEYPAIR,
  KEYPAIR_FLAG,
  layOut,
  MAIN,
  MAX_PACKET,
  PEER,
  SCRATCH,
  THREAD,
  type ThreadLayout,
} from './layout.ts';
import { createPacketMemory } from './packet-code.ts';
import { type LaneFiles, PacketWorkers } from './packet-workers.ts';
import { PlaneEvents } from './plane-events.ts';
import { StagedPackets } from './staged-packets.ts';
import { acquire, contextRecord, PeerRing, release, Tables, threadsOf } from './tables.ts';

const MSG_DONTWAIT = 0x40;
const EFD_CLOEXEC = 0o2000000;
const EFD_NONBLOCK = 0o4000;
/** Linux: what an IPv6 interface must carry (RFC 8200, 5) is 1,280; IPv4 may go lower. */
const LEAST_MTU = 576;
export const MAX_LANES = 8;

/** Both threads of a lane can be busy at once; more than four lanes are for those who ask. */
const defaultLanes = () => Math.max(1, Math.min(4, availableParallelism() >> 1));

export interface LinuxDataPlaneOptions {
  /** At most 15 bytes; `%d` in it is a number that the system chooses. */
  readonly interfaceName: string;
  /** Of inner packets, 576 to 9,216 bytes. Default 1,420: an outer packet of 1,500 bytes over IPv6. */
  readonly mtu?: number;
  /** UDP port; 0 (default): any. */
  readonly port?: number;
  /** Mark of outgoing datagrams; 0 (default): none. */
  readonly fwmark?: number;
  /** How many peers there can be, default 10,000. */
  readonly peers?: number;
  /** How many inner networks all of them can have, default four for each peer. */
  readonly networks?: number;
  /** Pairs of packet threads, 1 to `MAX_LANES`. Default: one for each two cores, at most four. */
  readonly lanes?: number;
  /** Default: what `ZERONAUT_WG_AEAD` says. */
  readonly aead?: AeadChoice;
  readonly events: DataPlaneEvents;
}

/** Rejects with an error that has a `code` (`EPERM`, `EADDRINUSE`, `EBUSY`, `EINVAL`, ...); then nothing is left open. */
export async function createLinuxDataPlane(options: LinuxDataPlaneOptions): Promise<LinuxDataPlane> {
  const mtu = options.mtu ?? 1420;
  if (!Number.isInteger(mtu) || mtu < LEAST_MTU || mtu > MAX_PACKET) {
    throw Object.assign(new Error(`an MTU is ${LEAST_MTU} to ${MAX_PACKET}, not ${mtu}`), { code: 'EINVAL' });
  }
  const lanes = options.lanes ?? defaultLanes();
  if (!Number.isInteger(lanes) || lanes < 1 || lanes > MAX_LANES) {
    throw Object.assign(new Error(`lanes are 1 to ${MAX_LANES}, not ${lanes}`), { code: 'EINVAL' });
  }
  const opened: { close(): void }[] = [];
  const waker = () => {
    const fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0) throw systemError('eventfd');
    opened.push({ close: () => closeFile(fd) });
    return fd;
  };
  try {
    const tun = openTun(options.interfaceName, mtu, lanes);
    opened.push(tun);
    const sockets = openUdpSockets({ port: options.port ?? 0, fwmark: options.fwmark ?? 0, count: lanes });
    opened.push(sockets);
    const files = tun.fds.map((tunFd) => ({ tunFd, eventFds: { transmit: waker(), receive: waker() } }));
    const plane = new LinuxDataPlane(tun, sockets, files, options);
    await plane.start();
    return plane;
  } catch (error) {
    for (const part of opened.reverse()) part.close();
    throw error;
  }
}

export class LinuxDataPlane implements DataPlane {
  readonly interfaceName: string;
  readonly #tun: Tun;
  #sockets: UdpSockets;
  readonly #files: readonly LaneFiles[];
  /** All packet threads, in the order in which their locks are taken. */
  readonly #threads: readonly ThreadLayout[];
  readonly #tables: Tables;
  readonly #events: PlaneEvents;
  readonly #networks: AllowedIps;
  readonly #staged: StagedPackets;
  readonly #aead: Aead;
  readonly #workers: PacketWorkers;
  readonly #resume: PeerRing;
  readonly #freeKeypairs: number[] = [];
  #usedKeypairs = 0;
  #aeadName: 'evp' | 'raw' = 'evp';
  #closing: Promise<void> | undefined;

  constructor(tun: Tun, sockets: UdpSockets, files: readonly LaneFiles[], options: LinuxDataPlaneOptions) {
    this.#tun = tun;
    this.#sockets = sockets;
    this.#files = files;
    this.interfaceName = tun.name;
    const peers = options.peers ?? 10_000;
    const layout = layOut(peers, options.networks ?? peers * 4, files.length);
    const memory = createPacketMemory(layout.bytes);
    const tables = new Tables(memory, layout);
    this.#tables = tables;
    this.#threads = threadsOf(layout);
    this.#networks = new AllowedIps(tables.tries);
    this.#staged = new StagedPackets(tables);
    this.#aead = createEvpAead(
      ...([tables.code, tables.base, layout.mainAt + MAIN.scratch] as const),
      contextRecord(tables, layout.mainThreadAt),
    );
    this.#resume = PeerRing.resume(tables);
    this.#events = new PlaneEvents(tables, options.events, () => tun.mtu());
    this.#workers = new PacketWorkers({
      tables,
      common: { memory, layout, joinsUdp: tun.joinsUdp, aead: options.aead ?? aeadChoice() },
      lanes: files,
      onNotice: () => this.#events.drain(),
      onFailed: (error) => this.#events.fail(error),
    });
    this.#handOut(sockets);
    tables.words[CONTROL.mtu >> 2] = tun.mtu();
    tables.words[(layout.mainAt + MAIN.eventValue) >> 2] = 1;
  }

  get port(): number {
    return this.#sockets.port;
  }

  /** Which AEAD path carries data. */
  get aead(): 'evp' | 'raw' {
    return this.#aeadName;
  }

  async start(): Promise<void> {
    this.#aeadName = await this.#workers.start();
  }

  addPeer(peer: PeerSlot): void {
    this.#locked(() => {
      const at = this.#checkedPeer(peer);
      this.#clearPeer(peer, at);
      this.#tables.words[(at + PEER.exists) >> 2] = 1;
    });
  }

  removePeer(peer: PeerSlot): void {
    this.#locked(() => {
      const { tables, at } = { tables: this.#tables, at: this.#checkedPeer(peer) };
      this.#networks.removePeer(peer);
      for (let keypair = 0; keypair < this.#usedKeypairs; keypair++) {
        const key = tables.keypairAt(keypair) >> 2;
        const installed = (tables.words[key + (KEYPAIR.flags >> 2)]! & KEYPAIR_FLAG.installed) !== 0;
        if (installed && tables.words[key + (KEYPAIR.peer >> 2)] === peer) this.#forget(keypair);
      }
      this.#staged.dropAll(at);
      this.#clearPeer(peer, at);
    });
  }

  /** Whether it stands in a ring (`active`, `resuming`) is the rings' business. */
  #clearPeer(peer: PeerSlot, at: number): void {
    const { bytes, floats } = this.#tables;
    bytes.fill(0, at, at + PEER.active);
    bytes.fill(0, at + PEER.address, at + PEER.resuming);
    for (const { bytesAt } of this.#threads) floats[(bytesAt >> 3) + peer] = 0;
  }

  /** Throws a RangeError if there is no room for so many networks. */
  setAllowedIps(peer: PeerSlot, networks: readonly AllowedIp[]): void {
    this.#locked(() => {
      this.#checkedPeer(peer);
      this.#networks.removePeer(peer);
      for (const network of networks) this.#networks.insert(peer, network);
    });
  }

  setEndpoint(peer: PeerSlot, endpoint: Endpoint | undefined): void {
    this.#locked(() => {
      const at = this.#checkedPeer(peer);
      const { bytes, words } = this.#tables;
      bytes.fill(0, at + PEER.address, at + PEER.addressLength);
      words[(at + PEER.addressLength) >> 2] =
        endpoint === undefined ? 0 : encodeSocketAddress(bytes, at + PEER.address, endpoint, this.#sockets.family);
    });
  }

  installKeypair({ peer, localIndex, remoteIndex, sendKey, receiveKey }: Keypair): void {
    this.#locked(() => {
      const tables = this.#tables;
      this.#checkedPeer(peer);
      if (tables.findKeypair(localIndex) !== -1) throw new RangeError(`local index ${localIndex} is in use`);
      const keypair = this.#freeKeypairs.pop() ?? this.#usedKeypairs;
      if (keypair === this.#usedKeypairs) {
        if (keypair === tables.layout.keypairs) throw new RangeError('more than three keypairs a peer');
        this.#usedKeypairs++;
      }
      const at = tables.keypairAt(keypair);
      tables.bytes.fill(0, at, at + KEYPAIR.bytes);
      tables.bytes.set(sendKey, at + KEYPAIR.sendKey);
      tables.bytes.set(receiveKey, at + KEYPAIR.receiveKey);
      tables.words[(at + KEYPAIR.localIndex) >> 2] = localIndex | 0;
      tables.words[(at + KEYPAIR.remoteIndex) >> 2] = remoteIndex | 0;
      tables.words[(at + KEYPAIR.peer) >> 2] = peer;
      tables.words[(at + KEYPAIR.flags) >> 2] = KEYPAIR_FLAG.installed;
      tables.indexKeypair(keypair);
    });
  }

  sendWith(peer: PeerSlot, localIndex: number | undefined): void {
    this.#locked(() => {
      const { words } = this.#tables;
      const at = this.#checkedPeer(peer);
      const keypair = localIndex === undefined ? -1 : this.#tables.findKeypair(localIndex);
      words[(at + PEER.sendKeypair) >> 2] = keypair + 1;
      words[(at + PEER.wantedTold) >> 2] = 0;
      if (keypair === -1 || words[(at + PEER.stagedFirst) >> 2] === 0 || words[(at + PEER.resuming) >> 2] === 1) return;
      words[(at + PEER.resuming) >> 2] = 1;
      this.#resume.push(peer);
    });
    this.#workers.wake('transmit');
  }

  removeKeypair(localIndex: number): void {
    this.#locked(() => {
      const keypair = this.#tables.findKeypair(localIndex);
      if (keypair !== -1) this.#forget(keypair);
    });
  }

  /** Under both locks: no thread is using it, and none will. */
  #forget(keypair: number): void {
    const tables = this.#tables;
    const at = tables.keypairAt(keypair);
    const peer = this.#checkedPeer(tables.words[(at + KEYPAIR.peer) >> 2]!);
    if (tables.words[(peer + PEER.sendKeypair) >> 2] === keypair + 1) tables.words[(peer + PEER.sendKeypair) >> 2] = 0;
    tables.unindexKeypair(keypair);
    tables.bytes.fill(0, at, at + KEYPAIR.bytes);
    for (const record of this.#contexts()) {
      const zeros = tables.base + tables.layout.mainAt + MAIN.zeros;
      if (record.words[record.keyed] === keypair + 1) overwriteContextKey(record, zeros);
    }
    this.#freeKeypairs.push(keypair);
  }

  #contexts() {
    const threads = [this.#tables.layout.mainThreadAt, ...this.#threads.map(({ at }) => at)];
    return threads.map((at) => contextRecord(this.#tables, at));
  }

  sendKeepalive(peer: PeerSlot): boolean {
    return this.#locked(() => {
      const tables = this.#tables;
      const { words, floats, code, layout, base } = tables;
      const at = this.#checkedPeer(peer);
      const keypair = words[(at + PEER.sendKeypair) >> 2]! - 1;
      if (keypair === -1 || words[(at + PEER.addressLength) >> 2] === 0) return false;
      const key = tables.keypairAt(keypair);
      const scratch = layout.mainAt + MAIN.scratch;
      if (code.takeCounter(key + KEYPAIR.sendCounter, scratch + SCRATCH.low) === 0) return false;
      const message = layout.mainAt + MAIN.slot + 112;
      const from = layout.mainAt + MAIN.slot + 64;
      this.#aead.seal(key + KEYPAIR.sendKey, keypair, from, 0, 0, message + 16);
      words[message >> 2] = 4;
      words[(message + 4) >> 2] = words[(key + KEYPAIR.remoteIndex) >> 2]!;
      words[(message + 8) >> 2] = words[(scratch + SCRATCH.low) >> 2]!;
      words[(message + 12) >> 2] = words[(scratch + SCRATCH.high) >> 2]!;
      sendto(
        ...([this.#sockets.fds[0]!, base + message, 32, MSG_DONTWAIT] as const),
        ...([base + at + PEER.address, words[(at + PEER.addressLength) >> 2]!] as const),
      );
      floats[(at + PEER.lastSentAt) >> 3] = monotonicMs();
      floats[(at + PEER.keepaliveBytes) >> 3]! += 32;
      floats[(at + PEER.receivedUnansweredSince) >> 3] = 0;
      return true;
    });
  }

  sendHandshakeMessage(message: Uint8Array, to: Endpoint): void {
    const { bytes, base, layout } = this.#tables;
    const name = layout.mainAt + MAIN.name;
    const length = encodeSocketAddress(bytes, name, to, this.#sockets.family);
    if (length === 0 || message.length > 256) return;
    bytes.set(message, layout.mainAt + MAIN.message);
    sendto(
      this.#sockets.fds[0]!,
      base + layout.mainAt + MAIN.message,
      message.length,
      MSG_DONTWAIT,
      base + name,
      length,
    );
  }

  dropStaged(peer: PeerSlot): void {
    this.#locked(() => {
      const at = this.#checkedPeer(peer);
      this.#staged.dropAll(at);
      this.#tables.words[(at + PEER.wantedTold) >> 2] = 0;
    });
  }

  activity(peer: PeerSlot): PeerActivity {
    const at = this.#checkedPeer(peer);
    const { floats } = this.#tables;
    const time = (field: number) => floats[(at + field) >> 3] || undefined;
    return {
      sentUnansweredSince: time(PEER.sentUnansweredSince),
      receivedUnansweredSince: time(PEER.receivedUnansweredSince),
      lastSentAt: time(PEER.lastSentAt),
      lastReceivedAt: time(PEER.lastReceivedAt),
      sentBytes: this.#bytesOf(peer, 'transmit') + floats[(at + PEER.keepaliveBytes) >> 3]!,
      receivedBytes: this.#bytesOf(peer, 'receive'),
    };
  }

  #bytesOf(peer: PeerSlot, side: 'transmit' | 'receive'): number {
    const { layout, floats } = this.#tables;
    return layout.lanes.reduce((sum, lane) => sum + floats[(lane[side].bytesAt >> 3) + peer]!, 0);
  }

  drops(): DropCounters {
    return this.#tables.drops();
  }

  async rebind(port: number, fwmark: number): Promise<void> {
    const next = openUdpSockets({ port, fwmark, count: this.#files.length });
    const { words } = this.#tables;
    const old = this.#sockets;
    this.#sockets = next;
    this.#handOut(next);
    const generation = Atomics.add(words, CONTROL.socketGeneration >> 2, 1) + 1;
    this.#workers.wake('transmit');
    this.#workers.wake('receive');
    for (const seen of this.#threads.map(({ at }) => (at + THREAD.generation) >> 2)) {
      for (let value = Atomics.load(words, seen); value < generation; value = Atomics.load(words, seen)) {
        await Atomics.waitAsync(words, seen, value).value;
      }
    }
    old.close();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#events.end();
    await this.#workers.stop();
    const tables = this.#tables;
    for (let keypair = 0; keypair < this.#usedKeypairs; keypair++) {
      const at = tables.keypairAt(keypair);
      tables.bytes.fill(0, at, at + KEYPAIR.bytes);
    }
    for (const record of this.#contexts()) {
      overwriteContextKey(record, tables.base + tables.layout.mainAt + MAIN.zeros);
      freeContext(record);
    }
    this.#sockets.close();
    this.#tun.close();
    for (const { eventFds } of this.#files) {
      closeFile(eventFds.transmit);
      closeFile(eventFds.receive);
    }
  }

  /** A socket for each lane. */
  #handOut({ fds, segments }: UdpSockets): void {
    const { words, layout } = this.#tables;
    for (const [index, { transmit, receive }] of layout.lanes.entries()) {
      words[(transmit.at + THREAD.socket) >> 2] = fds[index]!;
      words[(receive.at + THREAD.socket) >> 2] = fds[index]!;
      words[(transmit.at + THREAD.segments) >> 2] = segments ? 1 : 0;
    }
  }

  /** All packet threads stand still meanwhile: each for at most the message or packet it has at hand. */
  #locked<Result>(change: () => Result): Result {
    const { words } = this.#tables;
    Atomics.add(words, CONTROL.wanted >> 2, 1);
    // A receiving thread takes the transmit locks while it holds its own, so theirs come first for all.
    for (const { at } of this.#threads) acquire(words, at + THREAD.lock);
    try {
      return change();
    } finally {
      for (const { at } of this.#threads) release(words, at + THREAD.lock);
      Atomics.sub(words, CONTROL.wanted >> 2, 1);
      Atomics.notify(words, CONTROL.wanted >> 2);
    }
  }

  #checkedPeer(peer: PeerSlot): number {
    if (!(Number.isInteger(peer) && peer >= 0 && peer < this.#tables.layout.peers)) {
      throw new RangeError(`there is no room for a peer ${peer}`);
    }
    return this.#tables.peerAt(peer);
  }
}
