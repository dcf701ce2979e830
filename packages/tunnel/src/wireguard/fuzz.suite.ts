/**
 * What arrives from outside, made up at random from what is right: handshake messages, cookie replies and data for two
 * engines; inner packets for the code that inspects and joins them; control operations and files. A round is repeatable by
 * its seed, and throws when something is not as it must be. `npm run fuzz -- wireguard` runs many; fuzz.test.ts a few.
 */
import assert from 'node:assert/strict';
import { seededRandom } from '@zeronaut/testkit';
import { CookieJar } from './cookies.ts';
import { world } from './engine.suite.ts';
import { LOAD_WAITING } from './handshake-load.ts';
import { SLOT } from './linux/layout.ts';
import { buildPacket, packetTables } from './linux/packet-memory.suite.ts';
import { handshakeType, MESSAGE } from './messages.ts';
import { formatQuickFile, parseQuickFile } from './quick-file.ts';
import { applySet, formatGet, parseSet } from './uapi.ts';

export const FUZZ_TARGETS = ['messages', 'packets', 'texts'] as const;
export type FuzzTarget = (typeof FUZZ_TARGETS)[number];
type Random = ReturnType<typeof seededRandom>;

export async function fuzzRound(target: FuzzTarget, seed: number): Promise<void> {
  if (target === 'messages') await fuzzMessages(seed);
  else if (target === 'packets') fuzzPackets(seed);
  else await fuzzTexts(seed);
}

/** One of the usual ways in which bytes go wrong. */
function mutate(random: Random, bytes: Uint8Array, other: Uint8Array): Uint8Array {
  const changed = Uint8Array.from(bytes);
  switch (random.integer(6)) {
    case 0:
      if (changed.length > 0) changed[random.integer(changed.length)]! ^= 1 << random.integer(8);
      return changed;
    case 1:
      if (changed.length > 0) changed[random.integer(changed.length)] = random.pick([0, 1, 0x7f, 0x80, 0xff]);
      return changed;
    case 2:
      return changed.subarray(0, random.integer(changed.length + 1));
    case 3:
      return Buffer.concat([changed, random.bytes(1 + random.integer(80))]);
    case 4: {
      const from = random.integer(changed.length + 1);
      return Buffer.concat([changed.subarray(0, from), other.subarray(Math.min(from, other.length))]);
    }
    default: {
      const from = random.integer(changed.length + 1);
      changed.set(random.bytes(Math.min(8, changed.length - from)), from);
      return changed;
    }
  }
}

/**
 * Two peers that talk, and a stranger who has seen all their datagrams and both public keys. Nothing of his is taken for
 * a peer's, nothing malformed is answered, and in the end the two still talk.
 */
