import type { TestContext } from 'node:test';
import {
  type AccessEvent,
  createId,
  gatewayServerName,
  type OpenFromClient,
  type OpenFromGateway,
  type Snapshot,
  type SnapshotUser,
  TUNNEL_ALPN,
  type TunnelFromAgent,
  type TunnelFromGateway,
} from '@zeronaut/model';
import {
  type Credentials,
  createTestAuthority,
  type TestAuthority,
  testSnapshot,
  testUser,
  waitFor,
} from '@zeronaut/testkit';
import { type ByteStream, createTunnelDialer, type MuxSession, type MuxStream } from '@zeronaut/tunnel';
import { pino } from 'pino';
import { decideForward } from '../../access/forward-access.ts';
import { CurrentTables, compileTables } from '../../tables.ts';
import { type AgentLinksOptions, createAgentLinks, type RunningAgentLinks } from '../agent-links.ts';

type Recorded = Omit<AccessEvent, 'gatewayId' | 'epoch' | 'seq'>;

export interface EnrolledDevice {
  readonly ids: { readonly organizationId: string; readonly userId: string; readonly deviceId: string };
  readonly user: SnapshotUser;
  readonly credentials: Credentials;
  /** As the snapshot names it. */
  readonly row: Snapshot['devices'][number];
}

export interface TestAgent {
  readonly messages: TunnelFromGateway[];
  readonly opened: { request: OpenFromGateway; stream: MuxStream }[];
  /** Why sessions and attempts ended, in order. */
  readonly faults: string[];
  readonly draining: () => boolean;
  session(): MuxSession;
  send(message: TunnelFromAgent): void;
  sendRaw(payload: Buffer | string): void;
  /** Waits until the gateway has let it in. */
  up(): Promise<TestAgent>;
  /** The code of the first end. */
  refused(): Promise<string>;
  received<T extends TunnelFromGateway['type']>(type: T): Extract<TunnelFromGateway, { type: T }>[];
  forward(request: OpenFromClient): MuxStream;
  stop(): void;
}

export interface TunnelWorld {
  readonly authority: TestAuthority;
  readonly links: RunningAgentLinks;
  readonly tables: CurrentTables;
  readonly events: Recorded[];
  readonly organizationId: string;
  enrol(user?: SnapshotUser, organizationId?: string): Promise<EnrolledDevice>;
  dial(credentials: Credentials, onOpen?: (request: OpenFromGateway, stream: MuxStream) => void): TestAgent;
  swap(change: Partial<Snapshot>): void;
  publish(event: Partial<AccessEvent>): void;
  /** Whether anybody asks for access events. */
  isWatched(): boolean;
}

/** Agent links on a real TLS listener, with the real forward decision; agents are real tunnel dialers. */
export async function tunnelWorld(
  t: TestContext,
  options: Partial<Pick<AgentLinksOptions, 'limits' | 'muxLimits'>> = {},
): Promise<TunnelWorld> {
  const authority = await createTestAuthority();
  const organizationId = createId('organization');
  let snapshot = testSnapshot({ organizationId });
  const tables = new CurrentTables(compileTables(snapshot));
  const events: Recorded[] = [];
  const watchers = new Set<(event: AccessEvent) => void>();
  const gateway = await authority.gateway({ organizationId, gatewayId: snapshot.gatewayId });
  const links = createAgentLinks({
    tables,
    observer: {
      record: (event) => events.push(event),
      subscribe(listener) {
        watchers.add(listener);
        return () => watchers.delete(listener);
      },
    },
    access: { decideForward },
    log: pino({ level: 'silent' }),
    host: '127.0.0.1',
    port: 0,
    credentials: { cert: gateway.cert, key: gateway.key, ca: authority.certificate },
    ...options,
  });
  const port = await links.start();
  t.after(() => links.stop(0));
  const swap = (change: Partial<Snapshot>) => {
    snapshot = { ...snapshot, ...change, version: snapshot.version + 1 };
    tables.swap(compileTables(snapshot));
  };

  return {
    authority,
    links,
    tables,
    events,
    organizationId,
    swap,
    async enrol(user = testUser(organizationId), organization = organizationId) {
      const ids = { organizationId: organization, userId: user.id, deviceId: createId('device') };
      const credentials = await authority.device(ids);
      const row = {
        id: ids.deviceId,
        organizationId: organization,
        userId: user.id,
        keyFingerprint: credentials.keyFingerprint,
      };
      return { ids, user, credentials, row };
    },
    dial(credentials, onOpen) {
      const messages: TunnelFromGateway[] = [];
      const opened: TestAgent['opened'] = [];
      const faults: string[] = [];
      let draining = false;
      const dialer = createTunnelDialer({
        cert: credentials.cert,
        key: credentials.key,
        ca: authority.certificate,
        host: '127.0.0.1',
        port,
        servername: gatewayServerName(snapshot.gatewayId),
        alpn: TUNNEL_ALPN,
        onUp() {},
        onDown: (fault) => faults.push(fault.code),
        onStream(stream, header) {
          const request = JSON.parse(header.toString()) as OpenFromGateway;
          opened.push({ request, stream });
          onOpen?.(request, stream);
        },
        onMessage: (payload) => messages.push(JSON.parse(payload.toString()) as TunnelFromGateway),
        onGoAway: () => {
          draining = true;
        },
      });
      t.after(() => dialer.stop());
      const agent: TestAgent = {
        messages,
        opened,
        faults,
        draining: () => draining,
        session: () => dialer.session!,
        send: (message) => agent.sendRaw(JSON.stringify(message)),
        sendRaw: (payload) => dialer.session!.sendMessage(Buffer.from(payload)),
        async up() {
          await waitFor(() => dialer.session !== null && agent.received('welcome').length > 0, { what: 'the welcome' });
          return agent;
        },
        refused: () => waitFor(() => faults[0], { what: 'the refusal', timeoutMs: 8_000 }),
        received: (type) => messages.filter((message) => message.type === type) as never,
        forward: (request) => dialer.session!.openStream(Buffer.from(JSON.stringify(request))),
        stop: () => dialer.stop(),
      };
      return agent;
    },
    isWatched: () => watchers.size > 0,
    publish(event) {
      const whole: AccessEvent = {
        gatewayId: snapshot.gatewayId,
        epoch: 'epoch-0001',
        seq: 1,
        at: new Date().toISOString(),
        requestId: createId('request'),
        organizationId,
        resourceId: null,
        protocol: 'http',
        effect: 'pass',
        reason: 'access.public',
        subject: '',
        credentialId: '',
        sourceAddress: '192.0.2.1',
        method: 'GET',
        host: 'app.example.com',
        path: '/',
        status: 200,
        bytesIn: 0,
        bytesOut: 0,
        durationMs: 1,
        targetId: '',
        snapshotVersion: 1,
        ...event,
      };
      for (const watcher of watchers) watcher(whole);
    },
  };
}

/** What a stream gives, gathered. */
export function gather(stream: ByteStream) {
  const chunks: Buffer[] = [];
  const state = {
    text: () => Buffer.concat(chunks).toString(),
    ended: false,
    closed: false,
    code: null as string | null,
  };
  stream.handler = {
    onData: (chunk) => chunks.push(chunk),
    onDrain() {},
    onEnd() {
      state.ended = true;
    },
    onClosed(fault) {
      state.closed = true;
      state.code = fault?.code ?? null;
    },
  };
  return state;
}
