import { createSocket, type Socket as Datagrams } from 'node:dgram';
import { once } from 'node:events';
import { request } from 'node:https';
import { connect } from 'node:net';
import { waitFor } from '@zeronaut/testkit';
import WebSocket from 'ws';
import type { Owner, World } from './world.ts';

export type Kind = 'http' | 'websocket' | 'tcp' | 'udp' | 'forward';

/** A connection that was seen to work. */
export interface OpenConnection {
  readonly kind: Kind;
  /** When the gateway ended it, on the clock of `performance.now()`. */
  readonly closed: Promise<number>;
}

/** Tells when the caller's side was closed. */
function closing(on: (event: 'close' | 'error', listener: () => void) => unknown): Promise<number> {
  return new Promise((resolve) => {
    on('error', () => undefined);
    on('close', () => resolve(performance.now()));
  });
}

/** An answer that goes on: server-sent events, of which the first has come. */
export async function openAnswer(t: Owner, world: World, url: string, cookie: string): Promise<OpenConnection> {
  const asked = request(`${url}events`, { ...world.clientOptions, headers: { cookie }, agent: false });
  t.after(() => asked.destroy());
  asked.end();
  const [answer] = await once(asked, 'response');
  if (answer.statusCode !== 200) throw new Error(`${url}events: ${answer.statusCode}`);
  answer.resume();
  return { kind: 'http', closed: closing((event, listener) => answer.on(event, listener)) };
}

export async function openWebSocket(t: Owner, world: World, url: string, cookie: string): Promise<OpenConnection> {
  const options = { ...world.clientOptions, headers: { cookie } };
  const socket = new WebSocket(`${url.replace('https:', 'wss:')}echo`, options);
  t.after(() => socket.terminate());
  const closed = closing((event, listener) => socket.on(event, listener));
  await new Promise<void>((resolve, reject) => socket.once('open', () => resolve()).once('error', reject));
  return { kind: 'websocket', closed };
}

/** Towards an echo. Rejects when nothing comes back: the gateway let nobody in. */
export async function openTcp(t: Owner, port: number, kind: 'tcp' | 'forward' = 'tcp'): Promise<OpenConnection> {
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  const closed = closing((event, listener) => socket.on(event, listener));
  await new Promise<void>((resolve, reject) => {
    socket.once('data', () => resolve()).once('close', () => reject(new Error(`${kind}: refused`)));
    socket.write('hello');
  });
  return { kind, closed };
}

const EVERY_MS = 50;
const QUIET_MS = 300;

/** A UDP service that sends each datagram back and remembers when it had the last one with that text. */
export class DatagramEcho {
  readonly lastAt = new Map<string, number>();
  readonly #socket: Datagrams;

  private constructor(socket: Datagrams) {
    this.#socket = socket;
    socket.on('message', (datagram, { port, address }) => {
      this.lastAt.set(String(datagram), performance.now());
      socket.send(datagram, port, address);
    });
  }

  static async start(t: Owner): Promise<DatagramEcho> {
    const socket = createSocket('udp4');
    t.after(() => socket.close());
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new DatagramEcho(socket);
  }

  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }
}

let flows = 0;

/**
 * Sends a datagram again and again. UDP knows no end: the flow is closed when the service gets nothing of it any more, and
 * the gateway, asked for its open flows, says that this port has none; the time is that of the last datagram that arrived.
 * Rejects when nothing was answered for `waitMs`.
 */
export async function openUdp(
  t: Owner,
  world: World,
  port: number,
  echo: DatagramEcho,
  waitMs = 10_000,
): Promise<OpenConnection> {
  const name = `flow ${++flows}`;
  const socket = createSocket('udp4');
  const send = () => socket.send(name, port, '127.0.0.1');
  const timer = setInterval(send, EVERY_MS);
  let over = false;
  const end = () => {
    if (over) return;
    over = true;
    clearInterval(timer);
    socket.close();
  };
  t.after(end);
  const answered = once(socket, 'message', { signal: AbortSignal.timeout(waitMs) });
  send();
  await answered;
  const closed = async () => {
    await waitFor(
      async () => over || (performance.now() - echo.lastAt.get(name)! > QUIET_MS && !(await hasFlows(world, port))),
      { what: `${name} is closed`, timeoutMs: 60_000, intervalMs: EVERY_MS },
    );
    end();
    return echo.lastAt.get(name)!;
  };
  return { kind: 'udp', closed: closed() };
}

async function hasFlows(world: World, port: number): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${world.managementPort}/readyz`);
  const { rawPorts } = (await response.json()) as {
    rawPorts: { protocol: string; port: number; openFlows: number }[];
  };
  return rawPorts.some((raw) => raw.protocol === 'udp' && raw.port === port && raw.openFlows > 0);
}
