/** Accepts more connections than there are descriptors, one after the other, because each gives its own back. */
import { connect } from 'node:net';
import { listenSocket } from '../listen-socket.ts';

const CALLERS = 60;
let errors = 0;
const open = new Set<{ abort(): void }>();
const listener = await listenSocket({
  ...{ host: '127.0.0.1', port: 0, backlog: 128 },
  onConnection(stream) {
    open.add(stream);
    stream.handler = { onData: (chunk) => stream.write(chunk), onDrain() {}, onEnd() {}, onClosed() {} };
    stream.resume();
  },
  onError: () => {
    errors++;
    // Room for the next ones.
    for (const stream of open) stream.abort();
    open.clear();
  },
});
let over = 0;
await new Promise<void>((resolve) => {
  const call = (): void => {
    const socket = connect(listener.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (++over === CALLERS) resolve();
      else if (over + 30 <= CALLERS) call();
    });
    socket.on('connect', () => socket.write('x'));
    socket.on('data', () => setTimeout(() => socket.destroy(), 50));
  };
  for (let i = 0; i < 30; i++) call();
});
await listener.close();
for (const stream of open) stream.abort();
process.stdout.write(`all served, ${errors} errors\n`);
