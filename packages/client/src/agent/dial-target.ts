import type { LookupAddress } from 'node:dns';
import { connect, type Socket } from 'node:net';
import { Fault, parseHostPort } from '@zeronaut/model';
import { type ByteStream, DirectReads, socketStream } from '@zeronaut/tunnel';

const CONNECT_TIMEOUT_MS = 5_000;
/** How long one address family has before the next is tried beside it (RFC 8305 recommends 250 ms). */
const FAMILY_ATTEMPT_MS = 250;

/** Services listen on either, and `localhost` in a hosts file often names only one. */
const LOOPBACK: LookupAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

/**
 * Connects to `host:port` or `unix:/path`. `onDone` is called once, with the connected and paused stream or with a
 * Fault (`target.dial_refused`, `target.dial_timeout`). Returns how to give up; then `onDone` is not called.
 */
export function dialTarget(
  address: string,
  onDone: (stream: ByteStream | null, fault: Fault | null) => void,
  timeoutMs: number = CONNECT_TIMEOUT_MS,
): () => void {
  const reads = new DirectReads();
  const socket = open(address, reads);
  const finish = (fault: Fault | null) => {
    clearTimeout(timer);
    socket.off('connect', onConnect);
    socket.off('error', onError);
    if (fault === null) {
      onDone(socketStream(socket, { side: 'upstream', reads }), null);
    } else {
      abandon(socket);
      onDone(null, fault);
    }
  };
  const onConnect = () => finish(null);
  const onError = (error: NodeJS.ErrnoException) => {
    const code = error.code === 'ETIMEDOUT' ? 'target.dial_timeout' : 'target.dial_refused';
    finish(new Fault(code, { side: 'upstream', retry: 'yes', message: error.message, cause: error }));
  };
  const timer = setTimeout(
    () => finish(new Fault('target.dial_timeout', { side: 'upstream', retry: 'yes' })),
    timeoutMs,
  );
  socket.once('connect', onConnect);
  socket.once('error', onError);
  socket.pause();
  return () => {
    clearTimeout(timer);
    socket.off('connect', onConnect);
    socket.off('error', onError);
    abandon(socket);
  };
}

function open(address: string, { onread }: DirectReads): Socket {
  if (address.startsWith('unix:')) return connect({ path: address.slice('unix:'.length), allowHalfOpen: true, onread });
  const at = parseHostPort(address)!;
  return connect({
    host: at.host,
    port: at.port,
    allowHalfOpen: true,
    noDelay: true,
    onread,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: FAMILY_ATTEMPT_MS,
    ...(at.host === 'localhost' && {
      lookup: (_host, _options, callback) => callback(null, LOOPBACK),
    }),
  });
}

function abandon(socket: Socket): void {
  // A connect that fails after we gave up is no news.
  socket.on('error', () => undefined);
  socket.destroy();
}
