/**
 * Access decisions on a gateway, and how a snapshot of a large organization is applied.
 *
 *     npm run bench -- access [--quick] [--json] [--runs 5]
 *
 * Decisions run in a process of their own on one core. Snapshots go to a real gateway process over the real link, each with
 * another set of people, devices and policies, so that nothing can be kept from the one before; and each with one change alone,
 * which is what happens all day. A visitor asks for a page all the while, from a thread of its own.
 */
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { freePort, temporaryDirectory, testResource, testTarget, waitFor } from '@zeronaut/testkit';
import { createSnapshotSigner } from '../packages/gateway/src/snapshot/testdata/signed-snapshots.ts';
import { encodeMessage } from '../packages/gateway/src/sync/codec.ts';
import { saveCredentials } from '../packages/gateway/src/sync/identity.ts';
import { createIdentity, startSyncConsole } from '../packages/gateway/src/sync/testdata/sync-console.ts';
import { createAccessWorld } from './harness/access-world.ts';
import type { ProbeMessage } from './harness/request-probe.ts';
import { type Measurement, median, percentile, reportResults, toResult } from './harness/results.ts';
import { Stage } from './harness/stage.ts';
import { waitUntilAnswers } from './harness/zeronaut.ts';

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    runs: { type: 'string' },
  },
});
const rounds = flags.runs === undefined ? (flags.quick ? 2 : 7) : Number(flags.runs);
const USERS = 10_000;
const DEVICES = 10_000;
const RESOURCES = 1_000;
const POLICIES = 1_000;
const decisions = flags.quick ? 10_000 : 40_000;
const HOST = 'page.localhost';

type Rounds = Measurement & { ours: number[]; peer?: { name: string; rounds: number[] } };
const workload = (name: string, unit: string, must: number | undefined, peerName?: string): Rounds => ({
  ...{ workload: name, unit, better: 'lower', ours: [] },
  ...(must !== undefined && { must }),
  ...(peerName !== undefined && { peer: { name: peerName, rounds: [] } }),
});

async function measureDecisions(stage: Stage): Promise<Measurement[]> {
  const cached = workload('decision made before, p99', 'us', 20);
  const cachedMiddle = workload('decision made before, p50', 'us', undefined);
  const fresh = workload('decision made anew, p99', 'ms', 2);
  const freshMiddle = workload('decision made anew, p50', 'ms', undefined, 'cedar-wasm, pre-parsed');
  for (let round = 0; round < Math.min(rounds, 5); round++) {
    const child = stage.start(stage.subjectCore, process.execPath, [
      join(import.meta.dirname, 'harness/access-decisions.ts'),
      ...[USERS, RESOURCES, POLICIES, decisions].map(String),
    ]);
    const exit = await child.exited;
    if (exit.code !== 0) throw new Error(child.output());
    const took = JSON.parse(child.stdout()) as { fresh: number[]; cached: number[]; peer: number[] };
    cached.ours.push(percentile(took.cached, 0.99) * 1000);
    cachedMiddle.ours.push(percentile(took.cached, 0.5) * 1000);
    fresh.ours.push(percentile(took.fresh, 0.99));
    freshMiddle.ours.push(percentile(took.fresh, 0.5));
    freshMiddle.peer!.rounds.push(percentile(took.peer, 0.5));
  }
  return [cached, cachedMiddle, fresh, freshMiddle];
}

