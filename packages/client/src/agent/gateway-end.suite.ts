/** The gateway's end of a tunnel, real TLS and multiplexer, for tests of the agent and of forward. */
import assert from 'node:assert/strict';
import {
  createId,
  gatewayServerName,
  TUNNEL_ALPN,
  type TunnelFromAgent,
  type TunnelFromGateway,
} from '@zeronaut/model';
import { createTestAuthority, freePort, temporaryDirectory } from '@zeronaut/testkit';
import { createTunnelListener, type MuxSession, type MuxStream, type TunnelListener } from '@zeronaut/tunnel';
import { ApiClient } from '../api/client.ts';
import type { Connection } from '../profile/connection.ts';
import type { Device } from '../profile/device.ts';
import { AgentState } from '../profile/state.ts';

export interface GatewayEnd {
  readonly gatewayId: string;
  readonly connection: Connection;
  readonly device: Device;
  readonly state: AgentState;
  /** Sessions that are open, the newest last. */
  readonly sessions: MuxSession[];
  /** What devices said, in order. */
  readonly messages: TunnelFromAgent[];
  onStream: (stream: MuxStream, header: string) => void;
  send(message: TunnelFromGateway): void;
  /** Opens a stream to the agent, with any header. */
  open(header: unknown): MuxStream;
  /** Collects what comes back until the stream is over. */
  ask(header: unknown, text?: string): Promise<{ answer: string; code: string | null }>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** The console of this world is away: `state` knows the gateway from before. */
export async function startGatewayEnd(): Promise<GatewayEnd> {
  process.env.ZERONAUT_HOME = temporaryDirectory('home');
  const authority = await createTestAuthority();
  const [organizationId, userId, deviceId, gatewayId] = [
    createId('organization'),
    createId('user'),
    createId('device'),
    createId('gateway'),
  ];
  const own = await authority.gateway({ organizationId, gatewayId });
  const its = await authority.device({ organizationId, userId, deviceId });
  const sessions: MuxSession[] = [];
  const messages: TunnelFromAgent[] = [];
  const end: GatewayEnd = {
    gatewayId,
    connection: unreachableConsole(`http://127.0.0.1:${await freePort()}`),
    device: {
      deviceId,
      organizationId,
      userId,
      name: 'test',
      privateKey: its.key,
      certificate: its.cert,
      certificateAuthority: authority.certificate,
    },
    get state() {
      return new AgentState(this.connection);
    },
    sessions,
    messages,
    onStream: (stream) => stream.abort('tunnel.refused'),
    send: (message) => assert.ok(sessions.at(-1)?.sendMessage(Buffer.from(JSON.stringify(message)))),
    open: (header) =>
      sessions.at(-1)!.openStream(Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))),
    ask(header, text) {
      const { promise, resolve } = Promise.withResolvers<{ answer: string; code: string | null }>();
      const stream = this.open(header);
      let answer = '';
      stream.handler = {
        onData: (chunk) => {
          answer += chunk.toString('latin1');
        },
        onDrain: () => undefined,
        onEnd: () => stream.end(),
        onClosed: (fault) => resolve({ answer, code: fault?.code ?? null }),
      };
      if (text !== undefined) stream.write(Buffer.from(text));
      if (text !== undefined) stream.end();
      return promise;
    },
    async restart() {
      await listener.stop();
      sessions.length = 0;
      listener = listen(port);
      await listener.start();
    },
    stop: () => listener.stop(),
  };
  const listen = (on: number): TunnelListener =>
    createTunnelListener({
      cert: own.cert,
      key: own.key,
      ca: authority.certificate,
      host: '127.0.0.1',
      port: on,
      alpn: TUNNEL_ALPN,
      onPeer: () => ({
        accept: true,
        session: {
          onStream: (stream, header) => end.onStream(stream, header.toString('utf8')),
          onMessage: (payload) => messages.push(JSON.parse(payload.toString('utf8')) as TunnelFromAgent),
          onClosed: () => undefined,
        },
        onSession(session) {
          sessions.push(session);
          session.sendMessage(Buffer.from(JSON.stringify({ type: 'welcome', gatewayId, address: '127.0.0.1' })));
        },
      }),
    });
  let listener = listen(0);
  const port = await listener.start();
  end.state.saveEndpoints({
    gateways: [{ gatewayId, name: 'edge', baseDomain: 'localhost', address: `127.0.0.1:${port}` }],
    draining: [],
    certificateAuthority: authority.certificate,
  });
  assert.match(gatewayServerName(gatewayId), /gateway\.zeronaut\.internal$/);
  return end;
}

function unreachableConsole(consoleUrl: string): Connection {
  const token = 'znk_of_nobody';
  return { profile: 'test', consoleUrl, token, identity: 'test', api: new ApiClient({ consoleUrl, token }) };
}
