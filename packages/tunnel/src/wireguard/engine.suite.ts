import { manualClock, seededRandom } from '@zeronaut/testkit';
import type { EngineClock } from './clock.ts';
import type { AllowedIp, PeerSlot } from './data-plane.ts';
import { Engine } from './engine.ts';
import { MemoryNetwork } from './memory-network.ts';
import { MemoryPlane } from './memory-plane.ts';
import type { Peer } from './peer.ts';
import { importDhKeyPair } from './x25519.ts';

/** Engines on in-memory data planes, joined by a network in this process, with time that the test moves. */
export interface World {
  readonly clock: EngineClock;
  readonly network: MemoryNetwork;
  readonly random: ReturnType<typeof seededRandom>;
  /** Moves the time in steps, so that promises between timers run. */
  advance(milliseconds: number): void;
  host(number: number, options?: { rekeyAfterMessages?: number; port?: number }): Promise<Host>;
}

/** The host with number N is 192.0.2.N outside, and 10.0.0.N and fd00::N inside. */
export interface Host {
  readonly number: number;
  readonly engine: Engine;
  readonly plane: MemoryPlane;
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
  /** Inner packets that arrived. */
  readonly received: { packet: Uint8Array; peer: PeerSlot }[];
  knows(other: Host, options?: { endpoint?: boolean; psk?: Uint8Array }): Peer;
  /** An inner packet with these bytes as its payload. */
  send(to: Host, payload?: Uint8Array, version?: 4 | 6): void;
}

export function world(seed = 1): World {
  const manual = manualClock();
  const random = seededRandom(seed);
  const start = manual.now();
  const clock: EngineClock = {
    now: () => manual.now() - start,
    wallTime: () => manual.now(),
    after: (milliseconds, callback) => manual.after(milliseconds, callback),
  };
  const network = new MemoryNetwork(clock, () => random.next());
  return {
    clock,
    network,
    random,
    advance: (milliseconds) => manual.advance(milliseconds),
    async host(number, options = {}) {
      const received: Host['received'] = [];
      let plane!: MemoryPlane;
      const engine = await Engine.start({
        clock,
        createPlane: (events) => {
          plane = new MemoryPlane({
            clock,
            network,
            address: `192.0.2.${number}`,
            port: options.port ?? 51_820,
            events,
            rekeyAfterMessages: options.rekeyAfterMessages,
            onInnerPacket: (packet, peer) => void received.push({ packet, peer }),
          });
          return plane;
        },
      });
      const privateKey = random.bytes(32);
      engine.setPrivateKey(privateKey);
      const { publicKey } = importDhKeyPair(privateKey);
      return {
        number,
        engine,
        plane,
        privateKey,
        publicKey,
        received,
        knows(other, { endpoint = true, psk } = {}) {
          const peer = engine.addPeer(other.publicKey)!;
          if (psk !== undefined) peer.setPresharedKey(psk);
          if (endpoint) peer.setEndpoint(other.plane.endpoint);
          const changes = innerNetworks(other.number).map((network) => ({ network, isRemoved: false }));
          engine.changeAllowedIps(peer, { replace: false, changes });
          return peer;
        },
        send(to, payload = new Uint8Array(32), version = 4) {
          plane.writeInnerPacket(innerPacket(number, to.number, payload, version));
        },
      };
    },
  };
}

export function innerNetworks(number: number): AllowedIp[] {
  return [
    { address: Uint8Array.of(10, 0, 0, number), bits: 32 },
    { address: innerAddress6(number), bits: 128 },
  ];
}

function innerAddress6(number: number): Uint8Array {
  const address = new Uint8Array(16);
  address[0] = 0xfd;
  address[15] = number;
  return address;
}

export function innerPacket(from: number, to: number, payload: Uint8Array, version: 4 | 6 = 4): Uint8Array {
  if (version === 6) {
    const packet = new Uint8Array(40 + payload.length);
    packet[0] = 0x60;
    packet[4] = payload.length >> 8;
    packet[5] = payload.length;
    packet.set(innerAddress6(from), 8);
    packet.set(innerAddress6(to), 24);
    packet.set(payload, 40);
    return packet;
  }
  const packet = new Uint8Array(20 + payload.length);
  packet[0] = 0x45;
  packet[2] = packet.length >> 8;
  packet[3] = packet.length;
  packet.set([10, 0, 0, from], 12);
  packet.set([10, 0, 0, to], 16);
  packet.set(payload, 20);
  return packet;
}
