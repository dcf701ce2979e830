/**
 * WireGuard: our engine beside Debian's wireguard-go, both between the same two network namespaces on the same cores, in
 * alternating rounds of one run. Needs root.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { networkNamespaces, networkNamespacesMissing } from '@zeronaut/testkit';
import { iperfTcp, iperfUdp, pingTimes } from './harness/iperf.ts';
import { type Measurement, type Result, reportResults, toResult } from './harness/results.ts';
import { Stage } from './harness/stage.ts';
import { handshakesPerSecond, lookupNanoseconds, memoryWithPeers } from './harness/wireguard-alone.ts';
import { type Carrier, startPair, type WireguardPair } from './harness/wireguard-pair.ts';

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    runs: { type: 'string' },
    /** Pairs of packet threads of ours; default: as many as it chooses. */
    lanes: { type: 'string' },
    /** Only workloads whose name contains this. */
    only: { type: 'string', default: '' },
  },
});
const rounds = flags.runs === undefined ? (flags.quick ? 1 : 5) : Number(flags.runs);
const seconds = flags.quick ? 1 : 2;
const lanes = flags.lanes === undefined ? {} : { lanes: Number(flags.lanes) };
const pings = flags.quick ? 300 : 1_000;
const manyPeers = 10_000;

const CARRIERS: readonly Carrier[] = ['ours', 'ours-evp', 'wireguard-go'];
const PEER = 'wireguard-go 0.0.20220316 (Debian 12)';

/** What is measured of one carrier; `peer` bars are for the ratio, larger is better for us. */
interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  readonly must?: number;
  readonly aim?: number;
}

/** Every round's value by figure and carrier. */
class Figures {
  readonly #values = new Map<string, Map<Carrier, number[]>>();

  add(name: string, carrier: Carrier, value: number): void {
    const of = this.#values.get(name) ?? new Map<Carrier, number[]>();
    this.#values.set(name, of);
    of.set(carrier, [...(of.get(carrier) ?? []), value]);
    process.stderr.write(`  ${name}, ${carrier}: ${value >= 100 ? Math.round(value) : value.toPrecision(3)}\n`);
  }

  /** Beside the peer; none if it was not measured. */
  beside(figure: Figure, ours: Carrier = 'ours'): Measurement[] {
    const values = this.#values.get(figure.name)?.get(ours);
    const peer = this.#values.get(figure.name)?.get('wireguard-go');
    if (values === undefined || peer === undefined) return [];
    const { name, unit, better, must, aim } = figure;
    return [
      {
        ...{ workload: ours === 'ours-evp' ? `${name}, EVP only` : name, unit, better, ours: values },
        peer: { name: PEER, rounds: peer },
        ...(must !== undefined && { must }),
        ...(aim !== undefined && { aim }),
      },
    ];
  }

  /** Against a bar of its own. */
  alone(figure: Figure, ours: Carrier = 'ours'): Measurement[] {
    const values = this.#values.get(figure.name)?.get(ours);
    if (values === undefined) return [];
    const { name, unit, better, must, aim } = figure;
    return [
      {
        ...{ workload: name, unit, better, ours: values },
        ...(must !== undefined && { must }),
        ...(aim !== undefined && { aim }),
      },
    ];
  }
}

const BULK = [1, 8].flatMap((flows) =>
  [false, true].map((reverse) => ({
    name: `tcp, ${flows} ${flows === 1 ? 'flow' : 'flows'}${reverse ? ', reverse' : ''}`,
    flows,
    reverse,
  })),
);
const UDP = 'udp 200 B, delivered';
const LATENCY = ['added latency p50', 'added latency p99'] as const;
const HANDSHAKES = 'handshakes on one core';
const MEMORY = 'resident memory, 1 peer';
const MEMORY_PER_PEER = 'resident memory per further peer';
const LOOKUP = 'look-up among 10,000 peers';

