import type { AllowedIp } from './data-plane.ts';
import { formatNetwork, parseBase64Key, parseNetwork, parseUnsigned, splitEndpoint } from './text-values.ts';

/** A file as `wg-quick` reads it (wg(8), wg-quick(8)): sections of `Key = Value` lines, `#` begins a comment. */
export interface QuickFile {
  readonly interface: QuickInterface;
  readonly peers: readonly QuickPeer[];
}

export interface QuickInterface {
  privateKey?: Uint8Array;
  listenPort?: number;
  /** 0: off. */
  fwmark?: number;
  addresses: AllowedIp[];
  /** Servers and search domains as written. */
  dns: string[];
  mtu?: number;
  /** Routing table for AllowedIPs; default auto. */
  table?: 'auto' | 'off' | number;
  preUp: string[];
  postUp: string[];
  preDown: string[];
  postDown: string[];
  saveConfig?: boolean;
}

export interface QuickPeer {
  publicKey?: Uint8Array;
  presharedKey?: Uint8Array;
  allowedIps: AllowedIp[];
  /** The host may be a name. */
  endpoint?: { readonly host: string; readonly port: number };
  /** Seconds, 0: off. */
  persistentKeepalive?: number;
}

/** Lines and columns count from 1. */
export interface QuickProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** A file is read if it has at most this many bytes. */
export const MAX_QUICK_FILE_BYTES = 16 * 1024 * 1024;
/** Reading ends at this many mistakes: a file that is none of ours would make one of every line. */
export const MAX_QUICK_PROBLEMS = 50;

/** Of a line: what no editor shows, and what the shell or the system would end a value at. */
const CONTROL_CHARACTER = /[\0-\x08\x0a-\x1f\x7f]/;

type Setter<T> = (target: T, value: string) => string | undefined;

const INTERFACE_KEYS: Readonly<Record<string, Setter<QuickInterface>>> = {
  privatekey: (to, value) =>
    one(parseBase64Key(value), 'a key of 44 base64 characters', (key) => (to.privateKey = key)),
  listenport: (to, value) => one(parseUnsigned(value, 65_535), '0 to 65535', (port) => (to.listenPort = port)),
  fwmark: (to, value) => one(parseMark(value), 'a number, 0x and hex digits, or off', (mark) => (to.fwmark = mark)),
  address: (to, value) => each(value, parseNetwork, 'an address such as 10.0.0.1/24', to.addresses),
  dns: (to, value) => each(value, (item) => item || undefined, 'an address or a domain', to.dns),
  mtu: (to, value) => one(parseMtu(value), '576 to 9216', (mtu) => (to.mtu = mtu)),
  table: (to, value) => one(parseTable(value), 'auto, off or a number', (table) => (to.table = table)),
  preup: (to, value) => void to.preUp.push(value),
  postup: (to, value) => void to.postUp.push(value),
  predown: (to, value) => void to.preDown.push(value),
  postdown: (to, value) => void to.postDown.push(value),
  saveconfig: (to, value) => one(parseBoolean(value), 'true or false', (save) => (to.saveConfig = save)),
};

const PEER_KEYS: Readonly<Record<string, Setter<QuickPeer>>> = {
  publickey: (to, value) => one(parseBase64Key(value), 'a key of 44 base64 characters', (key) => (to.publicKey = key)),
  presharedkey: (to, value) =>
    one(parseBase64Key(value), 'a key of 44 base64 characters', (key) => (to.presharedKey = key)),
  allowedips: (to, value) => (value === '' ? undefined : each(value, parseNetwork, 'a network', to.allowedIps)),
  endpoint: (to, value) =>
    one(splitEndpoint(value), 'HOST:PORT or [IPv6]:PORT', (endpoint) => (to.endpoint = endpoint)),
  persistentkeepalive: (to, value) =>
    one(
      value === 'off' ? 0 : parseUnsigned(value, 65_535),
      '0 to 65535, or off',
      (at) => (to.persistentKeepalive = at),
    ),
};

/** Keys of which only one line makes sense; the others add up. */
const ADDING = new Set(['address', 'dns', 'preup', 'postup', 'predown', 'postdown', 'allowedips']);