async function measureSnapshots(stage: Stage): Promise<Measurement[]> {
  const signer = createSnapshotSigner();
  const { organizationId } = signer;
  const console = await startSyncConsole(stage);
  const directory = temporaryDirectory('bench-access');
  const data = join(directory, 'data');
  mkdirSync(data);
  await saveCredentials(data, createIdentity(signer, console.port), async (path, text) => writeFileSync(path, text));
  const probe = new Worker(join(import.meta.dirname, 'harness/request-probe.ts'));
  const tell = (message: ProbeMessage): void => probe.postMessage(message);
  const [originPort] = (await once(probe, 'message')) as [number];
  const httpPort = await freePort();
  const file = join(directory, 'gateway.yaml');
  writeFileSync(
    file,
    `version: 1
console: { url: "http://127.0.0.1:1", name: bench, baseDomain: localhost }
listeners:
  - { address: "127.0.0.1:${httpPort}", protocol: http, redirectToHttps: false }
tunnel: { address: "127.0.0.1:0" }
management: { address: "127.0.0.1:0" }
dataDirectory: ${data}
`,
  );
  // On both cores: the signature is checked in a thread of its own, which on one core would take its turns from the flows.
  const gateway = stage.startZeronaut(null, ['gateway', 'run', '--config', file], { ZERONAUT_HOME: directory });
  await waitFor(() => console.received.some(({ type }) => type === 'hello'), { what: 'the gateway dials' }).catch(
    (error) => {
      throw new Error(`${error.message}\n${gateway.output()}`);
    },
  );
  const page = testResource(organizationId, {
    protocol: 'http',
    hosts: [HOST],
    targets: [testTarget(`127.0.0.1:${originPort}`)],
  });

  const size = { users: USERS, devices: DEVICES, resources: RESOURCES - 1, policies: POLICIES };
  let version = 0;
  const send = async (
    content: ReturnType<typeof createAccessWorld>['content'],
  ): Promise<{ tookMs: number; bytes: number }> => {
    version++;
    const signed = signer.signed(version, { ...content, resources: [page, ...content.resources] });
    const frame = encodeMessage(JSON.stringify({ type: 'snapshot', snapshot: signed }));
    const startedAt = performance.now();
    console.sendBytes(frame);
    const answer = await waitFor(
      () => console.received.find((message) => 'version' in message && message.version === version),
      { what: `version ${version} is applied`, timeoutMs: 30_000 },
    );
    if (answer.type !== 'applied') throw new Error(JSON.stringify(answer));
    return { tookMs: performance.now() - startedAt, bytes: frame.length };
  };

  await send({ users: [], devices: [], resources: [], policies: [] });
  await waitUntilAnswers(gateway, { port: httpPort, host: HOST });
  // Before the gateway, which was started earlier, is ended.
  stage.after(() => tell({ type: 'end' }));
  tell({ type: 'begin', port: httpPort, host: HOST });
  const probed = async (): Promise<number[]> => {
    tell({ type: 'report' });
    const [tookMs] = (await once(probe, 'message')) as [number[]];
    return tookMs;
  };

  const quietMiddle = workload('a page meanwhile: p50, nothing to apply', 'ms', undefined);
  const quietLongest = workload('a page meanwhile: longest, nothing to apply', 'ms', undefined);
  const whole = workload('apply a snapshot in which everything changed', 'ms', 1_000);
  const wholeLongest = workload('a page meanwhile: longest', 'ms', 10);
  const one = workload('apply a snapshot in which one user changed', 'ms', 1_000);
  const oneLongest = workload('a page meanwhile: longest, one user changed', 'ms', 10);
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  for (let round = 0; round < rounds; round++) {
    const { content } = createAccessWorld(organizationId, size);
    await pause(500);
    await probed();
    await pause(1_000);
    const quiet = await probed();
    quietMiddle.ours.push(median(quiet));
    quietLongest.ours.push(Math.max(...quiet));
    await probed();
    const everything = await send(content);
    await pause(200);
    whole.ours.push(everything.tookMs);
    wholeLongest.ours.push(Math.max(...(await probed())));
    if (round === 0) process.stdout.write(`the snapshot has ${(everything.bytes / 1e6).toFixed(1)} MB on the wire\n`);
    await pause(500);
    const renamed = content.users.with(5, { ...content.users[5]!, name: 'Renamed' });
    await probed();
    one.ours.push((await send({ ...content, users: renamed })).tookMs);
    await pause(200);
    oneLongest.ours.push(Math.max(...(await probed())));
  }
  return [whole, wholeLongest, one, oneLongest, quietMiddle, quietLongest];
}

const stage = new Stage();
let failed = false;
try {
  const measurements = [...(await measureDecisions(stage)), ...(await measureSnapshots(stage))];
  const results = measurements.map((measurement) => toResult('access', measurement));
  reportResults('access', results, { json: flags.json });
} catch (error) {
  failed = true;
  process.stderr.write(`${(error as Error).stack}\n`);
} finally {
  await stage.end();
}
process.exit(failed ? 1 : 0);
