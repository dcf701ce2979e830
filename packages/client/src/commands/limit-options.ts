import type { Balancing, ResourceLimits } from '@zeronaut/model';
import { type Command, InvalidArgumentError, Option } from 'commander';

/** Limits of a resource on the command line; `none` takes one away. Absent: not said. */
export interface LimitOptions {
  readonly concurrent?: ResourceLimits['concurrent'];
  readonly maxBody?: ResourceLimits['bodyBytes'];
  readonly responseTimeout?: ResourceLimits['responseTimeoutMs'];
  readonly idleTimeout?: ResourceLimits['idleTimeoutMs'];
  readonly rate?: ResourceLimits['rate'];
}

export function addLimitOptions(command: Command): Command {
  return command
    .option('--concurrent <number>', 'requests or connections at the same time, on each gateway', orNone(parseCount))
    .option('--max-body <size>', 'largest body of a request: 512KiB, 10MiB, 2GiB (http)', orNone(parseSize))
    .option('--response-timeout <time>', 'until the service begins to answer: 500ms, 30s, 10m (http)', orNone(parseMs))
    .option('--idle-timeout <time>', 'a TCP, UDP or upgraded connection without a byte: 30s, 10m', orNone(parseMs))
    .option('--rate <requests/time>', 'of one source address: 100/10s, 5/1m', orNone(parseRate));
}

// Written out: the schemas are not loaded for a command line that only prints its help.
const BALANCING = ['weighted', 'least-connections', 'source'] satisfies readonly Balancing[];

export function addBalancingOption(command: Command): Command {
  return command.addOption(new Option('--balancing <how>', 'which target comes next').choices(BALANCING));
}

/** Those of before, but for what is said now. */
export function withLimits(before: ResourceLimits, said: LimitOptions): ResourceLimits {
  const { concurrent, maxBody, responseTimeout, idleTimeout, rate } = said;
  return {
    concurrent: concurrent === undefined ? before.concurrent : concurrent,
    bodyBytes: maxBody === undefined ? before.bodyBytes : maxBody,
    responseTimeoutMs: responseTimeout === undefined ? before.responseTimeoutMs : responseTimeout,
    idleTimeoutMs: idleTimeout === undefined ? before.idleTimeoutMs : idleTimeout,
    rate: rate === undefined ? before.rate : rate,
  };
}

function orNone<T>(parse: (text: string) => T): (text: string) => T | null {
  return (text) => (text === 'none' ? null : parse(text));
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('Expected a number, or none.');
  return Number(text);
}

const SIZES: Readonly<Record<string, number>> = { '': 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

export function parseSize(text: string): number {
  const match = /^(\d{1,13})(KiB|MiB|GiB|)$/.exec(text);
  if (match === null) throw new InvalidArgumentError('Expected a size such as 512KiB or 10MiB, or none.');
  return Number(match[1]) * SIZES[match[2]!]!;
}

const TIMES: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

export function parseMs(text: string): number {
  const match = /^(\d{1,9})(ms|s|m|h)$/.exec(text);
  if (match === null) throw new InvalidArgumentError('Expected a time such as 500ms, 30s or 10m, or none.');
  return Number(match[1]) * TIMES[match[2]!]!;
}

export function parseRate(text: string): ResourceLimits['rate'] {
  const match = /^(\d{1,7})\/(\d{1,6}[smh])$/.exec(text);
  if (match === null) throw new InvalidArgumentError('Expected requests in a time, such as 100/10s, or none.');
  return { requests: Number(match[1]), perSeconds: parseMs(match[2]!) / 1000 };
}
