import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below Linux's ephemeral range (32,768 and up): no outgoing connection of anybody lands on such a port meanwhile. */
const FROM = 21_000;
const TO = 32_768;
const TRIES = 50;
const handedOut = new Set<number>();

/**
 * A port that was free a moment ago, for programs that cannot be given port 0 or that must come back on the same one.
 * Never the same twice in one process; another process may still take it before you do, so prefer port 0.
 */
export async function freePort(kind: 'tcp' | 'udp' = 'tcp', host = '127.0.0.1'): Promise<number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = randomInt(FROM, TO);
    if (handedOut.has(port) || !(await canListen(kind, port, host))) continue;
    handedOut.add(port);
    return port;
  }
  throw new Error(`no free ${kind} port on ${host} in ${TRIES} tries`);
}

async function canListen(kind: 'tcp' | 'udp', port: number, host: string): Promise<boolean> {
  const server =
    kind === 'udp'
      ? createSocket(host.includes(':') ? 'udp6' : 'udp4').bind(port, host)
      : createServer().listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return true;
}
