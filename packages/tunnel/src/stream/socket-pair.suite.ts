import { once } from 'node:events';
import { connect as connectTcp, createServer as createTcpServer, type OnReadOpts, type Socket } from 'node:net';
import {
  type ConnectionOptions,
  connect as connectTls,
  createServer as createTlsServer,
  type TLSSocket,
} from 'node:tls';
import { createTestAuthority } from '@zeronaut/testkit';
import { TLS_PROFILE } from '../link/tls-profile.ts';

/** Two connected TCP sockets on loopback, the accepted one first. */
export async function tcpPair(onread?: OnReadOpts): Promise<[Socket, Socket]> {
  const server = createTcpServer({ allowHalfOpen: true, pauseOnConnect: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const client = connectTcp({ port, host: '127.0.0.1', allowHalfOpen: true, ...(onread && { onread }) });
  // With direct reads nobody is there yet to take what comes.
  if (onread !== undefined) client.pause();
  const [[accepted]] = await Promise.all([once(server, 'connection') as Promise<[Socket]>, once(client, 'connect')]);
  server.close();
  return [accepted, client];
}

let authority: ReturnType<typeof createCredentials> | undefined;

async function createCredentials() {
  const ca = await createTestAuthority();
  return { ca: ca.certificate, ...(await ca.server(['tunnel.test'])) };
}

/** Two connected TLS 1.3 sockets on loopback, the accepted one first. */
export async function tlsPair(highWaterMark?: number): Promise<[TLSSocket, TLSSocket]> {
  authority ??= createCredentials();
  const { ca, cert, key } = await authority;
  const server = createTlsServer({ ...TLS_PROFILE, ca, cert, key, highWaterMark });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  // The types do not know the mark; the documentation does.
  const options: ConnectionOptions & { highWaterMark?: number } = { ...TLS_PROFILE, ca, port, highWaterMark };
  const client = connectTls({ ...options, host: '127.0.0.1', servername: 'tunnel.test' });
  const [[accepted]] = await Promise.all([
    once(server, 'secureConnection') as Promise<[TLSSocket]>,
    once(client, 'secureConnect'),
  ]);
  server.close();
  return [accepted, client];
}
