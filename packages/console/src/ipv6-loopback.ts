import { createServer, type Server } from 'node:net';

/**
 * The same server at `[::1]` of the port that it has at 127.0.0.1: browsers look for `localhost` there first, and whoever else on this
 * machine listened there would be shown what is meant for us. `taken`: somebody does. `none`: this machine has no IPv6.
 */
export async function listenAtIpv6Loopback(server: Server, port: number): Promise<Ipv6Loopback> {
  const there = createServer((socket) => void server.emit('connection', socket));
  const problem = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    there.once('error', resolve);
    there.listen({ host: '::1', port, ipv6Only: true }, () => resolve(null));
  });
  if (problem === null) {
    const close = () => new Promise<void>((resolve) => there.close(() => resolve()));
    return { state: 'open', close };
  }
  return { state: problem.code === 'EADDRINUSE' ? 'taken' : 'none', close: async () => undefined };
}

export interface Ipv6Loopback {
  readonly state: 'open' | 'taken' | 'none';
  /** Takes no more connections; resolves when those that it took are gone. */
  close(): Promise<void>;
}
