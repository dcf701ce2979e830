import { type Network, networkContains, parseAddress, parseNetwork } from '@zeronaut/model';

/** One compiled pattern of a site: who (`any`, a name, names under a suffix, a network) and which port (null: any). */
type Pattern = { readonly port: number | null } & (
  | { readonly kind: 'any' }
  | { readonly kind: 'name'; readonly name: string }
  /** With its leading dot. */
  | { readonly kind: 'suffix'; readonly suffix: string }
  | { readonly kind: 'network'; readonly network: Network }
);

/** Labels of letters, digits, hyphens and underscores (SRV-style names exist in private zones); no trailing dot. */
const NAME = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

// Patterns come from immutable snapshots and are asked for every forward.
const compiled = new WeakMap<readonly string[], readonly Pattern[]>();

/**
 * Whether one of a site's destinations covers `host` and `port`.
 *
 * `db.corp:5432` exactly this name · `*.corp:*` any name below `corp`, one label or more, never `corp` itself ·
 * `10.0.0.0/8:22`, `[fd00::]/8:*`, `192.0.2.1:80` only hosts that are written as an address, so that DNS cannot widen
 * a rule · `*:443` anything. Names ignore case. A host with a trailing dot, a zone (`%eth0`), brackets or any other
 * character that no name has is refused. IPv4-mapped IPv6 counts as IPv4. A pattern that does not parse covers nothing.
 */
export function matchDestination(patterns: readonly string[], host: string, port: number): boolean {
  if (!Number.isInteger(port) || port < 1 || port > 65535) return false;
  if (host.length === 0 || host.length > 253 || host.includes('%')) return false;
  const address = parseAddress(host);
  const name = address === null ? lowerCaseAscii(host) : null;
  if (name !== null && !NAME.test(name)) return false;

  let list = compiled.get(patterns);
  if (list === undefined) {
    list = patterns.map(compilePattern).filter((pattern) => pattern !== null);
    compiled.set(patterns, list);
  }
  return list.some((pattern) => covers(pattern, name, address, port));
}

/** Exactly one of `name` and `address` is given. */
function covers(pattern: Pattern, name: string | null, address: string | null, port: number): boolean {
  if (pattern.port !== null && pattern.port !== port) return false;
  switch (pattern.kind) {
    case 'any':
      return true;
    case 'name':
      return name === pattern.name;
    case 'suffix':
      // A name never starts with a dot, so there is a label before the suffix.
      return name !== null && name.endsWith(pattern.suffix);
    case 'network':
      return address !== null && networkContains(pattern.network, address);
  }
}

function compilePattern(text: string): Pattern | null {
  const colon = text.lastIndexOf(':');
  if (colon <= 0) return null;
  const tail = text.slice(colon + 1);
  if (tail !== '*' && !/^\d{1,5}$/.test(tail)) return null;
  const port = tail === '*' ? null : Number(tail);
  if (port !== null && (port < 1 || port > 65535)) return null;

  const head = text.slice(0, colon).replace(/^\[(.*)\](\/\d+)?$/, '$1$2');
  if (head === '*') return { kind: 'any', port };
  const network = parseNetwork(head);
  if (network !== null) return { kind: 'network', network, port };
  const name = lowerCaseAscii(head);
  if (name.startsWith('*.')) return NAME.test(name.slice(2)) ? { kind: 'suffix', suffix: name.slice(1), port } : null;
  return NAME.test(name) ? { kind: 'name', name, port } : null;
}

/** `toLowerCase` would turn the Kelvin sign into `k`; names are ASCII, and what is not must stay unlike it. */
function lowerCaseAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
