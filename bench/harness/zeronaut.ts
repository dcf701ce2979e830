import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { freePort, type SpawnedProcess, temporaryDirectory, waitFor } from '@zeronaut/testkit';
import { startWorld } from '../../e2e/harness/world.ts';
import type { Stage } from './stage.ts';
import type { Endpoint } from './wrk.ts';

export interface DirectGateway extends Endpoint {
  readonly process: SpawnedProcess;
}

/** A gateway from a file alone, no console, no tunnel: a public resource in front of the origin. */
export async function startDirectGateway(stage: Stage, originPort: number): Promise<DirectGateway> {
  const directory = temporaryDirectory('gateway');
  const port = await freePort();
  const host = 'origin.example.com';
  const file = join(directory, 'gateway.yaml');
  writeFileSync(
    file,
    `version: 1
listeners:
  - { address: "127.0.0.1:${port}", protocol: http }
management: { address: "127.0.0.1:0" }
dataDirectory: ${join(directory, 'data')}
resources:
  - name: origin
    domains: [${host}]
    access: public
    targets: [{ address: "127.0.0.1:${originPort}" }]
`,
  );
  const child = stage.startZeronaut(stage.subjectCore, ['gateway', 'run', '--config', file], {
    ZERONAUT_HOME: directory,
  });
  await waitUntilAnswers(child, { port, host });
  return { port, host, process: child };
}

/** Until a GET of `/` is answered with 200. */
export async function waitUntilAnswers(child: SpawnedProcess, endpoint: Endpoint): Promise<void> {
  await waitFor(
    async () => {
      if (child.child.exitCode !== null) throw new Error(`it ended: ${child.output()}`);
      return (await status(endpoint)) === 200;
    },
    { what: `port ${endpoint.port} answers`, timeoutMs: 15_000 },
  ).catch((cause: unknown) => {
    throw new Error(`${(cause as Error).message}; it wrote:\n${child.output()}`, { cause });
  });
}

function status({ port, host }: Endpoint): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', headers: host === undefined ? {} : { host }, agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    })
      .on('error', reject)
      .end();
  });
}

export interface Tunnel {
  readonly gateway: { readonly pid: number };
  readonly agent: { readonly pid: number };
  /** The origin exposed as a raw port: what `ssh -R` does. */
  readonly tcp: Endpoint;
  /** The origin exposed as HTTP, asked for without TLS, as the peer is. */
  readonly http: Endpoint;
  /** Opens `idleTunnels` more tunnels, of other devices, and keeps them until `stop`. */
  openIdleTunnels(): Promise<void>;
  stop(): Promise<void>;
}

/** Devices, and tunnels of each: a device may have eight. */
const IDLE_DEVICES = 25;
const TUNNELS_PER_DEVICE = 8;
export const idleTunnels = IDLE_DEVICES * TUNNELS_PER_DEVICE;

/**
 * A gateway and one agent, run as a service, with a public tcp and a public http service in front of the origin. The
 * console is ended once all is set up: it would take its share of the load's core for storing events, and nothing needs it.
 */
export async function startTunnel(stage: Stage, originPort: number): Promise<Tunnel> {
  const world = await startWorld(stage, {
    place: (role, command, args) => stage.pin(role === 'gateway' ? stage.subjectCore : stage.loadCore, command, args),
  });
  const file = join(world.home, 'agent.yaml');
  const expose = (name: string, protocol: string) =>
    `  - { target: "127.0.0.1:${originPort}", protocol: ${protocol}, name: ${name}, public: true }\n`;
  writeFileSync(file, `version: 1\nexposes:\n${expose('origin-tcp', 'tcp')}${expose('origin-http', 'http')}`);
  const agent = stage.startZeronaut(stage.loadCore, ['agent', 'run', '--config', file], { ZERONAUT_HOME: world.home });
  const port = await waitFor(
    async () => (await world.api.call('services.list', {})).items.find(({ name }) => name === 'origin-tcp')?.port,
    { what: 'the services are published', timeoutMs: 15_000 },
  );
  const idle = stage.startScript('idle-tunnels.ts', [world.home, String(IDLE_DEVICES), String(TUNNELS_PER_DEVICE)]);
  await idle.waitForLine(/^enrolled$/, { timeoutMs: 30_000 });
  const tunnel = {
    gateway: world.gateway.process,
    agent,
    async openIdleTunnels() {
      idle.write('open\n');
      await idle.waitForLine(/^open$/, { timeoutMs: 60_000 });
    },
    async stop() {
      for (const program of [idle, agent, world.gateway]) await program.kill();
    },
    tcp: { port, pids: [world.gateway.process.pid, agent.pid] },
    http: { port: world.httpPort, host: `origin-http.${world.baseDomain}` },
  };
  await waitUntilAnswers(world.gateway.process, tunnel.tcp);
  await waitUntilAnswers(world.gateway.process, tunnel.http);
  await world.console.kill();
  return tunnel;
}
