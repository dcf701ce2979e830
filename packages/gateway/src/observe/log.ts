import { type DestinationStream, type Logger, pino } from 'pino';

/** Structured log of the gateway: one JSON object per line. */
export type Log = Logger;

/** Values under these names never reach the log, at the top or one level down. */
const SECRETS = [
  'password',
  'passwordHash',
  'token',
  'secret',
  'key',
  'privateKey',
  'clientKey',
  'signingKey',
  'authorization',
  'cookie',
  'assertion',
];

/**
 * Default level: `ZERONAUT_LOG_LEVEL`, else `info`. Default destination: standard error, where it cannot
 * mix with what a command prints. Written at once, so that the last line before a crash is there.
 */
export function createLog(options: { level?: string; destination?: DestinationStream } = {}): Log {
  const settings = {
    name: 'gateway',
    level: options.level ?? process.env.ZERONAUT_LOG_LEVEL ?? 'info',
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`]), censor: '[secret]' },
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pino(settings, options.destination ?? standardError());
}

export function standardError(): DestinationStream {
  return pino.destination({ dest: 2, sync: true });
}
