import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import type { GatewayFile } from '@zeronaut/model';
import type { Logger } from 'pino';
import { type Configuration, completeConfiguration, type Loaded, loadConfiguration } from './config/load.ts';
import { formatProblem } from './config/problem.ts';
import { Gateway, type GatewayInfo } from './gateway.ts';
import { takeDirectory } from './management/directory-lock.ts';
import { createLog, standardError } from './observe/log.ts';
import { LogRing } from './observe/log-ring.ts';

/**
 * The gateway as a program: reads the configuration, starts a `Gateway`, turns signals into reload and stop, and ends
 * with an exit code. Everything of substance is behind it: `gateway.ts` and `data-path.ts` compose the rooms,
 * `pipeline.ts` has the order of the stages. It must never need the console to start, nor lose a recorded event.
 */
export interface RunGatewayOptions {
  /** `gateway.yaml`. Watched, and read again on SIGHUP. Exactly one of `configFile` and `file` is given. */
  readonly configFile?: string;
  /** The same as a value. */
  readonly file?: GatewayFile;
  /** Wins over the file's. Default: `$ZERONAUT_HOME/gateway`. */
  readonly dataDirectory?: string;
  /** Aborted: stop in order, as on SIGTERM. */
  readonly signal?: AbortSignal;
  /** Called once: it listens, and has tables to decide by. */
  readonly onReady?: (info: GatewayInfo) => void;
}

export type { GatewayInfo } from './gateway.ts';

/** What `runGateway` resolves with, and what the process ends with. */
export const GATEWAY_EXIT = { ok: 0, failed: 1, configuration: 2, bug: 70 } as const;

/**
 * By how much the heap, and what hangs on it outside, may grow before all of it is collected. Each time flows wait for 4 to 15 ms, and with V8's own
 * choice each snapshot of a large organization, and busy traffic by itself, brings one on. Costs memory while there is garbage, none at rest.
 */
const HEAP_GROWING_PERCENT = 200;

/** Resolves when the gateway has stopped, with the exit code of the process. What goes wrong is logged, not thrown. */
export async function runGateway(options: RunGatewayOptions): Promise<number> {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`);
  const logRing = new LogRing(standardError());
  const log = createLog({ destination: logRing });
  const load = () => loadFrom(options);
  const loaded = await load();
  if (!loaded.ok) {
    for (const problem of loaded.problems) process.stderr.write(`${formatProblem(problem)}\n`);
    return GATEWAY_EXIT.configuration;
  }
  const directory = dataDirectory(options, loaded.configuration);
  let release: () => void;
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    release = await takeDirectory(directory);
  } catch (error) {
    log.fatal({ err: error, directory }, 'the data directory cannot be used');
    return GATEWAY_EXIT.failed;
  }

  const stopping = new AbortController();
  const gateway = new Gateway({
    configuration: loaded.configuration,
    load,
    directory,
    softwareVersion: softwareVersion(),
    log,
    logRing,
    signal: stopping.signal,
  });
  const forget = followSignals(gateway, stopping, options.signal, log);
  void gateway.ready.then((info) => {
    log.info({ ...info }, 'gateway ready');
    options.onReady?.(info);
  });
  try {
    await gateway.start();
    await aborted(stopping.signal);
    return GATEWAY_EXIT.ok;
  } catch (error) {
    if (stopping.signal.aborted) return GATEWAY_EXIT.ok;
    log.fatal({ err: error }, 'the gateway cannot start');
    return GATEWAY_EXIT.failed;
  } finally {
    await gateway.stop();
    forget();
    release();
    log.info('gateway stopped');
  }
}

function loadFrom(options: RunGatewayOptions): Promise<Loaded> {
  if (options.configFile !== undefined) return loadConfiguration(options.configFile);
  if (options.file !== undefined) return completeConfiguration(options.file);
  throw new TypeError('runGateway needs configFile or file');
}

function dataDirectory(options: RunGatewayOptions, { file, path }: Configuration): string {
  if (options.dataDirectory !== undefined) return resolve(options.dataDirectory);
  if (file.dataDirectory !== undefined) return resolve(path === '' ? '.' : dirname(path), file.dataDirectory);
  return join(resolve(process.env.ZERONAUT_HOME || join(homedir(), '.zeronaut')), 'gateway');
}

/** The first signal to stop drains, the second ends at once. Undone by what it returns. */
function followSignals(
  gateway: Gateway,
  stopping: AbortController,
  outer: AbortSignal | undefined,
  log: Logger,
): () => void {
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping.signal.aborted) {
      gateway.flush();
      process.exit(signal === 'SIGINT' ? 130 : 143);
    }
    log.info({ signal }, 'stopping');
    stopping.abort();
  };
  const reload = (): void => void gateway.reload();
  const abort = (): void => stopping.abort();
  // A bug that nothing caught: what was recorded is saved, and whoever supervises us starts a fresh process.
  const crash = (error: unknown): void => {
    log.fatal({ err: error }, 'a bug ended the gateway');
    gateway.flush();
    process.exit(GATEWAY_EXIT.bug);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.on('SIGHUP', reload);
  process.on('uncaughtException', crash);
  outer?.addEventListener('abort', abort, { once: true });
  if (outer?.aborted) abort();
  return () => {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    process.off('SIGHUP', reload);
    process.off('uncaughtException', crash);
    outer?.removeEventListener('abort', abort);
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function softwareVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
