import {
  type AccessInput,
  type HeaderRulesInput,
  HTTP_LIMITS,
  hasLimits,
  headerRulesInput,
  type ResourceLimits,
  resourceLimits,
} from '@zeronaut/model';
import { usageError } from '../cli-error.ts';

/** What `expose` was asked to publish, and agent.yaml for each entry: everything but who publishes it. */
export interface ExposeWish {
  readonly name?: string | undefined;
  readonly protocol: 'http' | 'tcp' | 'udp';
  /** As this machine dials it: `host:port` or `unix:/path`. */
  readonly address: string;
  readonly targetProtocol: 'http' | 'https' | 'tcp' | 'udp';
  readonly port?: number | undefined;
  readonly access: AccessInput;
  readonly proxyProtocol: 'none' | 'v1' | 'v2';
  /** Absent: none. */
  readonly headers?: HeaderRulesInput | undefined;
  readonly limits?: ResourceLimits | undefined;
}

export interface SiteWish {
  readonly name: string;
  readonly destinations: readonly string[];
  /** Absent: the console's default. */
  readonly access?: AccessInput | undefined;
}

/** A declared resource with targets behind this agent, and which of them it may dial. */
export interface ResourceWish {
  readonly name: string;
  readonly targets: readonly string[];
  readonly protocol: 'tcp' | 'udp';
}

/** The options of `expose` in the words of the command line and of agent.yaml. */
export interface ExposeOptions {
  readonly name?: string | undefined;
  readonly public?: boolean | undefined;
  /** Being signed in is not enough: a policy, or an approved request, lets people in. */
  readonly policy?: boolean | undefined;
  readonly allow?: readonly string[] | undefined;
  readonly allowIp?: readonly string[] | undefined;
  readonly basic?: readonly { username: string; password: string }[] | undefined;
  readonly port?: number | undefined;
  readonly proxyProtocol?: 'none' | 'v1' | 'v2' | undefined;
  readonly hostHeader?: string | undefined;
  readonly requestHeader?: HeaderRulesInput['request'] | undefined;
  readonly responseHeader?: HeaderRulesInput['response'] | undefined;
  readonly limits?: ResourceLimits | undefined;
}

export const EXPOSE_PROTOCOLS = ['http', 'https', 'tcp', 'udp'] as const;
export type ExposeProtocol = (typeof EXPOSE_PROTOCOLS)[number];

/** Throws a usage error for what cannot be meant. `https`: the local service speaks TLS; visitors always get https. */
export function createExposeWish(target: string, protocol: ExposeProtocol, options: ExposeOptions): ExposeWish {
  const address = parseTarget(target);
  const resourceProtocol = protocol === 'https' ? 'http' : protocol;
  const raw = resourceProtocol !== 'http';
  if (address.startsWith('unix:') && protocol === 'udp') throw usageError('a unix socket cannot be exposed as udp');
  if (!raw && options.port !== undefined) {
    throw usageError('--port is for tcp and udp', 'HTTP services are told apart by name: use --name.');
  }
  const proxyProtocol = options.proxyProtocol ?? 'none';
  if (proxyProtocol !== 'none' && protocol !== 'tcp') {
    throw usageError('--proxy-protocol is for tcp', 'HTTP services get X-Forwarded-For and Forwarded.');
  }
  return {
    name: options.name,
    protocol: resourceProtocol,
    address,
    targetProtocol: protocol,
    port: options.port,
    access: createAccessInput(options, raw),
    proxyProtocol,
    ...createHeaders(options, raw),
    ...createLimits(options, raw),
  };
}

function createHeaders(
  { hostHeader, requestHeader, responseHeader }: ExposeOptions,
  raw: boolean,
): { headers?: HeaderRulesInput } {
  const given = { host: hostHeader ?? null, request: requestHeader ?? [], response: responseHeader ?? [] };
  if (given.host === null && given.request.length + given.response.length === 0) return {};
  if (raw) throw usageError('headers are for http: a raw port has none');
  const checked = headerRulesInput.safeParse(given);
  if (checked.success) return { headers: checked.data };
  const [issue] = checked.error.issues;
  const [side, index] = issue!.path;
  const rule = side === 'host' ? hostHeader : given[side as 'request' | 'response'][Number(index)]?.name;
  throw usageError(`${rule}: ${issue!.message}`);
}

function createLimits({ limits }: ExposeOptions, raw: boolean): { limits?: ResourceLimits } {
  if (limits === undefined || !hasLimits(limits)) return {};
  if (raw && HTTP_LIMITS.some((limit) => limits[limit] !== null)) {
    throw usageError('largest body and time to answer are for http: a raw port knows neither');
  }
  const checked = resourceLimits.safeParse(limits);
  if (checked.success) return { limits: checked.data };
  const [issue] = checked.error.issues;
  throw usageError(`${issue!.path.join('.')}: ${issue!.message}`);
}

function createAccessInput(options: ExposeOptions, raw: boolean): AccessInput {
  const allow = [...(options.allow ?? [])];
  const addresses = [...(options.allowIp ?? [])];
  const basic = [...(options.basic ?? [])];
  if (options.public === true && allow.length + addresses.length + basic.length > 0) {
    throw usageError(
      '--public lets everybody in, so --allow, --allow-ip and --basic would mean nothing',
      'Leave out --public: login is required then, and what the others name is let in beside it.',
    );
  }
  if (options.policy === true && (options.public === true || allow.length > 0)) {
    throw usageError(
      '--policy leaves it to policies who may come in, so --public and --allow would mean nothing',
      'Write a policy that permits them: zeronaut policy templates team-access.',
    );
  }
  if (raw && basic.length > 0) {
    throw usageError('--basic is for http: a raw port has no place for a password', 'Use --allow-ip.');
  }
  const mode = options.public === true ? 'public' : options.policy === true ? 'policy' : 'login';
  return { mode, allow, addresses, basic, tokens: null };
}

/** `3000`, `localhost:3000`, `[::1]:3000`, `http://localhost:3000`, `unix:/run/app.sock` as an address to dial. */
export function parseTarget(text: string): string {
  if (/^\d{1,5}$/.test(text)) return checkHostPort(`localhost:${text}`, text);
  if (text.startsWith('unix:')) {
    if (!/^unix:\/[^\0]+$/.test(text)) throw usageError(`${text}: expected unix:/path`);
    return text;
  }
  const url = /^https?:\/\/([^/]+)\/?$/.exec(text);
  return checkHostPort(url?.[1] ?? text, text);
}

function checkHostPort(text: string, shown: string): string {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]\s/]+):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match !== null && (port < 1 || port > 65_535)) {
    throw usageError(`${shown} is no target: the port must be 1 to 65535`);
  }
  if (match === null) {
    throw usageError(`${shown} is no target`, 'Write it as localhost:3000, 3000, [::1]:3000 or unix:/path.');
  }
  return text.toLowerCase();
}
