import { connect, type TLSSocket } from 'node:tls';
import {
  CONSOLE_SERVER_NAME,
  SYNC_ALPN,
  type SyncFromConsole,
  type SyncFromGateway,
  syncFromConsole,
} from '@zeronaut/model';
import { waitFor } from '@zeronaut/testkit';

/** A gateway's end of the sync link, for tests of this package: keeps what came, sends anything. */
export interface SyncClient {
  readonly socket: TLSSocket;
  readonly received: SyncFromConsole[];
  readonly closed: () => boolean;
  send(message: SyncFromGateway | unknown): void;
  sendBytes(bytes: Buffer): void;
  /** The first message of that type that is or comes, taken out of `received`. */
  next<T extends SyncFromConsole['type']>(type: T, timeoutMs?: number): Promise<SyncFromConsole & { type: T }>;
}

export interface SyncIdentity {
  readonly key: string;
  readonly certificate: string;
  readonly certificateAuthority: string;
}

export async function connectSync(
  port: number,
  identity: SyncIdentity | null,
  options: { alpn?: string; trust?: string } = {},
): Promise<SyncClient> {
  const socket = connect({
    host: '127.0.0.1',
    port,
    servername: CONSOLE_SERVER_NAME,
    ALPNProtocols: [options.alpn ?? SYNC_ALPN],
    ...(identity === null
      ? { ca: options.trust }
      : { key: identity.key, cert: identity.certificate, ca: identity.certificateAuthority }),
  });
  const sendBytes = (bytes: Buffer) => {
    if (!closed) socket.write(bytes);
  };
  const send = (message: unknown) => {
    const body = Buffer.from(JSON.stringify(message));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    sendBytes(Buffer.concat([length, body]));
  };
  const received: SyncFromConsole[] = [];
  let closed = false;
  let chunks: Buffer[] = [];
  let size = 0;
  let wanted = 4;
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size < wanted) return;
    let buffered = Buffer.concat(chunks);
    while (buffered.length >= 4 && buffered.length >= 4 + buffered.readUInt32BE(0)) {
      const end = 4 + buffered.readUInt32BE(0);
      const message = syncFromConsole.parse(JSON.parse(buffered.subarray(4, end).toString('utf8')));
      buffered = buffered.subarray(end);
      if (message.type === 'ping') send({ type: 'pong' });
      else received.push(message);
    }
    chunks = [buffered];
    size = buffered.length;
    wanted = size < 4 ? 4 : 4 + buffered.readUInt32BE(0);
  });
  // A refused handshake shows as an error or as a close, depending on who is faster; tests look at `closed`.
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    closed = true;
  });
  await waitFor(() => closed || socket.authorized, { what: 'the TLS handshake' });
  return {
    socket,
    received,
    closed: () => closed,
    sendBytes,
    send,
    async next(type, timeoutMs = 5_000) {
      const index = await waitFor(
        () => {
          const at = received.findIndex((message) => message.type === type);
          return at === -1 ? null : { at };
        },
        { what: `a message ${type}`, timeoutMs, intervalMs: 1 },
      );
      return received.splice(index.at, 1)[0] as never;
    },
  };
}
