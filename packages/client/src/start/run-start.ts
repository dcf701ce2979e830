import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { formatHostPort, shellWord } from '@zeronaut/model';
import { z } from 'zod';
import { ApiError } from '../api/api-error.ts';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import { aborted, onInterrupt } from '../interrupt.ts';
import { formatDuration } from '../output/format.ts';
import { type Output, printable } from '../output/output.ts';
import { chooseConnection, LOCAL_PROFILE } from '../profile/connection.ts';
import { lockHolder, takeLock } from '../profile/file-lock.ts';
import { ensureDirectory, homeDirectory } from '../profile/home.ts';
import { readPrivateFile } from '../profile/private-file.ts';
import { isHttpReady, waitUntil } from './http-ready.ts';
import { WEB_NOT_BUILT } from './run-console-program.ts';
import { type StartSettings, saveSettings } from './settings.ts';
import { SupervisedProgram } from './supervised-program.ts';

export interface StartRun {
  readonly settings: StartSettings;
  /** What of the settings the gateway cannot take over because it enrolled with something else. */
  readonly changedForGateway: readonly string[];
  /** Make the gateway a new one, so that it can. */
  readonly reEnrol: boolean;
  readonly output: Output;
  readonly environment: NodeJS.ProcessEnv;
}

/** All that we need to know of the gateway's own file. */
const gatewayIdentity = z.object({ gatewayId: z.string() });

/** How long a program may take to become ready before it is said to hang. */
const READY_TIMEOUT_MS = 60_000;
const LOG_LINES_SHOWN = 12;

/**
 * `zeronaut start`: console and gateway on this machine, each a process of its own, kept running until Ctrl-C. On the
 * first start the gateway is enrolled with the credential that the console leaves for this OS user.
 */
export async function runStart(run: StartRun): Promise<void> {
  const home = ensureDirectory(homeDirectory());
  const lock = join(home, 'start.lock');
  // A lock of a process that is gone is removed by the first attempt and taken by the second.
  if (!takeLock(lock) && !takeLock(lock)) {
    throw new CliError(`zeronaut start runs already (process ${lockHolder(lock) ?? 'unknown'})`, {
      reason: 'cli.locked',
      next: 'Stop it first, or set ZERONAUT_HOME to another directory for a second one.',
      exitCode: EXIT.conflict,
    });
  }
  const interrupt = onInterrupt();
  const machine = new LocalMachine(run, home);
  try {
    const startedAt = performance.now();
    await machine.bringUp(interrupt.signal);
    if (!interrupt.signal.aborted) {
      saveSettings(run.settings);
      machine.announce(performance.now() - startedAt);
    }
    await Promise.race([aborted(interrupt.signal), machine.failed]);
    run.output.line('\nStopping…');
  } finally {
    await machine.stop();
    rmSync(lock, { force: true });
    interrupt.dispose();
  }
  run.output.line('Stopped. Everything is kept; zeronaut start (or npm start) goes on from here.');
  run.output.event('stopped');
}

class LocalMachine {
  /** Rejects when a program cannot run at all. */
  readonly failed: Promise<never>;
  readonly #fail: (error: CliError) => void;
  readonly #run: StartRun;
  readonly #home: string;
  readonly #console: SupervisedProgram;
  #gateway: SupervisedProgram | null = null;
  /** Programs that said that they are ready, and those that were found so. */
  readonly #said = new Set<string>();
  readonly #ready = new Set<string>();
  /** Where people open the console, as it says itself. */
  #publicUrl: string | null = null;
  #setupUrl: string | null = null;
  #webBuilt = true;

  constructor(run: StartRun, home: string) {
    const { promise, reject } = Promise.withResolvers<never>();
    this.failed = promise;
    this.#fail = reject;
    promise.catch(() => undefined);
    this.#run = run;
    this.#home = home;
    this.#console = this.#createProgram('console', this.#consoleArguments(), {});
  }

