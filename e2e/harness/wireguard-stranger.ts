/**
 * A peer that does not keep to the protocol. Argument: a JSON document (`StrangerJob`); prints one (`StrangerAnswer`).
 *
 * `malformed`: datagrams of every kind with bytes changed, cut off, or too many, and noise; counts what comes back.
 * `inner`: a right handshake, then sealed packets that are none inside, then one right ping; says whether it was answered.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { seededRandom } from '../../packages/testkit/src/index.ts';
import { counterNonce, open, seal, TAG_BYTES } from '../../packages/tunnel/src/wireguard/chacha20-poly1305.ts';
import { CookieJar } from '../../packages/tunnel/src/wireguard/cookies.ts';
import { createInitiation } from '../../packages/tunnel/src/wireguard/handshake.ts';
import {
  COOKIE_REPLY,
  INITIATION,
  MESSAGE,
  RESPONSE,
  TRANSPORT,
  writeIndex,
} from '../../packages/tunnel/src/wireguard/messages.ts';
import { tai64n } from '../../packages/tunnel/src/wireguard/tai64n.ts';
import { dh, importDhKeyPair } from '../../packages/tunnel/src/wireguard/x25519.ts';

export interface StrangerJob {
  readonly mode: 'malformed' | 'inner';
  readonly host: string;
  readonly port: number;
  /** Keys in base64. */
  readonly responder: string;
  readonly privateKey: string;
  /** Inner addresses, as bytes: ours, and one that the other end answers pings at. */
  readonly inner: readonly [readonly number[], readonly number[]];
}

export interface StrangerAnswer {
  readonly sent: number;
  /** Datagrams that came back for `malformed` ones. */
  readonly replies: number;
  /** Whether the ping at the end of `inner` was answered. */
  readonly answered: boolean;
}

const job = JSON.parse(process.argv[2]!) as StrangerJob;
const responder = new Uint8Array(Buffer.from(job.responder, 'base64'));
const own = importDhKeyPair(Buffer.from(job.privateKey, 'base64'));
const remote = { publicKey: responder, staticSecret: dh(own.privateKey, responder)! };
const random = seededRandom(3);
const socket = createSocket('udp4');
socket.connect(job.port, job.host);
await once(socket, 'connect');
const arrived: Buffer[] = [];
socket.on('message', (message) => void arrived.push(message));
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

let sent = 0;
async function send(message: Uint8Array): Promise<void> {
  await new Promise((resolve) => socket.send(message, resolve));
  sent++;
}

function initiation() {
  const made = createInitiation(own, remote, 7, tai64n(Date.now()))!;
  new CookieJar().addMacs(made.message, responder, 0);
  return made;
}

async function malformed(): Promise<StrangerAnswer> {
  const zeros = (type: number, bytes: number) => Buffer.concat([Buffer.from([type, 0, 0, 0]), random.bytes(bytes - 4)]);
  const kinds = [
    // Behind the first mac everything is free to change while there is no load.
    { message: initiation().message, fixed: INITIATION.mac2 },
    { message: zeros(MESSAGE.response, RESPONSE.bytes), fixed: RESPONSE.bytes },
    { message: zeros(MESSAGE.cookieReply, COOKIE_REPLY.bytes), fixed: COOKIE_REPLY.bytes },
    { message: zeros(MESSAGE.transport, 96), fixed: 96 },
  ];
  for (const { message, fixed } of kinds) {
    for (let at = 0; at < fixed; at++) {
      const changed = Uint8Array.from(message);
      changed[at]! ^= 1 << (at & 7);
      await send(changed);
    }
    for (let length = 0; length < message.length; length++) await send(message.subarray(0, length));
    for (const more of [1, 16, 1000, 60_000]) await send(Buffer.concat([message, Buffer.alloc(more)]));
  }
  for (let round = 0; round < 2_000; round++) {
    const noise = random.bytes(random.integer(1_400));
    if (noise.length > 3 && round % 2 === 0) noise.set([1 + (round % 5), 0, 0, 0]);
    await send(noise);
  }
  await pause(300);
  return { sent, replies: arrived.length, answered: false };
}

