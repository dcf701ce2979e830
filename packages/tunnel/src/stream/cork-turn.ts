import type { ByteStream } from './byte-stream.ts';

const corked: ByteStream[] = [];

/**
 * Corks a stream until the end of this turn of the event loop: what several reads of the same turn write to it leaves
 * in one system call. One immediate serves all streams. Measured on bulk through a tunnel: up to a fifth more.
 */
export function corkTurn(stream: ByteStream): void {
  stream.cork();
  if (corked.push(stream) === 1) setImmediate(uncorkAll);
}

function uncorkAll(): void {
  const streams = corked.splice(0);
  for (const stream of streams) stream.uncork();
}
