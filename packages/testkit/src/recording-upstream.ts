import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

export interface RecordedConnection {
  readonly socket: Socket;
  /** All bytes so far. */
  received(): Buffer;
  /** The other side ended its direction. */
  readonly ended: boolean;
  /** Both directions are over; `reset` tells how. */
  readonly closed: boolean;
  readonly reset: boolean;
}

export interface RecordingUpstream {
  readonly port: number;
  /** `127.0.0.1:port`. */
  readonly address: string;
  /** In the order of arrival. */
  readonly connections: readonly RecordedConnection[];
}

/**
 * A TCP service that keeps every byte. `answer` may write back; without it nothing is said, and the service's own
 * direction stays open until the test ends it.
 */
export async function recordingUpstream(
  test: Pick<TestContext, 'after'>,
  answer?: (socket: Socket, chunk: Buffer, connection: RecordedConnection) => void,
  port = 0,
): Promise<RecordingUpstream> {
  const connections: RecordedConnection[] = [];
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const chunks: Buffer[] = [];
    const connection = { socket, received: () => Buffer.concat(chunks), ended: false, closed: false, reset: false };
    connections.push(connection);
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      answer?.(socket, chunk, connection);
    });
    socket.on('end', () => {
      connection.ended = true;
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      connection.reset = error.code === 'ECONNRESET';
    });
    socket.on('close', () => {
      connection.closed = true;
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  test.after(async () => {
    for (const { socket } of connections) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const actual = (server.address() as AddressInfo).port;
  return { port: actual, address: `127.0.0.1:${actual}`, connections };
}
