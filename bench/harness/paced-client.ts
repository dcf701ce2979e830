/**
 * Load with an even pace: RATE requests a second over CONNECTIONS keep-alive connections, for SECONDS. It never waits
 * for an answer before it sends the next, so that a stall counts for all that were sent into it. Latencies run from the
 * write, not from when the request was due: a late timer of this process is not the subject's doing. Prints one JSON
 * document: {sent, answered, p50, p99, max} in ms. Usage: paced-client.ts PORT HOST RATE CONNECTIONS SECONDS
 */
import { connect, type Socket } from 'node:net';

const [port, host, rate, connections, seconds] = process.argv.slice(2) as [string, string, string, string, string];
const request = Buffer.from(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
const total = Math.floor(Number(rate) * Number(seconds));
const intervalMs = 1000 / Number(rate);
const latencies: number[] = [];

interface Lane {
  readonly socket: Socket;
  /** When the requests that are on their way were sent, oldest first. */
  readonly sentAt: number[];
  pending: string;
}

function open(): Promise<Lane> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true });
    const lane: Lane = { socket, sentAt: [], pending: '' };
    socket.on('connect', () => resolve(lane));
    socket.on('error', reject);
    socket.on('data', (chunk: Buffer) => receive(lane, chunk));
    socket.on('close', () => {
      if (lane.sentAt.length > 0) fail('the connection was closed with answers outstanding');
    });
  });
}

function receive(lane: Lane, chunk: Buffer): void {
  lane.pending += chunk.toString('latin1');
  for (;;) {
    const end = lane.pending.indexOf('\r\n\r\n');
    if (end === -1) return;
    const head = lane.pending.slice(0, end);
    if (!head.startsWith('HTTP/1.1 200')) fail(`an answer that is no success: ${head.slice(0, 60)}`);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head);
    if (length === null) fail('an answer without a length');
    const size = end + 4 + Number(length![1]);
    if (lane.pending.length < size) return;
    lane.pending = lane.pending.slice(size);
    latencies.push(performance.now() - lane.sentAt.shift()!);
  }
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

const lanes = await Promise.all(Array.from({ length: Number(connections) }, open));
const startedAt = performance.now() + 50;
let sent = 0;
await new Promise<void>((resolve) => {
  const timer = setInterval(() => {
    const now = performance.now();
    for (; sent < total && startedAt + sent * intervalMs <= now; sent++) {
      const lane = lanes[sent % lanes.length]!;
      lane.sentAt.push(now);
      lane.socket.write(request);
    }
    const over = now > startedAt + Number(seconds) * 1000 + 10_000;
    if (over || (sent === total && latencies.length === total)) {
      clearInterval(timer);
      resolve();
    }
  }, 1);
});
for (const lane of lanes) {
  lane.sentAt.length = 0;
  lane.socket.destroy();
}
latencies.sort((a, b) => a - b);
const percentile = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))]!;
process.stdout.write(
  JSON.stringify({
    sent,
    answered: latencies.length,
    p50: percentile(0.5),
    p99: percentile(0.99),
    max: latencies.at(-1),
  }),
);
