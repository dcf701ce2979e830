import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { Fault, formatHostPort } from '@zeronaut/model';
import { createDatagramStream, type DatagramStream } from '@zeronaut/tunnel';
import type { TunnelSet } from '../agent/tunnel-set.ts';
import { type ForwardedConnection, type ForwardHooks, type ForwardListener, openForward } from './forwarder.ts';
import { listenError } from './listen-error.ts';
import type { ForwardRule } from './rule.ts';

/** A flow without a datagram in either direction for this long is over. */
const IDLE_MS = 60_000;
/** Sources at once. Beyond that, the one that was quiet longest makes room. */
const MAX_FLOWS = 1_024;
/** Datagrams that wait for a tunnel, per flow. More are lost, as UDP may. */
const MAX_WAITING = 64;

interface Flow {
  readonly connection: ForwardedConnection;
  datagrams: DatagramStream | null;
  readonly waiting: Buffer[];
  readonly idle: NodeJS.Timeout;
  over: boolean;
}

let lastNumber = 0;

/** Listens for datagrams; each source gets a stream of its own. Throws a CliError when it cannot listen. */
export async function listenUdp(tunnels: TunnelSet, rule: ForwardRule, hooks: ForwardHooks): Promise<ForwardListener> {
  const host = rule.localHost === 'localhost' ? '127.0.0.1' : rule.localHost;
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  /** By source, the one that was heard last at the end. */
  const flows = new Map<string, Flow>();

  const finish = (source: string, flow: Flow, fault: Fault | null) => {
    if (flow.over) return;
    flow.over = true;
    clearTimeout(flow.idle);
    flows.delete(source);
    flow.datagrams?.abort();
    hooks.onClose(flow.connection, fault);
  };

  const start = (source: string, peer: RemoteInfo): Flow => {
    const oldest = flows.size >= MAX_FLOWS ? flows.entries().next().value : undefined;
    if (oldest !== undefined) finish(oldest[0], oldest[1], null);
    const flow: Flow = {
      connection: {
        number: ++lastNumber,
        rule,
        protocol: 'udp',
        source,
        startedAt: performance.now(),
        bytesIn: 0,
        bytesOut: 0,
      },
      datagrams: null,
      waiting: [],
      idle: setTimeout(() => finish(source, flow, null), IDLE_MS),
      over: false,
    };
    void openForward(tunnels, rule, 'udp').then((opened) => {
      if (flow.over) {
        opened?.stream.abort();
        return;
      }
      if (opened === null) {
        finish(source, flow, new Fault('tunnel.closed', { side: 'upstream', message: 'no gateway can be reached' }));
        return;
      }
      hooks.onOpen(flow.connection, opened.gateway);
      flow.datagrams = createDatagramStream(opened.stream, {
        onDatagram(datagram) {
          flow.idle.refresh();
          flow.connection.bytesIn += datagram.length;
          // Without the callback, one datagram that cannot be delivered would be an error of the whole socket.
          socket.send(datagram, peer.port, peer.address, () => undefined);
        },
        onClosed: (fault) => finish(source, flow, fault),
      });
      for (const datagram of flow.waiting.splice(0)) flow.datagrams.send(datagram);
    });
    return flow;
  };

  socket.on('message', (datagram, peer) => {
    const source = formatHostPort(peer.address, peer.port);
    const flow = flows.get(source) ?? start(source, peer);
    flows.delete(source);
    flows.set(source, flow);
    flow.idle.refresh();
    flow.connection.bytesOut += datagram.length;
    if (flow.datagrams !== null) flow.datagrams.send(datagram);
    else if (flow.waiting.length < MAX_WAITING) flow.waiting.push(datagram);
  });
  socket.bind(rule.localPort, host);
  await once(socket, 'listening').catch((error: unknown) => {
    throw listenError(rule, error);
  });
  // From here on an error is about one datagram, and datagrams may be lost.
  socket.on('error', () => undefined);
  const { address, port } = socket.address();
  return {
    address: formatHostPort(address, port),
    get openCount() {
      return flows.size;
    },
    async close() {
      for (const [source, flow] of flows) finish(source, flow, null);
      await new Promise<void>((resolve) => socket.close(() => resolve()));
    },
  };
}