/** At most MAX_QUICK_PROBLEMS problems, in the order of the file; with any, the file is not to be used. */
export function parseQuickFile(text: string): { file: QuickFile; problems: QuickProblem[] } {
  const problems: QuickProblem[] = [];
  const own: QuickInterface = { addresses: [], dns: [], preUp: [], postUp: [], preDown: [], postDown: [] };
  const peers: QuickPeer[] = [];
  let section: 'interface' | 'peer' | undefined;
  let interfaceLine = 0;
  let seen = new Set<string>();
  let openPeer: { peer: QuickPeer; line: number } | undefined;
  const names = new Set<string>();
  const closePeer = () => {
    if (openPeer === undefined) return;
    const { line, peer } = openPeer;
    const name = base64(peer.publicKey);
    if (name === undefined) problems.push({ line, column: 1, message: 'this peer has no PublicKey' });
    else if (names.has(name)) problems.push({ line, column: 1, message: `the peer ${name} is there twice` });
    else names.add(name);
  };
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    if (problems.length >= MAX_QUICK_PROBLEMS) break;
    const line = index + 1;
    const content = raw.replace(/#.*$/, '').trimEnd();
    const indent = content.length - content.trimStart().length;
    const trimmed = content.trim();
    const problem = (message: string, column = indent + 1) => problems.push({ line, column, message });
    if (trimmed === '') continue;
    const control = content.search(CONTROL_CHARACTER);
    if (control !== -1) {
      problem('a control character', control + 1);
      continue;
    }
    if (trimmed.startsWith('[')) {
      closePeer();
      openPeer = undefined;
      seen = new Set();
      const name = trimmed.toLowerCase();
      if (name === '[interface]') {
        if (interfaceLine !== 0) problem(`a second [Interface]; the first is on line ${interfaceLine}`);
        section = 'interface';
        interfaceLine = line;
      } else if (name === '[peer]') {
        section = 'peer';
        openPeer = { peer: { allowedIps: [] }, line };
        peers.push(openPeer.peer);
      } else {
        section = undefined;
        problem(`${trimmed} is no section: [Interface] or [Peer]`);
      }
      continue;
    }
    const equals = content.indexOf('=');
    if (equals === -1) {
      problem('expected Key = Value');
      continue;
    }
    const shown = content.slice(0, equals).trim();
    const key = shown.toLowerCase();
    const value = content.slice(equals + 1).trim();
    const column = equals + 2 + (content.length - equals - 1 - content.slice(equals + 1).trimStart().length);
    if (section === undefined) {
      problem(`${shown} stands in no section`);
      continue;
    }
    const keys: Readonly<Record<string, Setter<never>>> = section === 'interface' ? INTERFACE_KEYS : PEER_KEYS;
    const setter = Object.hasOwn(keys, key) ? keys[key] : undefined;
    if (setter === undefined) {
      problem(`${shown} is no key of [${section === 'interface' ? 'Interface' : 'Peer'}]`);
    } else if (seen.has(key) && !ADDING.has(key)) {
      problem(`${shown} is there twice`);
    } else {
      seen.add(key);
      const expected = setter((openPeer?.peer ?? own) as never, value);
      // The value is not repeated: it may be a secret.
      if (expected !== undefined) problem(`${shown} must be ${expected}`, column);
    }
  }
  if (problems.length < MAX_QUICK_PROBLEMS) closePeer();
  if (problems.length < MAX_QUICK_PROBLEMS && interfaceLine === 0) {
    problems.push({ line: 1, column: 1, message: 'there is no [Interface] section' });
  }
  return { file: { interface: own, peers }, problems };
}

/**
 * The file as text; reading it gives the same again. Throws a RangeError where a text of it cannot be written, because it
 * would be read as a comment or another line.
 */
export function formatQuickFile({ interface: own, peers }: QuickFile): string {
  const lines = ['[Interface]'];
  const add = (key: string, value: string | number | undefined) => {
    if (value === undefined) return;
    const text = String(value);
    if (text.includes('#') || text.trim() !== text || CONTROL_CHARACTER.test(text)) {
      throw new RangeError(`${key} cannot stand in a WireGuard file as it is`);
    }
    lines.push(`${key} = ${text}`);
  };
  for (const address of own.addresses) add('Address', formatNetwork(address));
  add('PrivateKey', base64(own.privateKey));
  add('ListenPort', own.listenPort);
  add('FwMark', own.fwmark === 0 ? 'off' : own.fwmark);
  add('DNS', own.dns.length === 0 ? undefined : own.dns.join(', '));
  add('MTU', own.mtu);
  add('Table', own.table);
  for (const command of own.preUp) add('PreUp', command);
  for (const command of own.postUp) add('PostUp', command);
  for (const command of own.preDown) add('PreDown', command);
  for (const command of own.postDown) add('PostDown', command);
  add('SaveConfig', own.saveConfig === undefined ? undefined : String(own.saveConfig));
  for (const peer of peers) {
    lines.push('', '[Peer]');
    add('PublicKey', base64(peer.publicKey));
    add('PresharedKey', base64(peer.presharedKey));
    add('AllowedIPs', peer.allowedIps.length === 0 ? undefined : peer.allowedIps.map(formatNetwork).join(', '));
    if (peer.endpoint !== undefined) {
      const { host, port } = peer.endpoint;
      add('Endpoint', host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);
    }
    add('PersistentKeepalive', peer.persistentKeepalive === 0 ? 'off' : peer.persistentKeepalive);
  }
  return `${lines.join('\n')}\n`;
}

function base64(key: Uint8Array | undefined): string | undefined {
  return key === undefined ? undefined : Buffer.from(key).toString('base64');
}

function one<T>(value: T | undefined, expected: string, set: (value: T) => void): string | undefined {
  if (value === undefined) return expected;
  set(value);
  return undefined;
}

function each<T>(
  text: string,
  parse: (item: string) => T | undefined,
  expected: string,
  into: T[],
): string | undefined {
  const values = text.split(',').map((item) => parse(item.trim()));
  if (values.includes(undefined)) return `${expected}, or several after commas`;
  into.push(...(values as T[]));
  return undefined;
}

function parseMark(text: string): number | undefined {
  if (text === 'off') return 0;
  if (/^0x[0-9a-f]{1,8}$/i.test(text)) return Number(text);
  return parseUnsigned(text, 2 ** 32 - 1);
}

function parseMtu(text: string): number | undefined {
  const mtu = parseUnsigned(text, 9216);
  return mtu !== undefined && mtu >= 576 ? mtu : undefined;
}

function parseTable(text: string): 'auto' | 'off' | number | undefined {
  return text === 'auto' || text === 'off' ? text : parseUnsigned(text, 2 ** 32 - 1);
}

function parseBoolean(text: string): boolean | undefined {
  return text === 'true' ? true : text === 'false' ? false : undefined;
}
