import { type Namespace, spawnProcess } from '@zeronaut/testkit';
import { program } from './stage.ts';
import { cpuSeconds, receivedBytes, type WireguardPair } from './wireguard-pair.ts';

interface IperfAnswer {
  readonly error?: string;
  readonly end: {
    readonly sum_received: { readonly bits_per_second: number };
    readonly sum: { readonly packets: number; readonly lost_packets: number; readonly seconds: number };
  };
}

const PORT = 5201;

/** One run of the iperf3 client through the tunnel, with a server of its own at the far end. */
async function iperf({ near, far }: WireguardPair, args: readonly string[]): Promise<IperfAnswer> {
  const hooks: (() => unknown)[] = [];
  const hold = { after: (hook: unknown) => void hooks.push(hook as () => unknown) };
  try {
    const command = program('iperf3');
    const server = spawnProcess(
      hold,
      ...far.namespace.inside(command, ['-s', '-1', '-B', far.address, '-p', String(PORT), '--forceflush']),
    );
    await server.waitForLine(/Server listening/);
    const answer = await near.namespace.run(command, ['-J', '-c', far.address, '-p', String(PORT), ...args]);
    return JSON.parse(answer) as IperfAnswer;
  } finally {
    for (const hook of hooks.reverse()) await hook();
  }
}

/** Bulk over TCP, one second of warm-up cut off; CPU is that of both tunnel processes, for each GB (1e9) of inner bytes. */
export async function iperfTcp(
  pair: WireguardPair,
  { flows, reverse, seconds }: { flows: number; reverse: boolean; seconds: number },
): Promise<{ bitsPerSecond: number; cpuSecondsPerGb: number }> {
  const to = reverse ? pair.near : pair.far;
  const cpu = () => cpuSeconds(pair.near) + cpuSeconds(pair.far);
  const before = { cpu: cpu(), bytes: await receivedBytes(to) };
  const args = ['-t', String(seconds), '-O', '1', '-P', String(flows), ...(reverse ? ['-R'] : [])];
  const answer = await iperf(pair, args);
  const bytes = (await receivedBytes(to)) - before.bytes;
  return {
    bitsPerSecond: answer.end.sum_received.bits_per_second,
    cpuSecondsPerGb: (cpu() - before.cpu) / (bytes / 1e9),
  };
}

/** Small datagrams as fast as they can be sent: how many a second arrive. Both sides are overloaded by it. */
export async function iperfUdp(
  pair: WireguardPair,
  { bytes, seconds }: { bytes: number; seconds: number },
): Promise<number> {
  const answer = await iperf(pair, ['-u', '-b', '0', '-l', String(bytes), '-t', String(seconds)]);
  const { packets, lost_packets: lost } = answer.end.sum;
  return (packets - lost) / seconds;
}

/** Round trips in milliseconds, 500 a second, one at a time. */
export async function pingTimes(from: Namespace, to: string, count: number): Promise<{ p50: number; p99: number }> {
  const output = await from.run('ping', ['-i', '0.002', '-c', String(count), to]);
  const times = [...output.matchAll(/time=([\d.]+) ms/g)].map((match) => Number(match[1])).sort((a, b) => a - b);
  if (times.length < count * 0.98) throw new Error(`${count - times.length} of ${count} pings to ${to} were lost`);
  return { p50: times[Math.floor(times.length * 0.5)]!, p99: times[Math.floor(times.length * 0.99)]! };
}
