/**
 * Initiations of many peers against one responder, so many at a time that it is never idle and never under load. They are
 * made before the clock starts. Arguments: a JSON file (`HandshakeJob`). Prints one JSON document (`HandshakeAnswer`).
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { CookieJar } from '../../packages/tunnel/src/wireguard/cookies.ts';
import { createInitiation } from '../../packages/tunnel/src/wireguard/handshake.ts';
import { RESPONSE } from '../../packages/tunnel/src/wireguard/messages.ts';
import { tai64n } from '../../packages/tunnel/src/wireguard/tai64n.ts';
import { dh, importDhKeyPair } from '../../packages/tunnel/src/wireguard/x25519.ts';

export interface HandshakeJob {
  readonly host: string;
  readonly port: number;
  /** Keys in base64. */
  readonly responder: string;
  readonly privateKeys: readonly string[];
  /** Initiations of each peer, one after the other. */
  readonly rounds: number;
  readonly atATime: number;
}

export interface HandshakeAnswer {
  readonly answered: number;
  readonly lost: number;
  readonly seconds: number;
}

/** An answer that takes longer is one that does not come. */
const LOST_AFTER_MS = 500;

const job = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as HandshakeJob;
const responder = new Uint8Array(Buffer.from(job.responder, 'base64'));
const peers = job.privateKeys.map((key) => {
  const own = importDhKeyPair(Buffer.from(key, 'base64'));
  return { own, remote: { publicKey: responder, staticSecret: dh(own.privateKey, responder)! }, jar: new CookieJar() };
});
const messages: Uint8Array[] = [];
const startedAt = Date.now();
for (let round = 0; round < job.rounds; round++) {
  for (const [index, { own, remote, jar }] of peers.entries()) {
    const label = tai64n(startedAt + round * 20);
    const { message } = createInitiation(own, remote, messages.length + 1, label)!;
    jar.addMacs(message, responder, index);
    messages.push(message);
  }
}

const socket = createSocket('udp4');
socket.connect(job.port, job.host);
await once(socket, 'connect');
let next = 0;
let answered = 0;
let lost = 0;
const waiting = new Map<number, number>();
const send = () => {
  if (next === messages.length) return;
  waiting.set(next + 1, performance.now());
  socket.send(messages[next++]!);
};
let finish = () => {};
const finished = new Promise<void>((resolve) => {
  finish = resolve;
});
const settle = () => {
  if (next === messages.length && waiting.size === 0) finish();
  else send();
};
socket.on('message', (message) => {
  if (message.length !== RESPONSE.bytes || message[0] !== 2) return;
  if (!waiting.delete(message.readUInt32LE(RESPONSE.receiver))) return;
  answered++;
  settle();
});
const watch = setInterval(() => {
  const now = performance.now();
  for (const [index, at] of waiting) {
    if (now - at < LOST_AFTER_MS) return;
    waiting.delete(index);
    lost++;
    settle();
  }
}, 100);
const from = performance.now();
for (let index = 0; index < job.atATime; index++) send();
await finished;
clearInterval(watch);
socket.close();
const answer: HandshakeAnswer = { answered, lost, seconds: (performance.now() - from) / 1000 };
process.stdout.write(`${JSON.stringify(answer)}\n`);
