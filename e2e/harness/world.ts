import { readFileSync, writeFileSync } from 'node:fs';
import type { LookupFunction } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { AccessEvent } from '@zeronaut/model';
import { freePort, spawnProcess, temporaryDirectory, waitFor } from '@zeronaut/testkit';
import { NODE, ROOT } from '../../scripts/npm-packages.mjs';
import { Api } from './api.ts';
import './end-on-signal.ts';
import { JsonProcess } from './json-process.ts';
import { type Start, startProgram, type WorldProgram } from './program.ts';
import { Visitor } from './visitor.ts';

/** Who cleans up: a test, or a file with `{ after }` of node:test. */
export type Owner = Pick<TestContext, 'after'>;

export interface User {
  readonly id: string;
  readonly email: string;
  readonly password: string;
  /** A session of the console. */
  readonly token: string;
  /** ZERONAUT_HOME of a machine of this user. */
  readonly home: string;
}

export interface Exposed {
  readonly id: string;
  readonly name: string;
  /** The first URL; `host:port` for raw ports. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly shareUrls: readonly string[];
  readonly cli: JsonProcess;
  /** Ctrl-C. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface WorldOptions {
  /** Puts a program somewhere: on a core, into a network namespace. Default: runs it as it is. */
  readonly place?: (role: 'console' | 'gateway' | 'agent', command: string, args: string[]) => [string, string[]];
  /** Address of console and gateway. Default 127.0.0.1. */
  readonly address?: string;
  readonly baseDomain?: string;
  /** Where the gateway keeps its state. */
  readonly gatewayDirectory?: string;
  /** Further lines of gateway.yaml, at its top level. */
  readonly gatewayFile?: string;
  /** `postgres://…`; default SQLite. */
  readonly database?: string;
}

/**
 * Console and gateway as two processes of the real command, an owner, and means to act as everybody else: users on
 * machines of their own, agents, visitors. Each program can be killed and started again on its ports.
 */
export interface World {
  readonly home: string;
  readonly consoleUrl: string;
  readonly console: WorldProgram;
  readonly gateway: WorldProgram;
  readonly gatewayDirectory: string;
  /** As the owner. */
  readonly api: Api;
  readonly owner: { readonly email: string; readonly password: string };
  readonly baseDomain: string;
  readonly httpsPort: number;
  readonly httpPort: number;
  readonly managementPort: number;
  readonly portalHost: string;
  readonly portalUrl: string;
  readonly portRange: { readonly from: number; readonly to: number };
  readonly certificateAuthorityFile: string;
  /** For clients of Node: trust our CA, and find `*.localhost`, which Node leaves to the system. */
  readonly clientOptions: { readonly ca: string; readonly lookup: LookupFunction };
  createUser(input: { email: string; groups?: string[]; role?: 'member' | 'operator' | 'admin' }): Promise<User>;
  visitor(): Visitor;
  /** One command to its end, as the OS user of the console's machine. */
  zeronaut(args: readonly string[], options?: { stdin?: string; env?: NodeJS.ProcessEnv }): Promise<CommandResult>;
  /** The same on a machine of a user. */
  zeronautAs(user: User, args: readonly string[]): Promise<CommandResult>;
  /** A command that goes on, as the OS user of the console's machine. Adds `--json`. */
  start(owner: Owner, args: readonly string[]): JsonProcess;
  /** Resolves when the service is reachable. */
  expose(owner: Owner, args: readonly string[]): Promise<Exposed>;
  /** `port` is 0 when the command ended instead, which `mayEnd` allows. */
  forward(
    owner: Owner,
    user: User,
    args: readonly string[],
    options?: { mayEnd?: boolean },
  ): Promise<{ readonly port: number; readonly cli: JsonProcess }>;
  /** `agent run`; resolves when all entries are bound. */
  agent(owner: Owner, file: string): Promise<JsonProcess>;
  /** All that the console has stored, newest first. */
  accessEvents(query: { resourceId?: string }): Promise<AccessEvent[]>;
  /** For `afterEach`: what the programs wrote, when the test failed. */
  showLogsOnFailure(test: unknown): void;
}

const MAIN = join(ROOT, 'packages/client/bin/zeronaut.mjs');
const OWNER = { email: 'owner@example.com', password: 'the owner has a long password' };
let worlds = 0;

