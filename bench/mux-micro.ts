/**
 * The multiplexer alone: a gateway and an agent, two processes, one TLS 1.3 connection on loopback, no sockets behind
 * them. For finding hot spots (`--cpu-prof` works on both processes); the comparison with `ssh -R` is another suite.
 *
 *     node bench/mux-micro.ts [--seconds 3] [--json] [--only bulk]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { createTestAuthority } from '../packages/testkit/src/index.ts';
import {
  type ByteStream,
  createTunnelDialer,
  createTunnelListener,
  type MuxSession,
  NO_HANDLER,
} from '../packages/tunnel/src/index.ts';

const ALPN = 'bench/1';
const REQUEST = Buffer.alloc(120, 'q');
const ANSWER = Buffer.alloc(240, 'a');
const BULK = Buffer.alloc(64 * 1024, 'b');

interface AgentStart {
  readonly port: number;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

if (process.send === undefined) await gateway();
else process.once('message', (start) => agent(start as AgentStart));

/** Answers `echo` streams per request, fills `bulk` streams, swallows `sink` streams, leaves `idle` streams alone. */
function agent(start: AgentStart): void {
  createTunnelDialer({
    ...start,
    host: '127.0.0.1',
    servername: 'gateway.bench',
    alpn: ALPN,
    onUp() {},
    onDown: () => process.exit(0),
    onMessage(_payload, session) {
      const usage = process.cpuUsage();
      session.sendMessage(
        Buffer.from(JSON.stringify({ cpuUs: usage.user + usage.system, rssBytes: process.memoryUsage.rss() })),
      );
    },
    onStream(stream, header) {
      const kind = header.toString();
      const fill = (): void => {
        while (stream.write(BULK));
      };
      stream.handler = {
        onData: kind === 'echo' ? () => stream.write(ANSWER) : () => undefined,
        onDrain: fill,
        onEnd: () => stream.end(),
        onClosed() {},
      };
      if (kind === 'bulk') fill();
    },
  });
}

interface Result {
  readonly workload: string;
  readonly unit: string;
  readonly value: number;
  readonly gatewayCpu: number;
  readonly agentCpu: number;
  readonly cpuUnit: string;
}

async function gateway(): Promise<void> {
  const { values } = parseArgs({
    options: { seconds: { type: 'string', default: '3' }, json: { type: 'boolean' }, only: { type: 'string' } },
  });
  const forMs = Number(values.seconds) * 1000;
  const authority = await createTestAuthority();
  const server = await authority.server(['gateway.bench']);
  const device = await authority.issue([{ type: 'url', value: 'bench:agent' }]);
  let tellReport: (report: { cpuUs: number; rssBytes: number }) => void = () => undefined;
  const up = Promise.withResolvers<MuxSession>();
  const listener = createTunnelListener({
    host: '127.0.0.1',
    port: 0,
    alpn: ALPN,
    ...server,
    ca: authority.certificate,
    onPeer: () => ({
      accept: true,
      onSession: (session) => up.resolve(session),
      session: {
        onStream: (stream) => stream.abort(),
        onMessage: (payload) => tellReport(JSON.parse(payload.toString())),
        onClosed() {},
      },
    }),
  });
  const port = await listener.start();
  const child = fork(import.meta.filename, { execArgv: process.execArgv });
  child.send({ port, ca: authority.certificate, cert: device.cert, key: device.key } satisfies AgentStart);
  const session = await up.promise;
  const report = (): Promise<{ cpuUs: number; rssBytes: number }> =>
    new Promise((resolve) => {
      tellReport = resolve;
      session.sendMessage(Buffer.from('report'));
    });

  const results: Result[] = [];
  async function measure(
    workload: string,
    unit: string,
    per: number,
    cpuUnit: string,
    run: () => Promise<number>,
  ): Promise<void> {
    if (values.only !== undefined && !workload.includes(values.only)) return;
    const [agentBefore, before] = [await report(), process.cpuUsage()];
    const started = performance.now();
    const count = await run();
    const seconds = (performance.now() - started) / 1000;
    const own = process.cpuUsage(before);
    const agentAfter = await report();
    results.push({
      workload,
      unit,
      value: count / seconds / per,
      gatewayCpu: (own.user + own.system) / count,
      agentCpu: (agentAfter.cpuUs - agentBefore.cpuUs) / count,
      cpuUnit,
    });
  }

  await measure('50 streams ping-pong', 'requests/s', 1, 'us/request', () => pingPong(session, 50, forMs));
  await measure('1 stream ping-pong', 'requests/s', 1, 'us/request', () => pingPong(session, 1, forMs));
  await measure('50 at a time, open to close', 'streams/s', 1, 'us/stream', () => openClose(session, 50, forMs));
  for (const streams of [1, 8]) {
    await measure(`bulk down, ${streams} streams`, 'MB/s', 1e6, 's/MB', () => bulkDown(session, streams, forMs));
    await measure(`bulk up, ${streams} streams`, 'MB/s', 1e6, 's/MB', () => bulkUp(session, streams, forMs));
  }
  const latency =
    values.only === undefined || 'latency'.includes(values.only) ? await besideBulk(session, forMs) : null;
  const idle = values.only === undefined || 'idle'.includes(values.only) ? await idleMemory(session, report) : null;

  if (values.json) {
    process.stdout.write(`${JSON.stringify({ results, latency, idle })}\n`);
  } else {
    for (const { workload, unit, value, gatewayCpu, agentCpu, cpuUnit } of results) {
      const digits = unit === 'MB/s' ? 4 : 2;
      const cpu = `${gatewayCpu.toFixed(digits)} + ${agentCpu.toFixed(digits)} ${cpuUnit === 's/MB' ? 'us/byte' : cpuUnit}`;
      process.stdout.write(`${workload.padEnd(30)} ${value.toFixed(0).padStart(9)} ${unit.padEnd(11)} ${cpu}\n`);
    }
    if (latency) process.stdout.write(`request beside 8 bulk streams: p50 ${latency.p50} ms, p99 ${latency.p99} ms\n`);
    if (idle) process.stdout.write(`idle stream: gateway ${idle.gateway} B, agent ${idle.agent} B resident\n`);
  }
  await listener.stop();
  await once(child, 'exit');
}

