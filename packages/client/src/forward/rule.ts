import { formatHostPort, parseHostPort } from '@zeronaut/model';
import { usageError } from '../cli-error.ts';

/** Listen here, come out there. */
export interface ForwardRule {
  /** As the site sees it. */
  readonly remote: string;
  readonly localHost: string;
  readonly localPort: number;
}

/**
 * Pairs `remote local`, and `-L remote=local`. A local part may be `host:port`, a port alone (on localhost), or be
 * missing when there is only one remote (the same port on localhost). Throws a usage error.
 */
export function parseForwardRules(words: readonly string[], options: readonly string[]): ForwardRule[] {
  const pairs: [string, string | undefined][] = [];
  if (words.length === 1) pairs.push([words[0]!, undefined]);
  else if (words.length % 2 === 1) throw usageError('expected pairs of remote and local address');
  else for (let i = 0; i < words.length; i += 2) pairs.push([words[i]!, words[i + 1]!]);
  for (const option of options) {
    const [remote, local, ...more] = option.split('=');
    if (more.length > 0) throw usageError(`-L ${option}: expected remote=local`);
    pairs.push([remote!, local]);
  }
  if (pairs.length === 0) throw usageError('what is to be forwarded?');
  return pairs.map(([remote, local]) => parseRule(remote, local));
}

function parseRule(remote: string, local: string | undefined): ForwardRule {
  const to = parseHostPort(remote);
  if (to === null) throw usageError(`${remote} is no remote address`, 'Write it as db.corp:5432 or [fd00::1]:22.');
  const here = local === undefined ? String(to.port) : local;
  const from = /^\d{1,5}$/.test(here) ? { host: 'localhost', port: Number(here) } : parseLocal(here);
  if (from === null || from.port > 65_535) {
    throw usageError(`${here} is no local address`, 'Write it as localhost:5432, 5432, or localhost:0 for any port.');
  }
  return { remote: formatHostPort(to.host, to.port), localHost: from.host, localPort: from.port };
}

/** `host:port`; other than for remotes, port 0 stands for any free one. */
function parseLocal(text: string): { host: string; port: number } | null {
  const any = /^(.*):0$/.exec(text);
  const parsed = parseHostPort(any ? `${any[1]}:1` : text);
  return parsed === null ? null : { host: parsed.host, port: any ? 0 : parsed.port };
}
