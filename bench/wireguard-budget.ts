/**
 * Where the nanoseconds of a WireGuard packet go: bulk over TCP through one tunnel of ours while `perf` samples both
 * packet threads. Prints CPU time per packet and stage, as docs/performance.md shows it. Needs root and linux-perf.
 *
 *     npm run bench -- wireguard-budget [--evp] [--seconds 4] [--json]
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { networkNamespaces, networkNamespacesMissing } from '@zeronaut/testkit';
import { findProgram } from '../scripts/needs.mjs';
import { iperfTcp } from './harness/iperf.ts';
import { program, Stage } from './harness/stage.ts';
import { type End, receivedBytes, startPair } from './harness/wireguard-pair.ts';

const { values: flags } = parseArgs({
  options: {
    evp: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '4' },
    json: { type: 'boolean', default: false },
  },
});
/** Inner packets of bulk are full: an MTU of 1,420 bytes. */
const PACKET_BYTES = 1420;

/** The first that fits a sample, from the innermost frame outwards, names its stage. */
const STAGES: readonly (readonly [stage: string, symbols: RegExp])[] = [
  ['read from the interface', /^(?:__x64_sys_read|ksys_read|vfs_read|tun_chr_read_iter)$/],
  ['sendmmsg, delivery to the other namespace included', /^__x64_sys_sendmmsg$/],
  ['recvmmsg', /^__x64_sys_recvmmsg$/],
  [
    'writev to the interface, TCP of the receiver included',
    /^(?:__x64_sys_writev|do_writev|vfs_writev|tun_chr_write_iter)$/,
  ],
  ['poll', /^__x64_sys_(?:poll|ppoll)$/],
  ['AEAD: ChaCha20, Poly1305, wiping', /^(?:ChaCha20|poly1305|Poly1305|chacha20|EVP_|OPENSSL_cleanse|CRYPTO_memcmp)/i],
  ['headers, checksums, counters, window (WebAssembly)', /^JS:wasm-function/],
  ['foreign function calls (koffi, Node-API)', /^(?:v8impl|napi_|v8::|Builtins_CallApi)|koffi/],
  ['JavaScript', /^(?:JS:|Builtins_)/],
  ['scheduling, interrupts, the rest', /./],
];

interface Thread {
  readonly name: string;
  readonly cpuSeconds: number;
}

function packetThreads({ process }: End): Map<string, Thread> {
  const directory = `/proc/${process.child.pid}/task`;
  const threads = readdirSync(directory).map((id) => {
    const [head, tail] = readFileSync(join(directory, id, 'stat'), 'latin1').split(/\) (?=\S )/) as [string, string];
    const fields = tail.split(' ');
    return [id, { name: head.split('(')[1]!, cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100 }] as const;
  });
  return new Map(threads.filter(([, { name }]) => name.startsWith('wireguard')));
}

/** Samples by thread id and stage. */
function samples(file: string): Map<string, Map<string, number>> {
  const output = execFileSync(program('perf'), ['script', '-i', file, '-F', 'tid,ip,sym,dso'], {
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const counts = new Map<string, Map<string, number>>();
  for (const sample of output.split(/\n\s*\n/)) {
    const [head, ...frames] = sample.trim().split('\n');
    const thread = head?.trim() ?? '';
    if (frames.length === 0) continue;
    const symbols = frames.map((frame) => frame.trim().replace(/^[0-9a-f]+\s+/, ''));
    // A system call is the stage of everything the kernel does for it; elsewhere the innermost frame is.
    const call = STAGES.find(
      ([, pattern], index) => index < 5 && symbols.some((symbol) => pattern.test(nameOf(symbol))),
    );
    const [stage] = call ?? STAGES.slice(5).find(([, pattern]) => pattern.test(symbols[0]!))!;
    const of = counts.get(thread) ?? new Map<string, number>();
    counts.set(thread, of);
    of.set(stage, (of.get(stage) ?? 0) + 1);
  }
  return counts;
}

const nameOf = (symbol: string) => symbol.split(/[\s+]/)[0]!;

const missing =
  networkNamespacesMissing() ??
  (findProgram('perf') === null ? 'perf is not installed: apt-get install linux-perf' : null);
if (missing !== null) throw new Error(missing);
const stage = new Stage();
try {
  const directory = mkdtempSync(join(tmpdir(), 'zn-bench-budget-'));
  stage.after(() => rmSync(directory, { recursive: true, force: true }));
  const network = networkNamespaces(stage);
  const near = await network.add('near');
  const far = await network.add('far');
  await network.link(near, '10.99.0.1/24', far, '10.99.0.2/24');
  process.env.NODE_OPTIONS = '--perf-basic-prof --interpreted-frames-native-stack';
  const pair = await startPair(stage, {
    ...{ carrier: flags.evp ? 'ours-evp' : 'ours', id: 1, near, far, directory },
    ...{ nearAddress: '10.99.0.1', farAddress: '10.99.0.2' },
  });
  delete process.env.NODE_OPTIONS;
  const ends = [pair.near, pair.far];
  stage.after(() => {
    for (const { process } of ends) rmSync(`/tmp/perf-${process.child.pid}.map`, { force: true });
  });
  await iperfTcp(pair, { flows: 1, reverse: false, seconds: 2 });

  const before = { threads: ends.map(packetThreads), bytes: await receivedBytes(pair.far) };
  const file = join(directory, 'perf.data');
  const pids = ends.map(({ process }) => process.child.pid).join(',');
  const perf = spawn(program('perf'), ['record', '-F', '2999', '-g', '-o', file, '-p', pids], { stdio: 'ignore' });
  await iperfTcp(pair, { flows: 1, reverse: false, seconds: Number(flags.seconds) });
  perf.kill('SIGINT');
  await once(perf, 'exit');
  const packets = ((await receivedBytes(pair.far)) - before.bytes) / PACKET_BYTES;
  const after = ends.map(packetThreads);

  const counts = samples(file);
  const rows: { thread: string; stage: string; nanoseconds: number }[] = [];
  for (const [index, side] of (['sender', 'receiver'] as const).entries()) {
    for (const [id, { name, cpuSeconds }] of after[index]!) {
      const spent = (cpuSeconds - before.threads[index]!.get(id)!.cpuSeconds) * 1e9;
      const of = counts.get(id) ?? new Map<string, number>();
      const all = [...of.values()].reduce((sum, count) => sum + count, 0);
      const thread = `${side}, ${name.includes('trans') ? 'transmit' : 'receive'} thread`;
      for (const [stageName] of STAGES) {
        const nanoseconds = ((of.get(stageName) ?? 0) / all) * (spent / packets);
        if (nanoseconds >= 1) rows.push({ thread, stage: stageName, nanoseconds: Math.round(nanoseconds) });
      }
    }
  }
  if (flags.json) {
    process.stdout.write(`${JSON.stringify({ packets: Math.round(packets), rows }, null, 2)}\n`);
  } else {
    for (const thread of new Set(rows.map((row) => row.thread))) {
      const of = rows.filter((row) => row.thread === thread);
      const total = of.reduce((sum, { nanoseconds }) => sum + nanoseconds, 0);
      process.stdout.write(`${thread}: ${total} ns a packet\n`);
      for (const row of of) process.stdout.write(`  ${String(row.nanoseconds).padStart(6)}  ${row.stage}\n`);
    }
  }
} finally {
  await stage.end();
}