async function run(stage: Stage): Promise<Measurement[]> {
  const directory = mkdtempSync(join(tmpdir(), 'zn-bench-wg-'));
  stage.after(() => rmSync(directory, { recursive: true, force: true }));
  const network = networkNamespaces(stage);
  const near = await network.add('near');
  const far = await network.add('far');
  const [nearAddress, farAddress] = ['10.99.0.1', '10.99.0.2'];
  await network.link(near, `${nearAddress}/24`, far, `${farAddress}/24`);
  const figures = new Figures();
  const wanted = (...names: readonly string[]) => names.some((name) => name.includes(flags.only));

  let ids = 0;
  const others = CARRIERS.filter((carrier) => carrier !== 'ours-evp');
  for (let round = 0; round < rounds; round++) {
    for (const carrier of rotated(others, round)) {
      const options = () => ({ carrier, namespace: far, directory, id: ids++ });
      if (wanted(HANDSHAKES)) {
        const cores = { core: stage.subjectCore, loadCore: stage.loadCore, from: near };
        const job = { host: farAddress, peers: 1_000, rounds: flags.quick ? 2 : 6 };
        figures.add(HANDSHAKES, carrier, await handshakesPerSecond({ ...options(), ...cores }, job));
      }
      if (wanted(MEMORY, MEMORY_PER_PEER)) {
        const one = await memoryWithPeers(options(), 1);
        const many = await memoryWithPeers(options(), manyPeers);
        figures.add(MEMORY, carrier, one / 1e6);
        figures.add(MEMORY_PER_PEER, carrier, (many - one) / (manyPeers - 1));
      }
    }
    if (wanted(LOOKUP)) figures.add(LOOKUP, 'ours', lookupNanoseconds(manyPeers));
  }

  if (!wanted(UDP, ...LATENCY, ...BULK.flatMap(({ name }) => [name, `cpu, ${name}`]))) return measurements(figures);
  const pairs = new Map<Carrier, WireguardPair>();
  for (const [id, carrier] of CARRIERS.entries()) {
    pairs.set(
      carrier,
      await startPair(stage, { ...{ carrier, id, near, far, nearAddress, farAddress, directory }, ...lanes }),
    );
  }
  // Programs that compile as they run are measured warm, and the peer gets the same.
  for (const pair of pairs.values()) await iperfTcp(pair, { flows: 2, reverse: false, seconds: 1 });
  for (let round = 0; round < rounds; round++) {
    for (const { name, ...how } of BULK.filter((bulk) => wanted(bulk.name, `cpu, ${bulk.name}`))) {
      for (const carrier of rotated(CARRIERS, round)) {
        const { bitsPerSecond, cpuSecondsPerGb } = await iperfTcp(pairs.get(carrier)!, { ...how, seconds });
        figures.add(name, carrier, bitsPerSecond / 1e6);
        figures.add(`cpu, ${name}`, carrier, cpuSecondsPerGb);
      }
    }
    for (const carrier of rotated(others, round)) {
      const pair = pairs.get(carrier)!;
      if (wanted(UDP)) figures.add(UDP, carrier, await iperfUdp(pair, { bytes: 200, seconds }));
      if (wanted(...LATENCY)) {
        const direct = await pingTimes(near, farAddress, pings);
        const through = await pingTimes(near, pair.far.address, pings);
        figures.add(LATENCY[0], carrier, through.p50 - direct.p50);
        figures.add(LATENCY[1], carrier, through.p99 - direct.p99);
      }
    }
  }
  return measurements(figures);
}

/** In the order and with the bars of the issue; smaller-is-better bars are turned round (0.5 becomes 2). */
function measurements(figures: Figures): Measurement[] {
  const bulk = { unit: 'Mbit/s', better: 'higher' } as const;
  const cpu = { unit: 's/GB', better: 'lower' } as const;
  return [
    ...BULK.flatMap(({ name }) => figures.beside({ name, ...bulk, must: 3, aim: 5.5 })),
    ...BULK.flatMap(({ name }) => figures.beside({ name, ...bulk, must: 2, aim: 3.5 }, 'ours-evp')),
    ...figures.beside({ name: UDP, unit: 'packets/s', better: 'higher', must: 1.5, aim: 3 }),
    ...LATENCY.flatMap((name) => figures.beside({ name, unit: 'ms', better: 'lower', must: 1, aim: 1.67 })),
    ...BULK.flatMap(({ name }) => figures.beside({ name: `cpu, ${name}`, ...cpu, must: 2, aim: 5 })),
    ...figures.beside({ name: HANDSHAKES, unit: '1/s', better: 'higher', must: 0.5, aim: 1.5 }),
    ...figures.alone({ name: MEMORY, unit: 'MB', better: 'lower', must: 110, aim: 70 }),
    ...figures.alone({ name: MEMORY_PER_PEER, unit: 'bytes', better: 'lower', must: 8192, aim: 2048 }),
    ...[MEMORY, MEMORY_PER_PEER].flatMap((name) =>
      figures.beside({ name, unit: name === MEMORY ? 'MB' : 'bytes', better: 'lower' }),
    ),
    ...figures.alone({ name: LOOKUP, unit: 'ns', better: 'lower' }),
  ];
}

function rotated<T>(values: readonly T[], by: number): T[] {
  const first = by % values.length;
  return [...values.slice(first), ...values.slice(0, first)];
}

const missing = networkNamespacesMissing();
if (missing !== null) throw new Error(missing);
const stage = new Stage();
let results: Result[];
try {
  results = (await run(stage)).map((measurement) => toResult('wireguard', measurement));
} finally {
  await stage.end();
}
reportResults('wireguard', results, { json: flags.json });
