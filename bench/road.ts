/**
 * The whole road: HTTP straight to a target beside nginx, and through a tunnel beside `ssh -R`, in alternating rounds of
 * one run. Each round measures the peer and us one after the other, in changing order, so that drift hits both.
 */
import { parseArgs } from 'node:util';
import { residentBytes } from '../e2e/harness/world.ts';
import { bulkThroughput, keepDownloading } from './harness/bulk.ts';
import { cpuSeconds } from './harness/cpu-time.ts';
import { startOrigin, startProxy } from './harness/nginx.ts';
import { type Measurement, type Result, reportResults, toResult } from './harness/results.ts';
import { startSshTunnel } from './harness/ssh.ts';
import { Stage } from './harness/stage.ts';
import { type Endpoint, wrk } from './harness/wrk.ts';
import { idleTunnels, startDirectGateway, startTunnel, type Tunnel } from './harness/zeronaut.ts';

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    runs: { type: 'string' },
    /** Only workloads whose name contains this. */
    only: { type: 'string', default: '' },
  },
});
const rounds = flags.runs === undefined ? (flags.quick ? 1 : 5) : Number(flags.runs);
const seconds = flags.quick ? 1 : 4;
const bulkBytes = (flags.quick ? 256 : 1024) * 1024 * 1024;
const idleStreams = flags.quick ? 1_000 : 10_000;

const NGINX = 'nginx';
const SSH = 'ssh -R -tt aes128-gcm';

/** A figure that is taken of us and of the peer, by the same means. */
interface Workload {
  readonly name: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  readonly must?: number;
  readonly aim?: number;
  readonly peerName: string;
  readonly peer: Endpoint;
  readonly ours: Endpoint;
  readonly measure: (endpoint: Endpoint) => Promise<number>;
}

