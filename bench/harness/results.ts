import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../scripts/npm-packages.mjs';

/** One line of `bench/results/SUITE.json`. `ratio` is oriented so that larger is better for us. */
export interface Result {
  readonly suite: string;
  readonly workload: string;
  readonly unit: string;
  /** Median of the rounds. */
  readonly ours: number;
  readonly peer: number | null;
  readonly peerName: string | null;
  readonly ratio: number | null;
  /** Bars of the issue: for `ratio`, or for `ours` where there is no peer. */
  readonly must: number | null;
  readonly aim: number | null;
  /** Which way `ours` is better; says how `ratio` was oriented. */
  readonly better: 'higher' | 'lower';
  readonly runs: number;
  readonly cores: number;
  readonly node: string;
  readonly date: string;
  /** Every single round, so that a reader sees the spread. */
  readonly oursRounds: readonly number[];
  readonly peerRounds: readonly number[] | null;
}

export interface Measurement {
  readonly workload: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  readonly ours: readonly number[];
  readonly peer?: { readonly name: string; readonly rounds: readonly number[] };
  readonly must?: number;
  readonly aim?: number;
}

export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error('no rounds to take a median of');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The value below which `share` of them are. */
export function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))]!;
}

export function toResult(suite: string, measurement: Measurement): Result {
  const ours = median(measurement.ours);
  const peer = measurement.peer === undefined ? null : median(measurement.peer.rounds);
  const ratio = peer === null ? null : measurement.better === 'higher' ? ours / peer : peer / ours;
  return {
    suite,
    workload: measurement.workload,
    unit: measurement.unit,
    ours: round(ours),
    peer: peer === null ? null : round(peer),
    peerName: measurement.peer?.name ?? null,
    ratio: ratio === null ? null : round(ratio),
    must: measurement.must ?? null,
    aim: measurement.aim ?? null,
    better: measurement.better,
    runs: measurement.ours.length,
    cores: 2,
    node: process.version,
    date: new Date().toISOString(),
    oursRounds: measurement.ours.map(round),
    peerRounds: measurement.peer?.rounds.map(round) ?? null,
  };
}

/** `below`: misses what the issue demands. */
export function standing(result: Result): 'aim' | 'must' | 'below' | '' {
  if (result.must === null) return '';
  const value = result.ratio ?? result.ours;
  const higher = result.ratio !== null || result.better === 'higher';
  const reaches = (bar: number) => (higher ? value >= bar : value <= bar);
  if (result.aim !== null && reaches(result.aim)) return 'aim';
  return reaches(result.must) ? 'must' : 'below';
}

export function formatTable(results: readonly Result[]): string {
  const head = ['workload', 'unit', 'ours', 'peer', 'peer is', 'ratio', 'must', 'aim', 'stands', 'spread of ours'];
  const rows = results.map((result) => [
    result.workload,
    result.unit,
    formatNumber(result.ours),
    result.peer === null ? '' : formatNumber(result.peer),
    result.peerName ?? '',
    result.ratio === null ? '' : result.ratio.toFixed(2),
    result.must === null ? '' : String(result.must),
    result.aim === null ? '' : String(result.aim),
    standing(result),
    `${formatNumber(Math.min(...result.oursRounds))} - ${formatNumber(Math.max(...result.oursRounds))}`,
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        [2, 3, 5, 6, 7].includes(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd();
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

/** `isPart`: what else the file has stays. */
function saveResults(suite: string, measured: readonly Result[], isPart: boolean): string {
  const directory = join(ROOT, 'bench/results');
  mkdirSync(directory, { recursive: true });
  const file = join(directory, `${suite}.json`);
  const known = isPart && existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Result[]) : [];
  const names = new Set(measured.map(({ workload }) => workload));
  const results = [...known.filter(({ workload }) => !names.has(workload)), ...measured];
  writeFileSync(`${file}.tmp`, `${JSON.stringify(results, null, 2)}\n`);
  renameSync(`${file}.tmp`, file);
  return file;
}

/** The table for people; with `json` also the file, in which a part of the suite (`isPart`) leaves the others as they were; and what misses its bar, in the words of `shortfall`. */
export function reportResults(
  suite: string,
  results: readonly Result[],
  {
    json,
    isPart = false,
    shortfall = 'Below what the issue demands',
  }: { readonly json: boolean; readonly isPart?: boolean; readonly shortfall?: string },
): void {
  process.stdout.write(`${formatTable(results)}\n`);
  if (json) process.stdout.write(`written to ${saveResults(suite, results, isPart)}\n`);
  const below = results.filter((result) => standing(result) === 'below');
  if (below.length > 0) process.stdout.write(`${shortfall}: ${below.map(({ workload }) => workload).join('; ')}\n`);
}

function round(value: number): number {
  return value >= 100 ? Math.round(value) : Number(value.toPrecision(4));
}

function formatNumber(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3);
}
