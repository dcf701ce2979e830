import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Namespace, spawnProcess } from '@zeronaut/testkit';
import { AllowedIps } from '../../packages/tunnel/src/wireguard/allowed-ips.ts';
import { NODE, ROOT } from '../../scripts/npm-packages.mjs';
import type { HandshakeAnswer, HandshakeJob } from './wireguard-handshakes.ts';
import { type Carrier, residentBytesOf, startEnd } from './wireguard-pair.ts';

type Hooks = Parameters<typeof spawnProcess>[0];

interface KeyPair {
  /** 32 bytes each. */
  readonly private: Buffer;
  readonly public: Buffer;
}

function keyPair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  return { private: privateKey.export({ format: 'raw-private' }), public: publicKey.export({ format: 'raw-public' }) };
}

const peerOf = (key: KeyPair, index: number) =>
  `[Peer]\nPublicKey = ${key.public.toString('base64')}\nAllowedIPs = 10.${64 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}/32\n`;

export interface AloneOptions {
  readonly carrier: Carrier;
  readonly namespace: Namespace;
  readonly directory: string;
  /** Tells interfaces apart that are up one after the other. */
  readonly id: number;
}

/** Runs `work` beside one end that has peers but no tunnel. */
async function alone<Answer>(
  options: AloneOptions & { readonly peers: readonly KeyPair[]; readonly core?: number },
  work: (end: Awaited<ReturnType<typeof startEnd>>, own: KeyPair, port: number) => Promise<Answer>,
): Promise<Answer> {
  const hooks: (() => unknown)[] = [];
  const hold: Hooks = { after: (hook) => void hooks.push(hook as () => unknown) };
  const own = keyPair();
  const port = 54_000 + options.id;
  try {
    const end = await startEnd(hold, {
      ...options,
      interfaceName: `zna${options.id}`,
      address: '10.8.0.1',
      configuration:
        `[Interface]\nPrivateKey = ${own.private.toString('base64')}\nListenPort = ${port}\n` +
        options.peers.map(peerOf).join(''),
    });
    return await work(end, own, port);
  } finally {
    for (const hook of hooks.reverse()) await hook();
  }
}

/** Resident bytes of a process that has so many peers, none of them connected. */
export async function memoryWithPeers(options: AloneOptions, peers: number): Promise<number> {
  const keys = Array.from({ length: peers }, keyPair);
  return await alone({ ...options, peers: keys }, async (end) => residentBytesOf(end));
}

/** Answered initiations a second of a responder that has one core for itself; the load has the other. */
export async function handshakesPerSecond(
  options: AloneOptions & { readonly core: number; readonly loadCore: number; readonly from: Namespace },
  job: { readonly host: string; readonly peers: number; readonly rounds: number },
): Promise<number> {
  const keys = Array.from({ length: job.peers }, keyPair);
  return await alone({ ...options, peers: keys }, async (_end, own, port) => {
    const file = join(options.directory, `handshakes-${options.id}.json`);
    const work: HandshakeJob = {
      ...{ host: job.host, port, responder: own.public.toString('base64'), rounds: job.rounds, atATime: 32 },
      privateKeys: keys.map((key) => key.private.toString('base64')),
    };
    writeFileSync(file, JSON.stringify(work), { mode: 0o600 });
    const script = join(ROOT, 'bench/harness/wireguard-handshakes.ts');
    const output = await options.from.run('taskset', ['-c', String(options.loadCore), NODE, script, file]);
    const { answered, lost, seconds } = JSON.parse(output) as HandshakeAnswer;
    if (lost > answered / 100) throw new Error(`${lost} initiations were not answered, ${answered} were`);
    return answered / seconds;
  });
}

/** Nanoseconds to find which of `peers` peers an IPv4 address belongs to. */
export function lookupNanoseconds(peers: number): number {
  const networks = new AllowedIps();
  for (let index = 0; index < peers; index++) {
    networks.insert(index, {
      address: Uint8Array.of(10, 64 + (index >> 16), (index >> 8) & 255, index & 255),
      bits: 32,
    });
  }
  const bytes = new Uint8Array(4 * 65_536);
  for (let at = 0; at < bytes.length; at += 4) {
    const index = Math.floor(Math.random() * peers);
    bytes.set([10, 64 + (index >> 16), (index >> 8) & 255, index & 255], at);
  }
  let found = 0;
  const round = () => {
    for (let at = 0; at < bytes.length; at += 4) if (networks.lookup4(bytes, at) !== -1) found++;
  };
  for (let warm = 0; warm < 20; warm++) round();
  const from = process.hrtime.bigint();
  for (let timed = 0; timed < 20; timed++) round();
  const nanoseconds = Number(process.hrtime.bigint() - from);
  if (found !== 40 * 65_536) throw new Error('an address was not found');
  return nanoseconds / (20 * 65_536);
}