async function run(stage: Stage): Promise<Measurement[]> {
  const origin = await startOrigin(stage, bulkBytes);
  const proxy = await startProxy(stage, origin.port);
  const direct = await startDirectGateway(stage, origin.port);
  const ssh = await startSshTunnel(stage, origin.port);
  const measurements = await memory(stage, origin.port);
  const tunnel = await startTunnel(stage, origin.port);

  const requests = (endpoint: Endpoint) => wrk(stage, endpoint, { connections: 50, seconds });
  const connections = (endpoint: Endpoint) => wrk(stage, endpoint, { connections: 50, seconds, close: true });
  /** What both ends of a tunnel take for a request, in us: not rates of a machine that has other things to do as well. */
  const cpuPerRequest = async (endpoint: Endpoint) => {
    const before = cpuSeconds(endpoint.pids!);
    const rate = await requests(endpoint);
    return ((cpuSeconds(endpoint.pids!) - before) * 1e6) / (rate * seconds);
  };
  const cpuPerGigabyte = async (endpoint: Endpoint) => {
    const before = cpuSeconds(endpoint.pids!);
    await bulkThroughput(stage, endpoint, bulkBytes);
    return ((cpuSeconds(endpoint.pids!) - before) * 1e9) / bulkBytes;
  };
  const paced = async (endpoint: Endpoint, rate: number, lanes: number) => {
    const { port, host = '127.0.0.1' } = endpoint;
    const args = [port, host, rate, lanes, seconds].map(String);
    const answer = await stage.loadScript<PacedAnswer>('paced-client.ts', args);
    if (answer.answered !== answer.sent) throw new Error(`${answer.sent - answer.answered} answers never came`);
    return answer;
  };
  const smallBesideBulk = async (endpoint: Endpoint) => {
    const stop = keepDownloading(stage, endpoint, 8);
    try {
      return (await paced(endpoint, 100, 4)).p50;
    } finally {
      await stop();
    }
  };
  /** What the proxy or tunnel adds to the origin's own latency, in the same round. */
  const added = async (endpoint: Endpoint, key: 'p50' | 'p99') => {
    const without = await paced(origin, 1_000, 10);
    return Math.max(0.001, (await paced(endpoint, 1_000, 10))[key] - without[key]);
  };

  const throughSsh = { peerName: SSH, peer: ssh };
  const workloads: readonly Workload[] = [
    {
      ...{ name: 'direct http, 50 keep-alive connections', unit: 'req/s', better: 'higher', must: 0.6, aim: 0.8 },
      ...{ peerName: NGINX, peer: proxy, ours: direct, measure: requests },
    },
    {
      ...{ name: 'tunnel tcp, 50 keep-alive connections', unit: 'req/s', better: 'higher', must: 1.2, aim: 1.75 },
      ...{ ...throughSsh, ours: tunnel.tcp, measure: requests },
    },
    {
      ...{ name: 'tunnel tcp, CPU of both ends per request', unit: 'us', better: 'lower' },
      ...{ ...throughSsh, ours: tunnel.tcp, measure: cpuPerRequest },
    },
    {
      ...{ name: 'tunnel http, 50 keep-alive connections', unit: 'req/s', better: 'higher', must: 1.2, aim: 1.75 },
      ...{ ...throughSsh, ours: tunnel.http, measure: requests },
    },
    {
      ...{ name: 'tunnel tcp, bulk, 1 stream', unit: 'MB/s', better: 'higher', must: 0.75, aim: 1 },
      ...{ ...throughSsh, ours: tunnel.tcp, measure: (endpoint) => bulkThroughput(stage, endpoint, bulkBytes) },
    },
    {
      ...{ name: 'tunnel tcp, CPU of both ends in bulk', unit: 's/GB', better: 'lower' },
      ...{ ...throughSsh, ours: tunnel.tcp, measure: cpuPerGigabyte },
    },
    {
      ...{ name: 'tunnel http, bulk, 1 stream', unit: 'MB/s', better: 'higher' },
      ...{ ...throughSsh, ours: tunnel.http, measure: (endpoint) => bulkThroughput(stage, endpoint, bulkBytes) },
    },
    {
      ...{ name: 'tunnel tcp, new connections', unit: 'conn/s', better: 'higher', must: 0.75, aim: 1 },
      ...{ ...throughSsh, ours: tunnel.tcp, measure: connections },
    },
    {
      ...{ name: 'tunnel tcp, small beside 8 bulk, p50', unit: 'ms', better: 'lower', must: 0.5, aim: 1 },
      ...{ ...throughSsh, ours: tunnel.tcp, measure: smallBesideBulk },
    },
    {
      ...{ name: 'tunnel tcp, added p50 at 1,000 req/s', unit: 'ms', better: 'lower' },
      ...{ ...throughSsh, ours: tunnel.tcp, measure: (endpoint) => added(endpoint, 'p50') },
    },
    {
      ...{ name: 'tunnel tcp, added p99 at 1,000 req/s', unit: 'ms', better: 'lower' },
      ...{ ...throughSsh, ours: tunnel.tcp, measure: (endpoint) => added(endpoint, 'p99') },
    },
    {
      ...{ name: 'direct http, added p50 at 1,000 req/s', unit: 'ms', better: 'lower' },
      ...{ peerName: NGINX, peer: proxy, ours: direct, measure: (endpoint) => added(endpoint, 'p50') },
    },
    {
      ...{ name: 'direct http, added p99 at 1,000 req/s', unit: 'ms', better: 'lower' },
      ...{ peerName: NGINX, peer: proxy, ours: direct, measure: (endpoint) => added(endpoint, 'p99') },
    },
  ];

  // Programs that compile as they run are measured warm, and the peer gets the same.
  for (const endpoint of [proxy, direct, ssh, tunnel.tcp, tunnel.http]) {
    await wrk(stage, endpoint, { connections: 50, seconds: 2 });
  }
  for (const workload of workloads.filter(({ name }) => name.includes(flags.only))) {
    process.stderr.write(`${workload.name} …`);
    const rows = { ours: [] as number[], peer: [] as number[] };
    for (let round = 0; round < rounds; round++) {
      for (const side of round % 2 === 0 ? (['peer', 'ours'] as const) : (['ours', 'peer'] as const)) {
        rows[side].push(await workload.measure(workload[side]));
      }
    }
    process.stderr.write(' done\n');
    const { name, unit, better, must, aim, peerName } = workload;
    measurements.push({
      ...{ workload: name, unit, better, ours: rows.ours, peer: { name: peerName, rounds: rows.peer } },
      ...(must !== undefined && { must }),
      ...(aim !== undefined && { aim }),
    });
  }
  return measurements;
}

