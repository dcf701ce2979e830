/**
 * Opens COUNT connections to PORT, sends one request on each, reads its answer, then holds them all idle. Prints `open`
 * when all are, and ends when its stdin does. Usage: idle-client.ts PORT HOST COUNT
 */
import { connect, type Socket } from 'node:net';

const [port, host, count] = process.argv.slice(2) as [string, string, string];
const request = `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
const sockets: Socket[] = [];

function openOne(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: Number(port), host: '127.0.0.1' }, () => socket.write(request));
    socket.on('error', reject);
    socket.once('data', () => resolve());
    sockets.push(socket);
  });
}

// A few at a time: the question is what a stream costs, not how many can be opened at once.
const lanes = Array.from({ length: 20 }, async () => {
  while (sockets.length < Number(count)) await openOne();
});
await Promise.all(lanes);
process.stdout.write('open\n');
process.stdin.on('end', () => process.exit(0)).resume();
