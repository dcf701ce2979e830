import type { Socket } from 'node:dgram';
import type { Fault } from '@zeronaut/model';
import { type ByteStream, createDatagramStream } from '@zeronaut/tunnel';

/** Datagrams that the kernel does not take yet; above it they are dropped, as a full network would do. */
const MAX_SEND_QUEUE_BYTES = 1024 * 1024;

export interface DatagramRelayOptions {
  /** Both ends close after this long without a datagram in either direction. */
  readonly idleTimeoutMs: number;
  onBytes(direction: 'to_socket' | 'to_stream', bytes: number): void;
  /** Once; the socket is closed by then. */
  onDone(fault: Fault | null): void;
}

/** Joins a stream of framed datagrams with a connected UDP socket, until the stream closes or both fall silent. */
export function relayDatagrams(stream: ByteStream, socket: Socket, options: DatagramRelayOptions): void {
  let active = true;
  const timer = setInterval(() => {
    if (!active) datagrams.abort('stream.idle_timeout');
    active = false;
  }, options.idleTimeoutMs);
  timer.unref();

  const datagrams = createDatagramStream(stream, {
    onDatagram(datagram) {
      active = true;
      if (socket.getSendQueueSize() > MAX_SEND_QUEUE_BYTES) return;
      options.onBytes('to_socket', datagram.length);
      socket.send(datagram, ignoreSendResult);
    },
    onClosed(fault) {
      clearInterval(timer);
      socket.close();
      options.onDone(fault);
    },
  });
  socket.on('message', (datagram) => {
    active = true;
    if (datagrams.send(datagram)) options.onBytes('to_stream', datagram.length);
  });
  // Nobody listens there now: an ICMP answer. The caller's next datagram may find somebody.
  socket.on('error', () => undefined);
}

/** UDP promises nothing: what the system refuses is a lost datagram. Without a callback it would be an 'error'. */
function ignoreSendResult(): void {
  // See above.
}
