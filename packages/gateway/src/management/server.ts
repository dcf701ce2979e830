import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseAddress } from '@zeronaut/model';

/**
 * Health, metrics and reload for people and machines on this host. Not part of the data path, so `node:http` serves
 * it. A page in a browser must not reach it through a name that resolves to loopback: the Host header must be a
 * loopback name, or the very address that was configured. Nor may visitors of a gateway, whose requests say that they
 * were forwarded.
 */
export interface ManagementOptions {
  readonly host: string;
  readonly port: number;
  /** False with what is missing: answered as 503. */
  readonly readiness: () => { readonly ready: boolean } & Readonly<Record<string, unknown>>;
  readonly metrics: () => Promise<{ contentType: string; body: string }>;
  readonly reload: () => Promise<{ readonly ok: boolean; readonly problems: readonly string[] }>;
}

export interface ManagementServer {
  readonly port: number;
  stop(): Promise<void>;
}

export async function startManagement(options: ManagementOptions): Promise<ManagementServer> {
  const server = createServer({ requestTimeout: 10_000, maxHeaderSize: 8_192 }, (request, response) => {
    answer(options, request, response).catch((error: Error) => send(response, 500, { error: error.message }));
  });
  server.maxConnections = 100;
  await listen(server, options);
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(options: ManagementOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!isLocalHost(request.headers.host ?? '', options.host)) {
    send(response, 403, { error: 'use a loopback address' });
    return;
  }
  // A published resource whose target is this very port, with a domain that reads like a loopback address.
  if (request.headers.forwarded !== undefined || request.headers['x-forwarded-for'] !== undefined) {
    send(response, 403, { error: 'not through a proxy' });
    return;
  }
  const path = (request.url ?? '').split('?', 1)[0];
  const isGet = request.method === 'GET' || request.method === 'HEAD';
  if (path === '/healthz' && isGet) {
    send(response, 200, { status: 'ok' });
  } else if (path === '/readyz' && isGet) {
    const state = options.readiness();
    send(response, state.ready ? 200 : 503, state);
  } else if (path === '/metrics' && isGet) {
    const { contentType, body } = await options.metrics();
    response.writeHead(200, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) });
    response.end(body);
  } else if (path === '/reload' && request.method === 'POST') {
    // A form or a script of a foreign page sends its origin; a command line does not.
    if (request.headers.origin !== undefined) {
      send(response, 403, { error: 'not from a browser' });
      return;
    }
    const result = await options.reload();
    send(response, result.ok ? 200 : 422, result);
  } else {
    const known = path === '/healthz' || path === '/readyz' || path === '/metrics' || path === '/reload';
    send(response, known ? 405 : 404, { error: known ? 'method not allowed' : 'not found' });
  }
}

function isLocalHost(header: string, configured: string): boolean {
  const name = header.replace(/:\d{1,5}$/, '').toLowerCase();
  const bare = name.startsWith('[') && name.endsWith(']') ? name.slice(1, -1) : name;
  if (bare === 'localhost') return true;
  const address = parseAddress(bare);
  if (address === null) return false;
  return address.startsWith('127.') || address === '::1' || address === parseAddress(configured);
}

function send(response: ServerResponse, status: number, value: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = `${JSON.stringify(value)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  });
  response.end(body);
}

function listen(server: Server, { host, port }: ManagementOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
