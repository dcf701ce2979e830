import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { parseHostPort, parseJson } from '@zeronaut/model';
import { createDatagramStream, type DatagramStream, type MuxStream, splice } from '@zeronaut/tunnel';
import { dialTarget } from './dial-target.ts';
import type { Served } from './served.ts';

/** A UDP flow without a datagram in either direction for this long is over. The gateway's own limit is lower by default. */
const UDP_IDLE_MS = 120_000;

/**
 * A stream that a gateway opened: checks what it asks for against what we serve, dials, and joins the two. A refusal
 * or a failed dial reaches the gateway as the code of the stream's end.
 */
export function serveStream(stream: MuxStream, header: Buffer, served: Served): void {
  const target = served.match(parseJson(header.toString('utf8')));
  if (target === null) {
    stream.abort('target.not_exposed');
    return;
  }
  if (target.protocol === 'udp') serveDatagrams(stream, target.address);
  else serveBytes(stream, target.address);
}

function serveBytes(stream: MuxStream, address: string): void {
  // What the caller sends before we are connected waits in the stream, under its credit.
  stream.pause();
  const giveUp = dialTarget(address, (upstream, fault) => {
    if (upstream === null) stream.abort(fault!.code);
    else splice(stream, upstream, { onDone: () => undefined });
  });
  stream.handler = {
    onData: () => undefined,
    onDrain: () => undefined,
    onEnd: () => undefined,
    onClosed: giveUp,
  };
}

function serveDatagrams(stream: MuxStream, address: string): void {
  const at = parseHostPort(address)!;
  // A service on both families is asked over IPv4; one that listens on ::1 alone is named so.
  const host = at.host === 'localhost' ? '127.0.0.1' : at.host;
  const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4' });
  let idle: NodeJS.Timeout | undefined;
  const touch = () => {
    idle ??= setTimeout(() => datagrams.abort('stream.idle_timeout'), UDP_IDLE_MS);
    idle.refresh();
  };
  let connected = false;
  const waiting: Buffer[] = [];
  const datagrams: DatagramStream = createDatagramStream(stream, {
    onDatagram(datagram) {
      touch();
      if (connected) sendDatagram(socket, datagram);
      // UDP promises nothing: a few may wait for the name to be resolved, the others are lost.
      else if (waiting.length < 64) waiting.push(datagram);
    },
    onClosed() {
      clearTimeout(idle);
      socket.close();
    },
  });
  touch();
  socket.on('message', (datagram) => {
    touch();
    datagrams.send(datagram);
  });
  socket.on('error', () => {
    // Port unreachable, told by ICMP: the service may come back, and the next datagram asks again. Before we are
    // connected it is the name that cannot be resolved.
    if (!connected) datagrams.abort('target.dial_refused');
  });
  socket.connect(at.port, host, () => {
    if (datagrams.closed) return;
    connected = true;
    for (const datagram of waiting.splice(0)) sendDatagram(socket, datagram);
  });
}

function sendDatagram(socket: DatagramSocket, datagram: Buffer): void {
  // An error is one lost datagram; without the callback it would come as an event for the whole socket.
  socket.send(datagram, () => undefined);
}
