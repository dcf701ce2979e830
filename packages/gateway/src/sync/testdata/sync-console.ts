import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { createServer, type TLSSocket } from 'node:tls';
import { CONSOLE_SERVER_NAME, createId, SYNC_ALPN, type SyncFromGateway, syncFromGateway } from '@zeronaut/model';
import { createTestAuthority, waitFor } from '@zeronaut/testkit';
import { createLog } from '../../observe/log.ts';
import type { SnapshotSigner } from '../../snapshot/testdata/signed-snapshots.ts';
import { encodeMessage, MessageDecoder } from '../codec.ts';
import type { Credentials } from '../identity.ts';
import { SyncLink, type SyncLinkOptions } from '../link.ts';
import { createSigningKey } from '../signing-key.ts';

export const gatewayId = createId('gateway');
export const organizationId = createId('organization');

/** The console's end of the link, as a test wants it: speaks the protocol, and anything else. */
export interface SyncConsole {
  readonly port: number;
  /** Of the connection that is open now. */
  readonly received: SyncFromGateway[];
  readonly connections: number;
  send(value: unknown): void;
  sendBytes(bytes: Buffer): void;
  hangUp(): void;
  waitForMessage<T extends SyncFromGateway['type']>(type: T): Promise<SyncFromGateway & { type: T }>;
  stop(): Promise<void>;
}

const authority = await createTestAuthority();
const gateway = await authority.gateway({ organizationId, gatewayId });

export async function startSyncConsole(
  test: Pick<TestContext, 'after'>,
  options: { names?: string[]; alpn?: string; port?: number; maxVersion?: 'TLSv1.2' | 'TLSv1.3' } = {},
): Promise<SyncConsole> {
  const { cert, key } = await authority.server(options.names ?? [CONSOLE_SERVER_NAME]);
  const server = createServer({
    cert,
    key,
    ca: authority.certificate,
    requestCert: true,
    rejectUnauthorized: true,
    ALPNProtocols: [options.alpn ?? SYNC_ALPN],
    maxVersion: options.maxVersion ?? 'TLSv1.3',
  });
  let socket: TLSSocket | null = null;
  let connections = 0;
  const received: SyncFromGateway[] = [];
  server.on('secureConnection', (connected) => {
    connections++;
    socket = connected;
    received.length = 0;
    const decoder = new MessageDecoder(4 << 20);
    connected.on('error', () => undefined);
    connected.on('data', (chunk: Buffer) => {
      const decoded = decoder.push(chunk);
      if (!decoded.ok) throw new Error('the gateway sent what is no message');
      for (const body of decoded.bodies) received.push(syncFromGateway.parse(JSON.parse(body.toString())));
    });
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  let stopped = false;
  const stop = async (): Promise<void> => {
    if (stopped) return;
    stopped = true;
    socket?.destroy();
    server.close();
    await once(server, 'close');
  };
  test.after(stop);
  return {
    port: (server.address() as AddressInfo).port,
    received,
    get connections() {
      return connections;
    },
    send: (value) => socket!.write(encodeMessage(JSON.stringify(value))),
    sendBytes: (bytes) => socket!.write(bytes),
    hangUp: () => socket!.destroy(),
    waitForMessage: (type) =>
      waitFor(() => received.find((message) => message.type === type), { what: `a ${type}` }) as never,
    stop,
  };
}

/** What enrolment would have given a gateway whose snapshots `signer` signs. */
export function createIdentity(signer: SnapshotSigner, syncPort: number): Credentials {
  const signing = createSigningKey();
  return {
    tlsKey: gateway.key,
    identity: {
      format: 1,
      gatewayId: signer.gatewayId,
      organizationId: signer.organizationId,
      consoleUrl: 'http://127.0.0.1:1',
      name: 'gateway',
      baseDomain: 'localhost',
      syncAddress: `127.0.0.1:${syncPort}`,
      clientKey: gateway.key,
      clientCertificate: gateway.cert,
      tunnelCertificate: gateway.cert,
      certificateAuthority: authority.certificate,
      signingKey: signing.privateKey,
      signingKeyId: signing.publicJwk.kid,
      snapshotKey: signer.key,
      httpsPort: 8443,
      tunnelPort: 8444,
    },
  };
}

/** A link to it, and what it told. */
export function startLink(
  test: Pick<TestContext, 'after'>,
  port: number,
  options: Partial<SyncLinkOptions> = {},
): { link: SyncLink; told: unknown[] } {
  const told: unknown[] = [];
  const link = new SyncLink({
    address: `127.0.0.1:${port}`,
    credentials: () => ({ key: gateway.key, certificate: gateway.cert, authority: authority.certificate }),
    softwareVersion: '0.1.0',
    snapshotVersion: () => 7,
    onListTunnels: () => undefined,
    onTailLog: () => undefined,
    log: createLog({ level: 'silent' }),
    onUp: () => told.push('up'),
    onDown: () => told.push('down'),
    onAway: () => undefined,
    onSnapshot: (snapshot) => told.push(snapshot),
    onEventsStored: (epoch, seq) => told.push([epoch, seq]),
    ...options,
  });
  test.after(() => link.stop());
  link.start();
  return { link, told };
}