async function fuzzMessages(seed: number): Promise<void> {
  const w = world(seed);
  const { random } = w;
  const [a, b, stranger] = [await w.host(1), await w.host(2), await w.host(3)];
  const psk = random.integer(2) === 0 ? random.bytes(32) : undefined;
  a.knows(b, { psk });
  b.knows(a, { psk });
  const seen: Uint8Array[] = [];
  const said = new Set<string>();
  const theirs = new Set([a, b].map(({ plane }) => plane.endpoint.address));
  w.network.filter = (datagram, from) => {
    if (theirs.has(from.address) && seen.length < 200) seen.push(Uint8Array.from(datagram));
    return true;
  };
  const talk = (count: number) => {
    for (let index = 0; index < count; index++) {
      const [from, to] = random.integer(2) === 0 ? [a, b] : [b, a];
      const payload = random.bytes(8 + random.integer(64));
      said.add(payload.toString('hex'));
      from.send(to, payload);
    }
  };
  talk(3);
  w.advance(200);
  const roamedTo = () => [a, b].map(({ engine }) => [...engine.peers][0]!.endpoint!.address);
  for (let step = 0; step < 60; step++) {
    const to = random.pick([a, b]);
    const bytes = random.integer(7) === 0 ? random.pick(seen) : mutate(random, random.pick(seen), random.pick(seen));
    const message = Uint8Array.from(bytes);
    // A right mac1 takes what is wrong behind it further in.
    if (handshakeType(message) !== 0 && message[0] !== MESSAGE.cookieReply && random.integer(2) === 0) {
      new CookieJar().addMacs(message, to.publicKey, 0);
    }
    const copies = random.integer(20) === 0 ? LOAD_WAITING + 20 : 1;
    for (let copy = 0; copy < copies; copy++) {
      w.network.send(
        message,
        { address: `198.51.100.${random.integer(250)}`, port: 1 + random.integer(65_000) },
        to.plane.endpoint,
      );
    }
    if (random.integer(3) === 0) talk(1);
    w.advance(random.pick([0, 1, 20, 500, 5_100, 20_000, 121_000]));
  }
  // A stranger's source is not where a peer is, unless he handed on what was the peer's own, unchanged.
  const endpoints = roamedTo();
  const handedOn = endpoints.some((address) => address.startsWith('198.51.100.'));
  for (const host of [a, b]) {
    for (const { packet } of host.received) {
      assert.ok(
        said.delete(Buffer.from(packet.subarray(20)).toString('hex')),
        'an inner packet that nobody sent, or twice',
      );
    }
    host.received.length = 0;
  }
  if (handedOn) {
    for (const [host, other] of [
      [a, b],
      [b, a],
    ] as const) {
      [...host.engine.peers][0]!.setEndpoint(other.plane.endpoint);
    }
  }
  w.advance(200_000);
  a.send(b);
  w.advance(30_000);
  b.send(a);
  w.advance(30_000);
  assert.ok(b.received.length >= 1 && a.received.length >= 1, 'they do not talk any more');
  for (const host of [a, b, stranger]) await host.engine.close();
}

const tables = packetTables();
const { code, bytes, base, layout } = tables;
const area = layout.lanes[0]!.receive.bufferAt;
const SLOT_COUNT = 70;
const vectorsAt = area;
const slotsAt = area + 4096;
const templateAt = slotsAt + SLOT_COUNT * SLOT.bytes;
const scratchAt = templateAt + 1024;

/** A run of packets, joined by the code under test, must come apart again into the same ones. */
function fuzzPackets(seed: number): void {
  const random = seededRandom(seed);
  code.configureRuns(vectorsAt, random.integer(2) === 0);
  let run: Buffer[] = [];
  let used = 0;
  const flow = {
    version: random.pick([4, 6] as const),
    protocol: random.pick(['tcp', 'udp'] as const),
    sequence: random.integer(2 ** 32),
    size: 1 + random.integer(1_400),
  };
  const finish = () => {
    const count = code.finishRun();
    assert.equal(count, run.length);
    if (count > 0) checkRun(run);
    run = [];
  };
  for (let step = 0; step < 200; step++) {
    if (used === SLOT_COUNT) {
      finish();
      used = 0;
    }
    const size = random.integer(12) === 0 ? random.integer(1_400) : flow.size;
    let packet: Uint8Array = buildPacket({
      ...{ version: flow.version, protocol: flow.protocol, payload: random.bytes(size), sequence: flow.sequence },
      ...{ flags: random.integer(15) === 0 ? random.integer(256) : 0x10, identification: random.integer(65_536) },
    });
    flow.sequence = (flow.sequence + size) >>> 0;
    if (random.integer(6) === 0) packet = mutate(random, packet, packet);
    const slot = slotsAt + used * SLOT.bytes + SLOT.packet;
    bytes.fill(0xee, slot - 32, slot + SLOT.bytes - SLOT.packet - 32);
    bytes.set(packet, slot);
    const found = code.inspect(slot, packet.length);
    if (found === 0) continue;
    const length = found & 0xffff;
    assert.ok(length <= packet.length, 'believed beyond what was decrypted');
    used++;
    const joined = code.offer(slot, length);
    const original = Buffer.from(bytes.slice(slot, slot + length));
    if (joined === 2) {
      run.push(original);
      continue;
    }
    finish();
    code.startRun(slot, length, joined === 1);
    run.push(original);
  }
  finish();
}

