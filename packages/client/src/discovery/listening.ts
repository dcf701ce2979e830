import { readdir, readFile, readlink } from 'node:fs/promises';
import { type DiscoveredService, MAX_DISCOVERED } from '@zeronaut/model';

/**
 * TCP ports of this machine that something listens on, by what Linux tells in /proc: on loopback or on every address, not on a single
 * other one. Nothing is connected to and nothing is sent. Elsewhere than on Linux: none.
 */
export async function listListening(root = '/proc'): Promise<DiscoveredService[]> {
  const [four, six] = await Promise.all([read(`${root}/net/tcp`), read(`${root}/net/tcp6`)]);
  const sockets = [...parseListening(four), ...parseListening(six)];
  const names = await processNames(root, new Set(sockets.map(({ inode }) => inode)));
  const byPort = new Map<number, DiscoveredService>();
  for (const { port, scope, address, inode } of sockets) {
    const known = byPort.get(port);
    const process = names.get(inode) ?? null;
    // One port on both families, or on several of our addresses, is one service: the widest, dialled over IPv4 where that is open.
    if (known === undefined) byPort.set(port, { port, scope, address, process, guess: guessOf(port) });
    else
      byPort.set(port, { ...known, scope: known.scope === 'any' ? 'any' : scope, process: known.process ?? process });
  }
  return [...byPort.values()].sort((a, b) => a.port - b.port).slice(0, MAX_DISCOVERED);
}

interface Listening {
  readonly port: number;
  readonly scope: DiscoveredService['scope'];
  readonly address: string;
  readonly inode: string;
}

const LISTEN = '0A';
/** Of a table of sockets. */
const MAX_LINES = 20_000;

/** Lines of /proc/net/tcp and tcp6 (see proc_pid_net(5)); what is none is left out. */
export function parseListening(text: string): Listening[] {
  const found: Listening[] = [];
  for (const line of text.split('\n', MAX_LINES)) {
    const fields = line.trim().split(/\s+/, 10);
    const match = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(fields[1] ?? '');
    if (match === null || fields[3] !== LISTEN) continue;
    const port = Number.parseInt(match[2]!, 16);
    const place = placeOf(match[1]!);
    if (port === 0 || place === null) continue;
    const address = `${place.isSix ? '[::1]' : '127.0.0.1'}:${port}`;
    found.push({ port, scope: place.scope, address, inode: fields[9] ?? '' });
  }
  return found;
}

/** Words of 32 bits in the machine's order, which is little-endian wherever we run. Null: another address. */
function placeOf(hex: string): { scope: DiscoveredService['scope']; isSix: boolean } | null {
  if (/^0+$/.test(hex)) return { scope: 'any', isSix: false };
  if (hex.length === 8) return hex.endsWith('7F') ? { scope: 'loopback', isSix: false } : null;
  if (hex === '00000000000000000000000001000000') return { scope: 'loopback', isSix: true };
  // An IPv4 address in an IPv6 socket.
  return /^0{16}FFFF0000[0-9A-F]{6}7F$/.test(hex) ? { scope: 'loopback', isSix: false } : null;
}

const HTTP_PORTS = new Set([80, 3000, 3001, 4000, 4200, 5000, 5173, 8000, 8008, 8080, 8081, 8888, 9000, 9090]);
const HTTPS_PORTS = new Set([443, 8443, 9443]);

function guessOf(port: number): DiscoveredService['guess'] {
  return HTTPS_PORTS.has(port) ? 'https' : HTTP_PORTS.has(port) ? 'http' : 'tcp';
}

/** Processes, and open files of each, that are looked at. */
const MAX_PROCESSES = 4_096;
const MAX_FILES = 1_024;

/** By inode of its socket, where we may see it. */
async function processNames(root: string, inodes: ReadonlySet<string>): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  const processes = (await list(root)).filter((name) => /^\d+$/.test(name)).slice(0, MAX_PROCESSES);
  for (const process of processes) {
    if (names.size === inodes.size) break;
    for (const file of (await list(`${root}/${process}/fd`)).slice(0, MAX_FILES)) {
      const inode = /^socket:\[(\d+)\]$/.exec(await link(`${root}/${process}/fd/${file}`))?.[1];
      if (inode === undefined || !inodes.has(inode) || names.has(inode)) continue;
      const name = (await read(`${root}/${process}/comm`))
        .trim()
        .replaceAll(/[^\x20-\x7e]/g, '?')
        .slice(0, 64);
      if (name !== '') names.set(inode, name);
    }
  }
  return names;
}

// What is gone, or is not ours to see, is nothing.
const read = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
const list = (path: string): Promise<string[]> => readdir(path).catch(() => []);
const link = (path: string): Promise<string> => readlink(path).catch(() => '');
