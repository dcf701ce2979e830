import { program, type Stage } from './stage.ts';

export interface Endpoint {
  readonly port: number;
  /** What the gateway routes by; default the address. */
  readonly host?: string;
  /** Processes of what is measured: those that they started count as well. */
  readonly pids?: readonly number[];
}

/** wrk with one thread on the core of the load. Fails on any answer that is not a success: a fast error is no speed. */
export async function wrk(
  stage: Stage,
  endpoint: Endpoint,
  options: { readonly connections: number; readonly seconds: number; readonly close?: boolean },
): Promise<number> {
  const output = await stage.load(program('wrk'), [
    ...['-t1', `-c${options.connections}`, `-d${options.seconds}s`, '--timeout', '10s'],
    ...(endpoint.host === undefined ? [] : ['-H', `Host: ${endpoint.host}`]),
    ...(options.close ? ['-H', 'Connection: close'] : []),
    `http://127.0.0.1:${endpoint.port}/`,
  ]);
  const rate = /^Requests\/sec:\s+([\d.]+)$/m.exec(output);
  if (rate === null) throw new Error(`wrk said:\n${output}`);
  const bad = /Non-2xx or 3xx responses: (\d+)/.exec(output);
  const socket = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output);
  const [, connect = '0', , write = '0', timeout = '0'] = socket ?? [];
  // wrk counts the end of a connection that it asked to close as a read error; with keep-alive it is one.
  const read = options.close ? 0 : Number(socket?.[2] ?? 0);
  if (bad !== null || Number(connect) + read + Number(write) + Number(timeout) > 0) {
    throw new Error(`wrk saw errors:\n${output}`);
  }
  return Number(rate[1]);
}
