import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Fault } from '@zeronaut/model';
import { createTestAuthority } from '@zeronaut/testkit';
import type { TunnelCredentials } from '../link/tls-profile.ts';
import { dialSocket } from '../sockets/dial-socket.ts';
import { listenSocket } from '../sockets/listen-socket.ts';
import type { ByteStream } from '../stream/byte-stream.ts';
import { loadOpenSsl } from './openssl.ts';
import { TlsContext, type TlsRole } from './tls-context.ts';
import { type Secured, startTls } from './tls-stream.ts';

export const NAME = 'end.test';
export const ALPN = 'test/1';
export const DEVICE = [{ type: 'url' as const, value: 'zeronaut://device' }];
export const authority = await createTestAuthority();
const ca = authority.certificate;
export const server: TunnelCredentials = { ...(await authority.server([NAME])), ca };
export const client: TunnelCredentials = { ...(await authority.issue(DEVICE)), ca };

export function contextOf(
  t: TestContext | null,
  role: TlsRole,
  credentials: TunnelCredentials,
  alpn = ALPN,
): TlsContext {
  const context = new TlsContext(loadOpenSsl()!, role, credentials, alpn);
  t?.after(() => context.free());
  return context;
}

export interface Outcome {
  readonly secured: Secured | null;
  readonly fault: Fault | null;
}

export function shakeHands(transport: ByteStream, context: TlsContext, servername?: string): Promise<Outcome> {
  const side = context.role === 'server' ? 'downstream' : 'upstream';
  return new Promise((resolve) => {
    startTls(transport, context, {
      side,
      ...(servername !== undefined && { servername }),
      onDone: (secured, fault) => resolve({ secured, fault }),
    });
  });
}

/** Both ends of a connection over `transports`, the server's first. */
export async function secure(
  t: TestContext,
  transports: readonly [ByteStream, ByteStream],
): Promise<[Secured, Secured]> {
  const ends = await Promise.all([
    shakeHands(transports[0], contextOf(t, 'server', server)),
    shakeHands(transports[1], contextOf(t, 'client', client), NAME),
  ]);
  return ends.map(({ secured, fault }) => {
    assert.equal(fault, null);
    return secured!;
  }) as [Secured, Secured];
}

export async function socketPair(t: TestContext): Promise<[ByteStream, ByteStream]> {
  const accepted = Promise.withResolvers<ByteStream>();
  const listener = await listenSocket({
    ...{ host: '127.0.0.1', port: 0, backlog: 8 },
    onConnection: (stream) => accepted.resolve(stream),
    onError: accepted.reject,
  });
  t.after(() => listener.close());
  return Promise.all([accepted.promise, dial(listener.port)]);
}

export function dial(port: number): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    dialSocket(`127.0.0.1:${port}`, 'upstream', (stream, error) => (stream === null ? reject(error) : resolve(stream)));
  });
}