export async function startWorld(owner: Owner, options: WorldOptions = {}): Promise<World> {
  const {
    address = '127.0.0.1',
    baseDomain = 'localhost',
    place = (_role, command, args) => [command, args],
  } = options;
  const home = temporaryDirectory('home');
  const gatewayDirectory = options.gatewayDirectory ?? join(home, 'gateway');
  const [consolePort, syncPort, httpsPort, httpPort, tunnelPort, managementPort] = await Promise.all(
    Array.from({ length: 6 }, () => freePort()),
  );
  // Below the ports that the system and freePort hand out, and apart from other worlds: of this process, of the files that
  // run beside it (the runner numbers its processes), and most likely of another run.
  const slot = ((process.pid * 7 + worlds++) % 125) * 4 + (Number(process.env.NODE_TEST_WORKER_ID ?? 0) % 4);
  const first = 10_000 + slot * 20;
  const portRange = { from: first, to: first + 19 };
  const consoleUrl = `http://${address}:${consolePort}`;
  const environment = { ...process.env, ZERONAUT_HOME: home, NO_COLOR: '1' };
  const start: Start = (role, args, env = {}) => {
    const [command, rest] = place(role, NODE, [MAIN, ...args]);
    return spawnProcess(owner, command, rest, { env: { ...environment, ...env }, cwd: home });
  };

  const consoleProgram = await startProgram('console', {
    start: () =>
      start(
        'console',
        ['console', 'run', '--json', '--host', address, '--port', `${consolePort}`, '--sync-port', `${syncPort}`],
        options.database === undefined ? {} : { ZERONAUT_CONSOLE_DATABASE_URL: options.database },
      ),
    ready: async () => (await fetch(`${consoleUrl}/api/v1/health`)).ok,
  });
  const setup = await waitFor(() => /\/setup[/?#][^"\s]*?([A-Za-z0-9_-]{20,})/.exec(consoleProgram.output()), {
    what: 'the link that creates the first owner',
  });
  const anonymous = new Api(consoleUrl);
  const { session } = await anonymous.call('setup.create', {
    body: { token: setup[1]!, ...OWNER, name: 'The Owner' },
  });
  const api = anonymous.as(session.token);

  const { token } = await api.call('gateways.createEnrolment', { body: {} });
  const gatewayFile = join(home, 'gateway.yaml');
  writeFileSync(
    gatewayFile,
    `version: 1
listeners:
  - { address: "${address}:${httpsPort}", protocol: https }
  - { address: "${address}:${httpPort}", protocol: http, redirectToHttps: false }
tunnel: { address: "${address}:${tunnelPort}" }
management: { address: "127.0.0.1:${managementPort}" }
rawAddress: "${address}"
dataDirectory: ${gatewayDirectory}
console:
  url: ${consoleUrl}
  token: ${token}
  baseDomain: ${baseDomain}
  publicHost: "${address}"
  portRange: { from: ${portRange.from}, to: ${portRange.to} }
${options.gatewayFile ?? ''}`,
  );
  const [probe, probeArgs] = place('gateway', 'curl', ['-sf', '-m', '1', `http://127.0.0.1:${managementPort}/readyz`]);
  const gateway = await startProgram('gateway', {
    start: () => start('gateway', ['gateway', 'run', '--config', gatewayFile]),
    ready: async () => (await spawnProcess(owner, probe, probeArgs).exited).code === 0,
  });

  const certificateAuthorityFile = join(home, 'ca.pem');
  const { certificateAuthority } = await api.call('endpoints.list', {});
  writeFileSync(certificateAuthorityFile, certificateAuthority);
  const programs = [consoleProgram, gateway];
  const running: JsonProcess[] = [];

  const command = (env: NodeJS.ProcessEnv, args: readonly string[], by: Owner) =>
    spawnProcess(by, ...place('agent', NODE, [MAIN, ...args]), { env: { ...environment, ...env }, cwd: home });
  const finish = async (env: NodeJS.ProcessEnv, args: readonly string[], stdin?: string): Promise<CommandResult> => {
    const child = command(env, args, owner);
    child.child.stdin!.end(stdin ?? '');
    const { code } = await child.exited;
    return { code, stdout: child.stdout(), stderr: child.stderr() };
  };
  const asUser = (user: User) => ({
    ZERONAUT_HOME: user.home,
    ZERONAUT_CONSOLE: consoleUrl,
    ZERONAUT_TOKEN: user.token,
  });
  const goOn = (by: Owner, args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
    const process = new JsonProcess(command(env, [...args, '--json'], by));
    running.push(process);
    return process;
  };
  const portalHost = `portal.${baseDomain}`;

  return {
    ...{ home, consoleUrl, console: consoleProgram, gateway, gatewayDirectory, api, owner: OWNER, baseDomain },
    ...{ httpsPort: httpsPort!, httpPort: httpPort!, managementPort: managementPort!, portalHost, portRange },
    portalUrl: `https://${portalHost}:${httpsPort}/`,
    certificateAuthorityFile,
    clientOptions: { ca: certificateAuthority, lookup: toAddress(address) },
    async createUser({ email, groups = [], role = 'member' }) {
      const password = 'one password for everybody in this test';
      const user = await api.call('users.create', { body: { email, name: email, password, role, groups } });
      const signedIn = await anonymous.call('sessions.create', { body: { email, password } });
      return { id: user.id, email, password, token: signedIn.session.token, home: temporaryDirectory('user') };
    },
    visitor: () => new Visitor(certificateAuthorityFile),
    zeronaut: (args, { stdin, env = {} } = {}) => finish(env, args, stdin),
    zeronautAs: (user, args) => finish(asUser(user), args),
    start: (by, args) => goOn(by, args),
    async expose(by, args) {
      const cli = goOn(by, ['expose', ...args]);
      const ready = await cli.event<{ id: string; name: string; urls: string[] }>('ready').catch((cause: unknown) => {
        const logs = programs.map((program) => `--- ${program.name}:\n${excerpt(program.output(), 15)}`);
        throw new Error([(cause as Error).message, ...logs].join('\n'), { cause });
      });
      const url = ready.urls[0]!;
      const parsed = new URL(url.includes('://') ? url : `tcp://${url}`);
      return {
        ...{ id: ready.id, name: ready.name, url, host: parsed.hostname, port: Number(parsed.port), cli },
        shareUrls: args.includes('--share') ? (await cli.event<{ urls: string[] }>('link')).urls : [],
        stop: async () => void (await cli.process.kill('SIGINT')),
        kill: async () => void (await cli.process.kill('SIGKILL')),
      };
    },
    async forward(by, user, args, { mayEnd = false } = {}) {
      const cli = goOn(by, ['forward', ...args], asUser(user));
      try {
        const { forwards } = await cli.event<{ forwards: { local: string }[] }>('ready');
        return { port: Number(forwards[0]!.local.slice(forwards[0]!.local.lastIndexOf(':') + 1)), cli };
      } catch (error) {
        if (mayEnd && cli.process.child.exitCode !== null) return { port: 0, cli };
        throw error;
      }
    },
    async agent(by, file) {
      const cli = goOn(by, ['agent', 'run', '--config', file]);
      const { entries } = await cli.event<{ entries: { id: string }[] }>('ready');
      await Promise.all(entries.map(({ id }) => cli.event('bound', { where: (event) => event.id === id })));
      return cli;
    },
    async accessEvents(query) {
      const events: AccessEvent[] = [];
      let cursor: string | null = null;
      do {
        const page: { items: AccessEvent[]; nextCursor: string | null } = await api.call('accessEvents.list', {
          query: { ...query, limit: 500, ...(cursor !== null && { cursor }) },
        });
        events.push(...page.items);
        cursor = page.nextCursor;
      } while (cursor !== null);
      return events;
    },
    showLogsOnFailure(test) {
      const { passed, diagnostic } = test as { passed: boolean; diagnostic(text: string): void };
      if (passed) return;
      for (const program of programs) diagnostic.call(test, `--- ${program.name}:\n${excerpt(program.output(), 15)}`);
      for (const { process } of running) {
        const { exitCode, spawnargs } = process.child;
        if (exitCode === 0) continue;
        const title = spawnargs.slice(spawnargs.indexOf(MAIN) + 1).join(' ');
        diagnostic.call(test, `--- ${title} (exit code ${exitCode}):\n${excerpt(process.output(), 8)}`);
      }
    },
  };
}

function toAddress(address: string): LookupFunction {
  return (_hostname, options, callback) => {
    if (options.all) callback(null, [{ address, family: 4 }]);
    else callback(null, address, 4);
  };
}

/** The last lines that say more than that all is well. */
function excerpt(text: string, lines: number): string {
  return text
    .trimEnd()
    .split('\n')
    .filter((line) => !/"msg":"request"/.test(line) || /"status":[45]/.test(line))
    .slice(-lines)
    .map((line) => line.slice(0, 400))
    .join('\n');
}

/** Resident bytes of a process. */
export function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;
}
