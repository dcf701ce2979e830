import { createSocket } from 'node:dgram';
import { Fault, parseHostPort } from '@zeronaut/model';
import { type ByteStream, createDatagramStream, type DatagramHandler } from '@zeronaut/tunnel';

/** Where the datagrams of one session go: a UDP socket of our own, or framed over a stream to the target's agent. */
export interface UdpUpstream {
  /** What does not fit is dropped, as a full network would do. */
  send(datagram: Buffer): void;
  abort(code: string): void;
}

/** Datagrams that the kernel does not take yet. */
const MAX_SEND_QUEUE_BYTES = 1024 * 1024;
const KERNEL_BUFFER_BYTES = 1024 * 1024;

export function udpOverStream(stream: ByteStream, handler: DatagramHandler): UdpUpstream {
  const datagrams = createDatagramStream(stream, handler);
  return { send: (datagram) => void datagrams.send(datagram), abort: (code) => datagrams.abort(code) };
}

/**
 * A socket that sends to, and hears from, this one address only: no third party can slip an answer into the session.
 * The name is resolved here, once. Rejects with a Fault.
 */
export function connectUdp(address: string): Promise<(handler: DatagramHandler) => UdpUpstream> {
  const parsed = parseHostPort(address);
  if (parsed === null) {
    const fault = new Fault('target.dial_refused', { side: 'local', message: `${address} is no address for UDP` });
    return Promise.reject(fault);
  }
  const socket = createSocket({
    type: parsed.host.includes(':') ? 'udp6' : 'udp4',
    recvBufferSize: KERNEL_BUFFER_BYTES,
    sendBufferSize: KERNEL_BUFFER_BYTES,
  });
  return new Promise((resolve, reject) => {
    const onError = (cause: Error) => {
      socket.close();
      reject(new Fault('target.dial_refused', { side: 'upstream', retry: 'yes', message: cause.message, cause }));
    };
    socket.once('error', onError);
    // Not by the callback of `connect`, which is called for a failure as well.
    socket.once('connect', () => {
      socket.off('error', onError);
      resolve((handler) => {
        let closed = false;
        const close = (fault: Fault | null) => {
          if (closed) return;
          closed = true;
          socket.close();
          handler.onClosed(fault);
        };
        socket.on('message', (datagram) => handler.onDatagram(datagram));
        // On a connected socket this is the target's host saying that nobody listens there (ICMP).
        socket.on('error', (cause) => {
          close(new Fault('target.dial_refused', { side: 'upstream', retry: 'yes', message: cause.message, cause }));
        });
        return {
          send(datagram) {
            if (!closed && socket.getSendQueueSize() <= MAX_SEND_QUEUE_BYTES) socket.send(datagram, ignoreSendResult);
          },
          abort: () => close(null),
        };
      });
    });
    socket.connect(parsed.port, parsed.host);
  });
}

/** A datagram that the system refuses is a lost datagram; what is worth knowing comes as 'error' of a later read. */
function ignoreSendResult(): void {
  // See above.
}
