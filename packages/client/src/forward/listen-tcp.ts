import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Fault, formatHostPort } from '@zeronaut/model';
import { socketStream, splice } from '@zeronaut/tunnel';
import type { TunnelSet } from '../agent/tunnel-set.ts';
import { type ForwardedConnection, type ForwardHooks, type ForwardListener, openForward } from './forwarder.ts';
import { listenError } from './listen-error.ts';
import type { ForwardRule } from './rule.ts';

let lastNumber = 0;

/** Listens for connections and sends each through a stream of its own. Throws a CliError when it cannot listen. */
export async function listenTcp(tunnels: TunnelSet, rule: ForwardRule, hooks: ForwardHooks): Promise<ForwardListener> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    void forward(tunnels, rule, hooks, socket);
  });
  server.listen(rule.localPort, rule.localHost);
  await once(server, 'listening').catch((error: unknown) => {
    throw listenError(rule, error);
  });
  const { address, port } = server.address() as AddressInfo;
  return {
    address: formatHostPort(address, port),
    get openCount() {
      return sockets.size;
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

async function forward(tunnels: TunnelSet, rule: ForwardRule, hooks: ForwardHooks, socket: Socket): Promise<void> {
  const connection: ForwardedConnection = {
    number: ++lastNumber,
    rule,
    protocol: 'tcp',
    source: formatHostPort(socket.remoteAddress ?? '', socket.remotePort ?? 0),
    startedAt: performance.now(),
    bytesIn: 0,
    bytesOut: 0,
  };
  const downstream = socketStream(socket, { side: 'downstream' });
  const opened = await openForward(tunnels, rule, 'tcp');
  if (opened === null) {
    downstream.abort();
    hooks.onClose(connection, new Fault('tunnel.closed', { side: 'upstream', message: 'no gateway can be reached' }));
    return;
  }
  hooks.onOpen(connection, opened.gateway);
  splice(downstream, opened.stream, {
    onBytes(direction, bytes) {
      if (direction === 'a_to_b') connection.bytesOut += bytes;
      else connection.bytesIn += bytes;
    },
    onDone: (fault) => hooks.onClose(connection, fault),
  });
}
