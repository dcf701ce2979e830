import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { type AccessEvent, type Network, pass, type Snapshot, type SnapshotResource, type Target } from '@zeronaut/model';
import { testResource, testSnapshot, testTarget, waitFor } from '@zeronaut/testkit';
import { createBalancer, type HealthBalancer } from '../../balancer/balancer.ts';
import { ANONYMOUS } from '../../flow.ts';
import type { CertificateStore } from '../../listeners/certificate-store.ts';
import { ConnectionsBySource } from '../../listeners/connections-by-source.ts';
import { LimitsOfResources } from '../../limits/resource-limiter.ts';
import { startListener } from '../../listeners/listener.ts';
import { createHttpPipeline, type HttpPipeline, type HttpPipelineOptions } from '../../pipeline.ts';
import type { AgentLinks, HttpAccess, HttpDecision } from '../../rooms.ts';
import { CurrentTables, compileTables } from '../../tables.ts';
import { createDialer } from '../../targets/dialer.ts';

/** A gateway's HTTP data path on a real listener, with the smallest real access there is: public passes. */
export type WorldEvent = Omit<AccessEvent, 'gatewayId' | 'epoch' | 'seq'>;

export const HOST = 'app.test';
export const PORTAL = 'portal.test';

export const PASS: HttpDecision = {
  verdict: pass('access.public'),
  subject: ANONYMOUS,
  explanation: null,
  response: null,
  identity: [],
  consumeAuthorization: false,
};

export interface WorldOptions {
  /** Addresses of the targets of `app.test`. */
  readonly targets?: readonly (string | Target)[];
  readonly resources?: readonly SnapshotResource[];
  readonly access?: Partial<HttpAccess>;
  readonly limits?: Partial<HttpPipelineOptions['limits']>;
  readonly trustedProxies?: readonly Network[];
  readonly review?: HttpPipelineOptions['review'];
  readonly endOf?: HttpPipelineOptions['endOf'];
  readonly agentLinks?: AgentLinks;
  readonly extraCertificateAuthorities?: readonly string[];
  readonly certificates?: CertificateStore;
  readonly redirectToHttps?: boolean;
  readonly maxConnections?: number;
  readonly handshakeTimeoutMs?: number;
  readonly connectTimeoutMs?: number;
}

export interface World {
  readonly port: number;
  readonly events: WorldEvent[];
  readonly bugs: unknown[];
  readonly tables: CurrentTables;
  readonly pipeline: HttpPipeline;
  readonly balancer: HealthBalancer;
  readonly snapshot: Snapshot;
  /** Swaps in a snapshot with these changes. */
  change(overrides: Partial<Snapshot>): void;
}

export async function httpWorld(test: Pick<TestContext, 'after'>, options: WorldOptions = {}): Promise<World> {
  const targets = (options.targets ?? []).map((target) =>
    typeof target === 'string' ? testTarget(target, { protocol: 'http' }) : target,
  );
  const snapshot = testSnapshot({
    portalHost: PORTAL,
    resources: [
      ...(options.resources ?? []),
      testResource('org_1', { protocol: 'http', hosts: [HOST, '127.0.0.1', 'localhost'], targets }),
    ],
  });
  const tables = new CurrentTables(compileTables(snapshot));
  const dialer = createDialer({
    agentLinks: options.agentLinks ?? null,
    ...(options.connectTimeoutMs === undefined ? {} : { connectTimeoutMs: options.connectTimeoutMs }),
    ...(options.extraCertificateAuthorities === undefined
      ? {}
      : { extraCertificateAuthorities: options.extraCertificateAuthorities }),
  });
  const balancer = createBalancer({ tables, dialer });
  const events: WorldEvent[] = [];
  const bugs: unknown[] = [];
  const pipeline = createHttpPipeline({
    tables,
    limiter: new LimitsOfResources(),
    balancer,
    dialer,
    access: {
      decide: () => PASS,
      answer: (_flow, head, body) => ({
        status: 200,
        headers: [['content-type', 'text/plain']],
        body: `own ${head.path} ${body}`,
      }),
      ...options.access,
    },
    observer: { record: (event) => events.push(event), subscribe: () => () => undefined },
    limits: { headerTimeoutMs: 10_000, idleTimeoutMs: 10_000, upstreamResponseTimeoutMs: 10_000, ...options.limits },
    ...(options.trustedProxies === undefined ? {} : { trustedProxies: options.trustedProxies }),
    ...(options.review === undefined ? {} : { review: options.review }),
    ...(options.endOf === undefined ? {} : { endOf: options.endOf }),
    onBug: (error) => bugs.push(error),
  });
  const listener = await startListener({
    host: '127.0.0.1',
    port: 0,
    protocol: options.certificates === undefined ? 'http' : 'https',
    pipeline,
    maxConnections: options.maxConnections ?? 1000,
    handshakeTimeoutMs: options.handshakeTimeoutMs,
    sources: new ConnectionsBySource(options.trustedProxies ?? []),
    redirectToHttps: options.redirectToHttps ?? false,
    ...(options.certificates === undefined ? {} : { certificates: options.certificates }),
  });
  let version = 1;
  test.after(async () => {
    await Promise.all([listener.stop(), pipeline.stop(0)]);
    balancer.stop();
  });
  return {
    port: listener.address.port,
    events,
    bugs,
    tables,
    pipeline,
    balancer,
    snapshot,
    change: (overrides) => tables.swap(compileTables({ ...snapshot, ...overrides, version: ++version })),
  };
}

/** A raw connection that collects what it gets. */
export interface RawClient {
  readonly socket: Socket;
  text(): string;
  bytes(): Buffer;
  readonly closed: boolean;
  /** Resolves once the collected text satisfies the condition. */
  until(condition: (text: string) => boolean, what: string): Promise<string>;
  untilClosed(what?: string): Promise<string>;
}

export function rawClient(test: Pick<TestContext, 'after'>, port: number, send?: string | Buffer): RawClient {
  const chunks: Buffer[] = [];
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  let closed = false;
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('end', () => socket.end());
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    closed = true;
  });
  test.after(() => {
    socket.destroy();
  });
  if (send !== undefined) socket.write(typeof send === 'string' ? Buffer.from(send, 'latin1') : send);
  const told = async (condition: () => boolean, what: string) => {
    try {
      await waitFor(condition, { what });
    } catch (cause) {
      throw new Error(`${what}: not with ${JSON.stringify(client.text().slice(0, 600))}`, { cause });
    }
  };
  const client: RawClient = {
    socket,
    bytes: () => Buffer.concat(chunks),
    text: () => Buffer.concat(chunks).toString('latin1'),
    get closed() {
      return closed;
    },
    async until(condition, what) {
      await told(() => condition(client.text()), what);
      return client.text();
    },
    async untilClosed(what = 'the connection closes') {
      await told(() => closed, what);
      return client.text();
    },
  };
  return client;
}

/** Status codes of the responses in `text`, in order. Good for bodies that hold no status line. */
export function statuses(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]));
}

/** A request of a visitor, and an answer of a service, as short as they get. */
export const GET = `GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;
export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** A real `node:http` service. */
export async function service(t: TestContext, listener: RequestListener) {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, address: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
