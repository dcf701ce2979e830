/**
 * Initiations with a right mac1 from ten thousand made-up addresses, through a raw socket. Arguments: target, its port,
 * its public key, messages a second, seconds. Prints how many it sent. For namespaces of a test alone.
 */
import { randomBytes } from 'node:crypto';
import { addressOf, sendmmsg, socket, systemError } from '../../packages/tunnel/src/os/libc.ts';
import { AF_INET } from '../../packages/tunnel/src/os/socket-address.ts';
import { CookieJar } from '../../packages/tunnel/src/wireguard/cookies.ts';
import { INITIATION } from '../../packages/tunnel/src/wireguard/messages.ts';

const [target, port, key, rate, seconds] = process.argv.slice(2) as [string, string, string, string, string];
const SOURCES = 10_000;
const BATCH = 50;
const SOCK_RAW = 3;
const IPPROTO_RAW = 255;
const HEADERS = 28;
const PACKET = HEADERS + INITIATION.bytes;

const fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
if (fd < 0) throw systemError('socket');
// A `struct mmsghdr`, its vector, the address they all go to, and the packets.
const at = { messages: 0, vectors: BATCH * 64, name: BATCH * 80, packets: BATCH * 80 + 64 };
const memory = new SharedArrayBuffer(at.packets + SOURCES * PACKET);
const base = addressOf(memory);
const bytes = new Uint8Array(memory);
const view = new DataView(memory);
const to = target.split('.').map(Number);
bytes.set([AF_INET, 0, 0, 0, ...to], at.name);
const publicKey = Buffer.from(key, 'base64');
for (let index = 0; index < SOURCES; index++) {
  const packet = at.packets + index * PACKET;
  const source = [10, 200, index >> 8, index & 255];
  // IPv4 (the kernel fills in length, identification and checksum) and UDP without a checksum.
  bytes.set([0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, ...source, ...to], packet);
  view.setUint16(packet + 20, 1024 + index);
  view.setUint16(packet + 22, Number(port));
  view.setUint16(packet + 24, 8 + INITIATION.bytes);
  const message = new Uint8Array(randomBytes(INITIATION.bytes));
  message.set([1, 0, 0, 0]);
  new CookieJar().addMacs(message, publicKey, 0);
  bytes.set(message, packet + HEADERS);
}
for (let index = 0; index < BATCH; index++) {
  const message = index * 64;
  view.setBigUint64(message, BigInt(base + at.name), true);
  view.setUint32(message + 8, 16, true);
  view.setBigUint64(message + 16, BigInt(base + at.vectors + index * 16), true);
  view.setBigUint64(message + 24, 1n, true);
  view.setBigUint64(at.vectors + index * 16 + 8, BigInt(PACKET), true);
}
process.stdout.write('flooding\n');
const from = performance.now();
let sent = 0;
const tick = setInterval(() => {
  const elapsed = performance.now() - from;
  if (elapsed > Number(seconds) * 1000) {
    clearInterval(tick);
    process.stdout.write(`${JSON.stringify({ sent, sources: Math.min(sent, SOURCES) })}\n`);
    return;
  }
  while (sent < (elapsed * Number(rate)) / 1000) {
    for (let index = 0; index < BATCH; index++) {
      const packet = at.packets + ((sent + index) % SOURCES) * PACKET;
      view.setBigUint64(at.vectors + index * 16, BigInt(base + packet), true);
    }
    const done = sendmmsg(fd, base, BATCH, 0);
    if (done < 0) throw systemError('sendmmsg');
    sent += done;
  }
}, 2);