async function inner(): Promise<StrangerAnswer> {
  let { message, pending } = initiation();
  await send(message);
  let answer = await next();
  // What was sent before may still be a load; it is over a second later.
  while (answer.length === COOKIE_REPLY.bytes) {
    await pause(1_200);
    ({ message, pending } = initiation());
    await send(message);
    answer = await next();
  }
  const keys = pending.finish(own, new Uint8Array(32), answer);
  if (keys === undefined) throw new Error('the answer is no response to our initiation');
  let counter = 0;
  const transport = async (packet: Uint8Array) => {
    const datagram = new Uint8Array(TRANSPORT.packet + packet.length + TAG_BYTES);
    datagram[0] = MESSAGE.transport;
    writeIndex(datagram, TRANSPORT.receiver, keys.remoteIndex);
    writeIndex(datagram, TRANSPORT.counter, counter);
    seal(datagram, TRANSPORT.packet, keys.sendKey, counterNonce(counter++), packet, new Uint8Array(0));
    await send(datagram);
  };
  const right = ping(job.inner[0], job.inner[1]);
  for (let length = 1; length < right.length; length++) await transport(right.subarray(0, length));
  for (const [at, value] of [
    ...[0, 0x05, 0x25, 0x40, 0x41, 0x44, 0x4f, 0x50, 0x65, 0xf5].map((first) => [0, first] as const),
    ...[0xff, 0x10].map((high) => [2, high] as const),
  ]) {
    const packet = Uint8Array.from(right);
    packet[at] = value;
    await transport(packet);
  }
  const short = Uint8Array.from(right);
  short.set([0, 19], 2);
  await transport(short);
  // From an address that is another's, and as IPv6 of every wrong length.
  await transport(ping([10, 7, 0, 250], job.inner[1]));
  for (const bytes of [1, 39, 40, 41, 1_400]) {
    const packet = new Uint8Array(bytes);
    packet[0] = 0x60;
    packet.fill(0xff, 4, 6);
    await transport(packet);
  }
  for (const bytes of [1_421, 9_216, 9_217, 65_400]) await transport(random.bytes(bytes));
  arrived.length = 0;
  await transport(right);
  const echo = await next();
  const plaintext = open(
    keys.receiveKey,
    counterNonce(echo.readUInt32LE(TRANSPORT.counter)),
    echo.subarray(TRANSPORT.packet),
    new Uint8Array(0),
  );
  return { sent, replies: 0, answered: plaintext?.[20] === 0 };
}

async function next(): Promise<Buffer> {
  for (let wait = 0; wait < 300; wait++) {
    // Keep-alives (32 bytes) are no answers.
    const index = arrived.findIndex((message) => message.length !== TRANSPORT.minimumBytes);
    if (index !== -1) return arrived.splice(0, index + 1).at(-1)!;
    await pause(10);
  }
  throw new Error('no answer came within 3 s');
}

/** An ICMP echo request (RFC 792) of 32 bytes in IPv4. */
function ping(from: readonly number[], to: readonly number[]): Uint8Array {
  const packet = Buffer.alloc(60);
  packet.set([0x45, 0, 0, 60, 0, 1, 0, 0, 64, 1, 0, 0, ...from, ...to]);
  packet.set([8, 0, 0, 0, 0, 9, 0, 1], 20);
  packet.writeUInt16BE(sum(packet.subarray(0, 20)), 10);
  packet.writeUInt16BE(sum(packet.subarray(20)), 22);
  return packet;
}

function sum(bytes: Buffer): number {
  let total = 0;
  for (let at = 0; at < bytes.length; at += 2) total += bytes.readUInt16BE(at);
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  return ~total & 0xffff;
}

const result = job.mode === 'malformed' ? await malformed() : await inner();
socket.close();
process.stdout.write(`${JSON.stringify(result)}\n`);