  /** Where programs of this machine reach the console. */
  get #consoleUrl(): string {
    const { consoleHost, consolePort } = this.#run.settings;
    const host = consoleHost === '0.0.0.0' || consoleHost === '::' ? '127.0.0.1' : consoleHost;
    return `http://${formatHostPort(host, consolePort)}`;
  }

  async bringUp(signal: AbortSignal): Promise<void> {
    const { managementPort } = this.#run.settings;
    // Enrolled already: it needs nothing of the console, and starts beside it.
    const former = this.#checkEnrolment();
    this.#console.start();
    if (former === 'current') this.#startGateway(null);
    await this.#untilReady('console', `${this.#consoleUrl}/api/v1/health`, signal);
    if (former !== 'current' && !signal.aborted) this.#startGateway(await this.#enrolGateway(former));
    await this.#untilReady('gateway', `http://127.0.0.1:${managementPort}/readyz`, signal);
  }

  announce(tookMs: number): void {
    const { output, settings } = this.#run;
    const consoleUrl = this.#publicUrl ?? this.#consoleUrl;
    const base = `${settings.baseDomain}:${settings.httpsPort}`;
    output.event('ready', {
      consoleUrl,
      setupUrl: this.#setupUrl,
      webBuilt: this.#webBuilt,
      baseDomain: settings.baseDomain,
      consolePid: this.#console.pid,
      gatewayPid: this.#gateway?.pid ?? null,
      home: this.#home,
      tookMs,
    });
    output.line();
    output.line(`  Console   ${output.style('green', consoleUrl)}`);
    output.line(`  Gateway   ${output.style('green', `https://<name>.${base}`)}`);
    output.line(`  State     ${this.#home}`);
    if (this.#setupUrl !== null) {
      output.line();
      output.line('  Create the first owner (works once):');
      output.line(`    ${output.style('bold', this.#setupUrl)}`);
    }
    if (!this.#webBuilt) {
      output.line();
      output.line(output.style('yellow', `  ${WEB_NOT_BUILT}`));
    }
    output.line();
    output.line('  Next, in another terminal:');
    const home = process.env.ZERONAUT_HOME ? `ZERONAUT_HOME=${shellWord(this.#home)} ` : '';
    output.line(`    ${output.style('bold', `${home}npx zeronaut expose localhost:3000 http`)}`);
    output.line();
    output.line(
      output.style(
        'dim',
        `  Ready after ${formatDuration(tookMs)}. Logs in ${join(this.#home, 'logs')}. Ctrl-C stops.`,
      ),
    );
  }

  async stop(): Promise<void> {
    // The gateway first: it hands its last events to the console.
    await this.#gateway?.stop();
    await this.#console.stop();
  }

  #startGateway(token: string | null): void {
    this.#gateway = this.#createProgram(
      'gateway',
      this.#gatewayArguments(),
      token === null ? {} : { ZERONAUT_GATEWAY_TOKEN: token },
    );
    this.#gateway.start();
  }

  /**
   * Whether the gateway is enrolled as the settings want it; else the id of the gateway that it was, or null for a first
   * start. What it told the console at enrolment (domain, addresses) cannot be changed afterwards.
   */
  #checkEnrolment(): 'current' | string | null {
    const { changedForGateway, reEnrol } = this.#run;
    const identity = readPrivateFile(join(this.#home, 'gateway', 'identity.json'), gatewayIdentity);
    if (identity === null) return null;
    if (reEnrol) return identity.gatewayId;
    if (changedForGateway.length === 0) return 'current';
    throw new CliError(`the gateway of this machine was enrolled with another ${changedForGateway.join(', ')}`, {
      reason: 'cli.enrolled_otherwise',
      next: 'Leave the flag out, or add --re-enrol to make it a new gateway: visitors then sign in again.',
      exitCode: EXIT.conflict,
    });
  }

  /** Resolves with the token of its enrolment. Of a former gateway, the state is set aside and the record deleted. */
  async #enrolGateway(formerId: string | null): Promise<string> {
    const { api } = chooseConnection({ profile: LOCAL_PROFILE });
    if (formerId !== null) {
      const directory = join(this.#home, 'gateway');
      renameSync(directory, `${directory}.${formerId}`);
      await api.call('gateways.delete', { params: { id: formerId } }).catch((error: unknown) => {
        if (!(error instanceof ApiError) || error.status !== 404) throw error;
      });
    }
    return (await api.call('gateways.createEnrolment', { body: { ttlSeconds: 600 } })).token;
  }

  #createProgram(name: 'console' | 'gateway', args: readonly string[], extra: NodeJS.ProcessEnv): SupervisedProgram {
    const { output, environment } = this.#run;
    const program: SupervisedProgram = new SupervisedProgram({
      name,
      args,
      environment: { ...environment, ...extra },
      logPath: join(this.#home, 'logs', `${name}.log`),
      onStarted: (pid) => output.event('started', { program: name, pid }),
      onMessage: (message) => {
        const { ready, url, setupUrl, webBuilt } = message as Readonly<Record<string, unknown>>;
        if (webBuilt === false) this.#webBuilt = false;
        if (ready === true) this.#said.add(name);
        if (typeof url === 'string') this.#publicUrl = url;
        if (typeof setupUrl === 'string') this.#setupUrl = setupUrl;
      },
      onExited: ({ code, signal }, restartInMs) => {
        output.event('exited', { program: name, code, signal, restartInMs });
        if (restartInMs === null) return;
        if (this.#ready.has(name)) {
          output.note(`The ${name} ended (${signal ?? `exit code ${code}`}); it is started again.`);
          return;
        }
        this.#fail(
          new CliError(`the ${name} does not start`, {
            reason: 'cli.start_failed',
            next: `The whole log is in ${join(this.#home, 'logs', `${name}.log`)}.`,
            details: program.lastLines(LOG_LINES_SHOWN).map(printable),
          }),
        );
      },
    });
    return program;
  }

  async #untilReady(name: 'console' | 'gateway', url: string, signal: AbortSignal): Promise<void> {
    const giveUpAt = performance.now() + READY_TIMEOUT_MS;
    // Its own word, because the console answers before the credential for us is written, and an answer, because that
    // is what the others need.
    const isReady = async () => this.#said.has(name) && (await isHttpReady(url));
    const ready = waitUntil(isReady, signal, giveUpAt);
    if ((await Promise.race([ready, this.failed])) || signal.aborted) {
      this.#ready.add(name);
      return;
    }
    throw new CliError(`the ${name} is not ready after ${formatDuration(READY_TIMEOUT_MS)}`, {
      reason: 'cli.start_failed',
      next: `See ${join(this.#home, 'logs', `${name}.log`)}.`,
    });
  }

  #consoleArguments(): string[] {
    const { consoleHost, consolePort, syncPort } = this.#run.settings;
    return ['console', 'run', '--host', consoleHost, '--port', String(consolePort), '--sync-port', String(syncPort)];
  }

  #gatewayArguments(): string[] {
    const { settings } = this.#run;
    return [
      ...['gateway', 'run', '--console', this.#consoleUrl, '--base-domain', settings.baseDomain],
      ...(settings.publicHost === null ? [] : ['--public-host', settings.publicHost]),
      ...['--host', settings.gatewayHost],
      ...['--https-port', String(settings.httpsPort), '--http-port', String(settings.httpPort)],
      ...['--tunnel-port', String(settings.tunnelPort), '--management-port', String(settings.managementPort)],
      ...['--port-range', `${settings.portRange.from}-${settings.portRange.to}`],
    ];
  }
}
