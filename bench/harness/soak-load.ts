import { Agent, get } from 'node:https';
import { connect, type Socket } from 'node:net';
import WebSocket from 'ws';
import type { World } from '../../e2e/harness/world.ts';

/** What the load saw. `unavailable`: nobody answered, or the gateway said that it could not (502, 503, 504). */
export interface Seen {
  good: number;
  wrong: number;
  unavailable: number;
  /** The first few that were not good. */
  readonly notes: string[];
  /** Of good answers to HTTP requests since it was emptied last, ms. */
  readonly latencies: number[];
  /** When the last good answer to an HTTP request came. */
  lastGoodAt: number;
}

export interface Load {
  readonly seen: Seen;
  /** No new work; resolves when all connections are gone. */
  stop(): Promise<void>;
}

const TIMEOUT_MS = 10_000;
const MAX_NOTES = 10;
/** A TCP connection is left and opened again after so many messages. */
const MESSAGES_PER_CONNECTION = 30;

export interface LoadOptions {
  readonly world: World;
  readonly httpUrl: string;
  readonly tcpPort: number;
  /** HTTP requests a second. */
  readonly rate: number;
  /** WebSockets, and TCP connections; each says something every second. */
  readonly lanes: number;
}

/** HTTP over TLS, WebSockets and raw connections at an even pace, each answer compared with what it has to be. */
export function startLoad({ world, httpUrl, tcpPort, rate, lanes }: LoadOptions): Load {
  const seen: Seen = { good: 0, wrong: 0, unavailable: 0, notes: [], latencies: [], lastGoodAt: 0 };
  const timers = new Set<NodeJS.Timeout>();
  const open = new Set<{ destroy(): void }>();
  let stopped = false;
  const note = (kind: 'wrong' | 'unavailable', text: string) => {
    if (stopped) return;
    seen[kind]++;
    if (seen.notes.length < MAX_NOTES) seen.notes.push(`${new Date().toISOString()} ${kind}: ${text}`);
  };
  const every = (ms: number, work: () => void) => timers.add(setInterval(work, ms));

  const agent = new Agent({ keepAlive: true, maxSockets: 50, ...world.clientOptions });
  let asked = 0;
  const ask = () => {
    const path = `/soak/${++asked}`;
    const startedAt = performance.now();
    const request = get(`${httpUrl}${path}`, { agent, timeout: TIMEOUT_MS, ...world.clientOptions }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('error', (error) => note('unavailable', `${path}: ${error.message}`));
      response.on('end', () => {
        const { statusCode = 0 } = response;
        if (statusCode >= 502) note('unavailable', `${path}: ${statusCode}`);
        else if (statusCode !== 200 || body !== `GET ${path}\n`)
          note('wrong', `${path}: ${statusCode} ${body.slice(0, 80)}`);
        else {
          seen.good++;
          seen.lastGoodAt = performance.now();
          seen.latencies.push(seen.lastGoodAt - startedAt);
        }
      });
    });
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', (error) => note('unavailable', `${path}: ${error.message}`));
  };
  // In steps of 10 ms, as timers are no finer.
  let owed = 0;
  every(10, () => {
    for (owed += rate / 100; owed >= 1; owed--) ask();
  });

  const webSocket = (lane: number): void => {
    if (stopped) return;
    const socket = new WebSocket(`${httpUrl.replace('https:', 'wss:')}/echo`, world.clientOptions);
    const handle = { destroy: () => socket.terminate() };
    open.add(handle);
    let [sent, received] = [0, 0];
    const timer = setInterval(() => {
      if (socket.readyState === WebSocket.OPEN) socket.send(`${lane} ${sent++}`);
    }, 1_000);
    timers.add(timer);
    socket.on('message', (data) => {
      if (String(data) === `${lane} ${received++}`) seen.good++;
      else note('wrong', `WebSocket ${lane}: ${String(data).slice(0, 80)}`);
    });
    socket.on('error', () => undefined);
    socket.on('close', (code) => {
      clearInterval(timer);
      timers.delete(timer);
      open.delete(handle);
      note('unavailable', `WebSocket ${lane} was closed with ${code}`);
      setTimeout(() => webSocket(lane), 500);
    });
  };

  const raw = (lane: number): void => {
    if (stopped) return;
    const socket: Socket = connect(tcpPort, '127.0.0.1');
    open.add(socket);
    let [sent, received] = [0, ''];
    const expected = (upTo: number) => Array.from({ length: upTo }, (_, index) => `${lane} ${index}\n`).join('');
    const timer = setInterval(() => {
      if (sent === MESSAGES_PER_CONNECTION) socket.end();
      else socket.write(`${lane} ${sent++}\n`);
    }, 1_000);
    timers.add(timer);
    socket.setEncoding('utf8').on('data', (text: string) => (received += text));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(timer);
      timers.delete(timer);
      open.delete(socket);
      if (received === expected(MESSAGES_PER_CONNECTION)) seen.good += MESSAGES_PER_CONNECTION;
      else if (expected(sent).startsWith(received)) note('unavailable', `raw ${lane} ended after ${sent} messages`);
      else note('wrong', `raw ${lane}: ${received.slice(0, 80)}`);
      setTimeout(() => raw(lane), 500);
    });
  };
  for (let lane = 0; lane < lanes; lane++) {
    webSocket(lane);
    raw(lane);
  }

  return {
    seen,
    async stop() {
      stopped = true;
      for (const timer of timers) clearInterval(timer);
      for (const each of open) each.destroy();
      agent.destroy();
      while (open.size > 0) await new Promise((resolve) => setTimeout(resolve, 50));
    },
  };
}