function checkRun(run: readonly Buffer[]): void {
  const vectors = run.map((_, index) => {
    const view = Buffer.from(bytes.slice(vectorsAt + index * 16, vectorsAt + index * 16 + 16));
    const at = Number(view.readBigUInt64LE(0)) - base;
    const length = Number(view.readBigUInt64LE(8));
    assert.ok(at >= slotsAt && at + length <= templateAt, 'a vector leaves the slots');
    return Buffer.from(bytes.slice(at, at + length));
  });
  const [first] = vectors as [Buffer];
  const kind = first[1]!;
  if (kind === 0) {
    assert.equal(run.length, 1);
    assert.deepEqual(first.subarray(10), run[0]);
    return;
  }
  const [headers, size, transport] = [2, 4, 6].map((offset) => first.readUInt16LE(offset)) as [number, number, number];
  const whole = Buffer.concat(vectors).subarray(10);
  const payload = whole.subarray(headers);
  assert.equal(Math.ceil(payload.length / size), run.length);
  bytes.set(whole.subarray(0, headers), templateAt);
  const protocol = kind === 5 ? 17 : 6;
  for (const [index, original] of run.entries()) {
    const part = payload.subarray(index * size, (index + 1) * size);
    bytes.set(part, scratchAt + headers);
    const last = index === run.length - 1;
    code.writeSegment(templateAt, scratchAt, protocol, transport, headers, part.length, index, size, last);
    const segment = Buffer.from(bytes.slice(scratchAt + transport, scratchAt + headers + part.length));
    assert.deepEqual(segment, original.subarray(transport), `segment ${index} of ${run.length}`);
  }
}

const KEY = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHl8=';
const FILE =
  `[Interface]\nPrivateKey = ${KEY}\nListenPort = 51820\nAddress = 10.0.0.1/24, fd00::1/64\nMTU = 1420\nDNS = 1.1.1.1\nTable = off\n` +
  `FwMark = 0x10\nPostUp = echo %i\n\n[Peer]\nPublicKey = ${KEY}\nPresharedKey = ${KEY}\nAllowedIPs = 10.0.0.0/24, ::/0\n` +
  'Endpoint = [fd00::2]:51820\nPersistentKeepalive = 25\n';
const HEX = '00'.repeat(31);
const SET =
  `private_key=${HEX}40\nlisten_port=51820\nfwmark=0\nreplace_peers=true\npublic_key=${HEX}01\npreshared_key=${HEX}02\n` +
  'endpoint=[fd00::2]:51820\npersistent_keepalive_interval=25\nreplace_allowed_ips=true\nallowed_ip=10.0.0.0/24\n' +
  `allowed_ip=fd00::/64\npublic_key=${HEX}03\nupdate_only=true\nremove=true\n`;

/** Texts are refused or taken, never half; what is taken is written the same again. */
async function fuzzTexts(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const w = world(seed);
  const host = await w.host(1);
  for (let step = 0; step < 100; step++) {
    let text: Uint8Array = Buffer.from(random.integer(2) === 0 ? FILE : SET);
    for (let times = random.integer(4); times >= 0; times--) text = mutate(random, text, Buffer.from(FILE));
    const mutated = Buffer.from(text).toString('utf8');
    const { file, problems } = parseQuickFile(mutated);
    if (problems.length === 0) {
      const again = parseQuickFile(formatQuickFile(file));
      assert.deepEqual(again.problems, []);
      assert.deepEqual(again.file, file);
    }
    const operation = parseSet(mutated.split('\n').filter((line) => line !== ''));
    if (typeof operation === 'number') continue;
    // The port is the network's business, not the parser's.
    delete operation.listenPort;
    await applySet(host.engine, operation);
    assert.equal(typeof parseSet(settable(formatGet(host.engine))), 'object');
  }
  await host.engine.close();
}

/** The lines of an answer that a set operation has as well. */
function settable(answer: string): string[] {
  return answer.split('\n').filter((line) => line !== '' && !/^(?:last_handshake|tx_bytes|rx_bytes)/.test(line));
}