/** Requests that were answered on `streams` streams, one at a time on each. */
function pingPong(session: MuxSession, streams: number, forMs: number): Promise<number> {
  return new Promise((resolve) => {
    const until = performance.now() + forMs;
    let answers = 0;
    let open = streams;
    for (let i = 0; i < streams; i++) {
      const stream = session.openStream(Buffer.from('echo'));
      stream.handler = {
        ...NO_HANDLER,
        onData() {
          answers++;
          if (performance.now() < until) stream.write(REQUEST);
          else stream.end();
        },
        onClosed: () => {
          if (--open === 0) resolve(answers);
        },
      };
      stream.write(REQUEST);
    }
  });
}

/** Streams that were opened, asked, answered and closed. */
function openClose(session: MuxSession, atOnce: number, forMs: number): Promise<number> {
  return new Promise((resolve) => {
    const until = performance.now() + forMs;
    const header = Buffer.from('echo');
    let closed = 0;
    let running = 0;
    const next = (): void => {
      running++;
      const stream = session.openStream(header);
      stream.handler = {
        ...NO_HANDLER,
        onClosed() {
          closed++;
          running--;
          if (performance.now() < until) next();
          else if (running === 0) resolve(closed);
        },
      };
      stream.write(REQUEST);
      stream.end();
    };
    for (let i = 0; i < atOnce; i++) next();
  });
}

function bulkDown(session: MuxSession, streams: number, forMs: number): Promise<number> {
  return new Promise((resolve) => {
    let bytes = 0;
    const open = Array.from({ length: streams }, () => session.openStream(Buffer.from('bulk')));
    for (const stream of open) {
      stream.handler = {
        ...NO_HANDLER,
        onData: (chunk) => {
          bytes += chunk.length;
        },
      };
    }
    setTimeout(() => {
      for (const stream of open) stream.abort();
      resolve(bytes);
    }, forMs);
  });
}

function bulkUp(session: MuxSession, streams: number, forMs: number): Promise<number> {
  return new Promise((resolve) => {
    let bytes = 0;
    const open = Array.from({ length: streams }, () => session.openStream(Buffer.from('sink')));
    const fill = (stream: ByteStream): void => {
      do bytes += BULK.length;
      while (stream.write(BULK));
    };
    for (const stream of open) {
      stream.handler = { ...NO_HANDLER, onDrain: () => fill(stream) };
      fill(stream);
    }
    setTimeout(() => {
      for (const stream of open) {
        bytes -= stream.bufferedBytes;
        stream.abort();
      }
      resolve(bytes);
    }, forMs);
  });
}

async function besideBulk(session: MuxSession, forMs: number): Promise<{ p50: string; p99: string }> {
  const bulk = bulkDown(session, 8, forMs);
  const times: number[] = [];
  const until = performance.now() + forMs * 0.9;
  const stream = session.openStream(Buffer.from('echo'));
  await new Promise<void>((resolve) => {
    let askedAt = performance.now();
    stream.handler = {
      ...NO_HANDLER,
      onData() {
        times.push(performance.now() - askedAt);
        if (performance.now() > until) {
          resolve();
          return;
        }
        setTimeout(() => {
          askedAt = performance.now();
          stream.write(REQUEST);
        }, 5);
      },
    };
    stream.write(REQUEST);
  });
  stream.abort();
  await bulk;
  times.sort((a, b) => a - b);
  const at = (share: number): string => times[Math.floor(times.length * share)]!.toFixed(2);
  return { p50: at(0.5), p99: at(0.99) };
}

/** Growth of resident memory per stream with 10,000 open, each used once. */
async function idleMemory(session: MuxSession, report: () => Promise<{ rssBytes: number }>) {
  const count = 10_000;
  const [agentBefore, before] = [await report(), process.memoryUsage.rss()];
  const streams: ByteStream[] = [];
  await new Promise<void>((resolve) => {
    let answered = 0;
    for (let i = 0; i < count; i++) {
      const stream = session.openStream(Buffer.from('echo'));
      streams.push(stream);
      stream.handler = {
        ...NO_HANDLER,
        onData(chunk) {
          answered += chunk.length;
          if (answered >= count * ANSWER.length) resolve();
        },
      };
      stream.write(REQUEST);
    }
  });
  const [agentAfter, after] = [await report(), process.memoryUsage.rss()];
  for (const stream of streams) stream.abort();
  return {
    gateway: Math.round((after - before) / count),
    agent: Math.round((agentAfter.rssBytes - agentBefore.rssBytes) / count),
  };
}
