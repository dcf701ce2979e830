import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { finished } from 'node:stream/promises';
import type { TestContext } from 'node:test';
import { WebSocketServer } from 'ws';
import { blocksOf } from './test-bytes.ts';

/** A private service as somebody would have one, on node:http, which knows nothing of us. */
export interface WebService {
  readonly port: number;
  /** `127.0.0.1:port`. */
  readonly address: string;
  /** Requests so far, newest last. */
  readonly requests: readonly { readonly method: string; readonly url: string; readonly headers: readonly string[] }[];
  /** Sends one server-sent event to everybody who listens at `/events`. */
  sendEvent(data: string): void;
  readonly eventListeners: number;
  stop(): Promise<void>;
}

/**
 * `/headers` says what arrived, `/bytes?size=N` sends N bytes as fast as they are taken, `POST /hash` answers with the
 * SHA-256 of the body, `/events` sends server-sent events, `/status?code=N` answers with that status, any WebSocket
 * echoes, and everything else gets its own path back.
 */
export async function startWebService(test: Pick<TestContext, 'after'>, port = 0): Promise<WebService> {
  const requests: { method: string; url: string; headers: string[] }[] = [];
  const listeners = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    requests.push({ method: request.method!, url: request.url!, headers: request.rawHeaders });
    void answer(request, response, listeners);
  });
  const sockets = new WebSocketServer({ server, maxPayload: 64 * 1024 * 1024 });
  sockets.on('connection', (socket) => {
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  });
  server.keepAliveTimeout = 60_000;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const actual = (server.address() as AddressInfo).port;
  const stop = async () => {
    for (const socket of sockets.clients) socket.terminate();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  test.after(stop);
  return {
    port: actual,
    address: `127.0.0.1:${actual}`,
    requests,
    sendEvent(data) {
      for (const listener of listeners) listener.write(`data: ${data}\n\n`);
    },
    get eventListeners() {
      return listeners.size;
    },
    stop,
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  listeners: Set<ServerResponse>,
): Promise<void> {
  const url = new URL(request.url!, 'http://service');
  switch (url.pathname) {
    case '/headers': {
      const headers: Record<string, string[]> = {};
      for (let i = 0; i < request.rawHeaders.length; i += 2) {
        headers[request.rawHeaders[i]!.toLowerCase()] ??= [];
        headers[request.rawHeaders[i]!.toLowerCase()]!.push(request.rawHeaders[i + 1]!);
      }
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(headers));
      return;
    }
    case '/bytes': {
      const size = Number(url.searchParams.get('size'));
      response.setHeader('content-length', size);
      response.on('error', () => undefined);
      for (const block of blocksOf(size)) {
        if (response.destroyed) return;
        if (!response.write(block)) await untilWritable(response);
      }
      response.end();
      return;
    }
    case '/hash': {
      const hash = createHash('sha256');
      let size = 0;
      request.on('data', (chunk: Buffer) => {
        hash.update(chunk);
        size += chunk.length;
      });
      await finished(request).catch(() => undefined);
      response.end(JSON.stringify({ sha256: hash.digest('hex'), size }));
      return;
    }
    case '/events':
      response.setHeader('content-type', 'text/event-stream');
      response.flushHeaders();
      listeners.add(response);
      response.on('close', () => listeners.delete(response));
      return;
    case '/status':
      response.statusCode = Number(url.searchParams.get('code'));
      response.end();
      return;
    default:
      request.resume();
      response.setHeader('content-type', 'text/plain');
      response.end(`${request.method} ${request.url}\n`);
  }
}

/** Until it takes more, or is gone. */
function untilWritable(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}
