import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { createServer } from 'node:net';

/**
 * One process per data directory: two writers would tear the event spool apart. Held by an abstract socket (Linux),
 * which the kernel frees whatever happens to the process; elsewhere there is no lock. Rejects when it is taken.
 */
export async function takeDirectory(directory: string): Promise<() => void> {
  if (process.platform !== 'linux') return () => undefined;
  const name = createHash('sha256')
    .update(await realpath(directory))
    .digest('hex');
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new Error(`another gateway runs with ${directory}`) : error),
    );
    server.listen(`\0zeronaut-gateway-${name}`, resolve);
  });
  server.unref();
  return () => void server.close();
}
