import { chmodSync, mkdirSync, readdirSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Engine } from './engine.ts';
import { applySet, ERRNO, formatGet, parseSet } from './uapi.ts';

/** Where `wg` looks for userspace interfaces. */
export const UAPI_DIRECTORY = '/var/run/wireguard';
/** One operation: as many peers as there can be, each with some networks. Beyond it the connection is closed. */
export const MAX_OPERATION_BYTES = 32 * 1024 * 1024;
/** A client that says nothing for so long is disconnected. */
export const IDLE_MS = 30_000;
/** Clients at a time. */
export const MAX_CLIENTS = 16;

/**
 * Listens on `<directory>/<name>.sock`, for its owner only (mode 0600: a get shows the private key). A socket file that
 * nobody answers behind is removed first; rejects with EADDRINUSE if somebody does.
 */
export async function serveUapi(engine: Engine, name: string, directory = UAPI_DIRECTORY): Promise<UapiServer> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, `${name}.sock`);
  if (await isAnswered(path)) {
    throw Object.assign(new Error(`an interface ${name} is controlled by another process already`), {
      code: 'EADDRINUSE',
    });
  }
  const server = createServer((socket) => serve(engine, socket));
  server.maxConnections = MAX_CLIENTS;
  // Nobody else may connect between the making of the file and chmod.
  const mask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
  } finally {
    process.umask(mask);
  }
  chmodSync(path, 0o600);
  return new UapiServer(server, path);
}

export class UapiServer {
  readonly path: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(server: Server, path: string) {
    this.path = path;
    this.#server = server;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** Removes the socket file too. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/** Asks the interface for its state: the lines of the answer. Rejects where nobody answers, or with an errno. */
export async function readUapi(path: string): Promise<string[]> {
  const socket = connect(path);
  socket.setTimeout(5_000, () => socket.destroy(new Error(`no answer from ${path}`)));
  let text = '';
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.once('end', resolve);
      socket.setEncoding('utf8');
      socket.on('data', (chunk: string) => {
        text += chunk;
        if (text.endsWith('\n\n')) resolve();
      });
      socket.write('get=1\n\n');
    });
  } finally {
    socket.destroy();
  }
  const lines = text.split('\n').filter((line) => line !== '');
  const errno = lines.pop();
  if (errno !== 'errno=0') throw new Error(`${path} answered ${errno ?? 'nothing'}`);
  return lines;
}

/** Names of the interfaces that have a control socket. */
export function listUapi(directory = UAPI_DIRECTORY): string[] {
  try {
    const names = readdirSync(directory).filter((name) => name.endsWith('.sock'));
    return names.map((name) => name.slice(0, -'.sock'.length)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function isAnswered(path: string): Promise<boolean> {
  const code = await new Promise<string | undefined>((resolve) => {
    const socket = connect(path);
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
  });
  if (code === 'ECONNREFUSED') unlinkSync(path);
  return code === undefined;
}

/** Operations one after another, each ended by an empty line; what is no operation ends the connection. */
function serve(engine: Engine, socket: Socket): void {
  /** What came and was not looked at in one; joined only when an operation ends in it. */
  let pieces: string[] = [];
  let length = 0;
  let last = '';
  let busy = false;
  socket.setEncoding('utf8');
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  // A client that goes away in the middle has changed nothing; there is nobody to tell.
  socket.on('error', () => socket.destroy());
  const next = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    while (!socket.destroyed) {
      const text = pieces.join('');
      const end = text.indexOf('\n\n');
      pieces = [end === -1 ? text : text.slice(end + 2)];
      if (end === -1) break;
      length -= end + 2;
      const [first, ...lines] = text.slice(0, end).split('\n');
      const answer = await run(engine, first as string, lines);
      if (answer === undefined) socket.destroy();
      // Who asks again and again and reads no answer would fill this program's memory with them.
      else if (!socket.write(answer)) await drained(socket);
    }
    busy = false;
  };
  socket.on('data', (chunk: string) => {
    pieces.push(chunk);
    length += chunk.length;
    const ends = `${last}${chunk}`.includes('\n\n');
    last = chunk.slice(-1);
    if (length > MAX_OPERATION_BYTES) socket.destroy();
    else if (ends) void next();
  });
}

/** Resolves when all is written, or the client is gone. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) return resolve();
    const settle = () => {
      socket.off('drain', settle).off('close', settle);
      resolve();
    };
    socket.on('drain', settle).on('close', settle);
  });
}

async function run(engine: Engine, operation: string, lines: readonly string[]): Promise<string | undefined> {
  if (operation === 'get=1') {
    return lines.length === 0 ? `${formatGet(engine)}errno=${ERRNO.none}\n\n` : `errno=${ERRNO.invalid}\n\n`;
  }
  if (operation !== 'set=1') return undefined;
  const parsed = parseSet(lines);
  return `errno=${typeof parsed === 'number' ? parsed : await applySet(engine, parsed)}\n\n`;
}