interface PacedAnswer {
  readonly sent: number;
  readonly answered: number;
  readonly p50: number;
  readonly p99: number;
}

/** On programs of their own: what they keep of ten thousand streams is not to be in the way of what follows. */
async function memory(stage: Stage, originPort: number): Promise<Measurement[]> {
  const wanted = (name: string) => name.includes(flags.only);
  if (!['idle memory', 'resident per idle stream', 'resident per idle tunnel'].some(wanted)) return [];
  const tunnel = await startTunnel(stage, originPort);
  const measurements: Measurement[] = [];
  if (wanted('idle memory')) measurements.push(...idleMemory(tunnel));
  if (wanted('resident per idle tunnel')) measurements.push(await memoryPerTunnel(tunnel));
  if (wanted('resident per idle stream')) measurements.push(...(await memoryPerStream(stage, tunnel)));
  await tunnel.stop();
  return measurements;
}

function idleMemory(tunnel: Tunnel): Measurement[] {
  return (['gateway', 'agent'] as const).map((side) => ({
    ...{ workload: `idle memory of ${side}`, unit: 'MB', better: 'lower' as const },
    ours: [residentBytes(tunnel[side].pid) / 1e6],
  }));
}

/** Growth of the gateway for tunnels that are up and carry nothing but keep-alives. */
async function memoryPerTunnel(tunnel: Tunnel): Promise<Measurement> {
  const before = residentBytes(tunnel.gateway.pid);
  await tunnel.openIdleTunnels();
  return {
    ...{ workload: `resident per idle tunnel, gateway, of ${idleTunnels}`, unit: 'bytes', better: 'lower' },
    ours: [(residentBytes(tunnel.gateway.pid) - before) / idleTunnels],
  };
}

/** Growth of both ends for streams that carried one request each and then are idle. The bar: 8 KB and side. */
async function memoryPerStream(stage: Stage, tunnel: Tunnel): Promise<Measurement[]> {
  const { port, host = '127.0.0.1' } = tunnel.tcp;
  const hold = async (count: number) => {
    const client = stage.startScript('idle-client.ts', [String(port), host, String(count)]);
    await client.waitForLine(/^open$/, { timeoutMs: 120_000 });
    return client;
  };
  // What the first streams cost once (compiled code, pools) is not a stream's cost.
  await (await hold(idleStreams / 10)).kill();
  const before = { gateway: residentBytes(tunnel.gateway.pid), agent: residentBytes(tunnel.agent.pid) };
  const client = await hold(idleStreams);
  const measurements = (['gateway', 'agent'] as const).map((side) => ({
    ...{ workload: `resident per idle stream, ${side}, of ${idleStreams.toLocaleString('en-US')}`, unit: 'bytes' },
    ...{ better: 'lower' as const, must: 8192 },
    ours: [(residentBytes(tunnel[side].pid) - before[side]) / idleStreams],
  }));
  await client.kill();
  return measurements;
}

const stage = new Stage();
let results: Result[];
try {
  results = (await run(stage)).map((measurement) => toResult('road', measurement));
} finally {
  await stage.end();
}
reportResults('road', results, { json: flags.json });
