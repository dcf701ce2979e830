import { homedir } from 'node:os';
import { join } from 'node:path';
import { email, type Network, parseAddress, parseHostPort, parseNetwork } from '@zeronaut/model';

/** Of SQLite, in the data directory. */
export const DATABASE_FILE = 'zeronaut.db';

/** What `runConsole` takes; everything that is absent comes from the environment, then from the default. */
export interface ConsoleOptions {
  /** `$ZERONAUT_HOME/console`. Holds the master key and, with SQLite, the database. */
  dataDirectory?: string | undefined;
  /** `ZERONAUT_CONSOLE_HOST`, 127.0.0.1. */
  host?: string | undefined;
  /** `ZERONAUT_CONSOLE_PORT`, 8080. 0: any free one. */
  port?: number | undefined;
  /** `ZERONAUT_CONSOLE_SYNC_HOST`, the same as `host`. */
  syncHost?: string | undefined;
  /** `ZERONAUT_CONSOLE_SYNC_PORT`, 8081. */
  syncPort?: number | undefined;
  /** `ZERONAUT_CONSOLE_PUBLIC_URL`, `http://localhost:<port>` where only this machine is served, else the address of `host`. */
  publicUrl?: string | undefined;
  /** `ZERONAUT_CONSOLE_SYNC_ADDRESS`, host of `publicUrl` if it was set, else `host`, and the sync port: what gateways dial. */
  syncAddress?: string | undefined;
  /** `ZERONAUT_CONSOLE_DATABASE_URL`, `sqlite:<data directory>/zeronaut.db`. */
  databaseUrl?: string | undefined;
  /** `ZERONAUT_CONSOLE_TRUSTED_PROXIES`, comma separated: whose `X-Forwarded-*` are believed. Default: nobody's. */
  trustedProxies?: readonly string[] | undefined;
  /**
   * `ZERONAUT_CONSOLE_OUTBOUND_ALLOW`, comma separated networks: private ones that identity providers, directories and
   * webhooks may be in, also without TLS. Default: none.
   */
  outboundAllow?: readonly string[] | undefined;
  /** `ZERONAUT_CONSOLE_DNS_SERVERS`, comma separated addresses, with or without port. Default: the system's resolver. */
  dnsServers?: readonly string[] | undefined;
  /** `ZERONAUT_CONSOLE_SMTP_URL`, `smtp://user:password@host:587` or `smtps://…`. Default: no mail is sent. */
  smtpUrl?: string | undefined;
  /** `ZERONAUT_CONSOLE_MAIL_FROM`, an address. Needed with a mail server. */
  mailFrom?: string | undefined;
  /**
   * `ZERONAUT_CONSOLE_BREACHED_PASSWORDS`, a file of SHA-1 hashes as Have I Been Pwned gives them away. Default: none beside the short
   * list that comes with the console.
   */
  breachedPasswords?: string | undefined;
  /** `ZERONAUT_CONSOLE_LOG_LEVEL`, info. */
  logLevel?: string | undefined;
  /** Ends the console like SIGTERM does. */
  signal?: AbortSignal | undefined;
  onReady?: ((info: ReadyInfo) => void) | undefined;
}

export interface ReadyInfo {
  /** The public URL: what people open. */
  readonly url: string;
  readonly port: number;
  readonly syncPort: number;
  readonly organizationId: string;
  /** A one-time link that creates the first owner; null once there is one. */
  readonly setupUrl: string | null;
  /** False: nobody ran `npm run web`, and its pages say so. */
  readonly webBuilt: boolean;
}

export interface Settings {
  readonly homeDirectory: string;
  readonly dataDirectory: string;
  readonly host: string;
  readonly port: number;
  readonly syncHost: string;
  readonly syncPort: number;
  readonly publicUrl: string | null;
  readonly syncAddress: string | null;
  readonly databaseUrl: string;
  readonly trustedProxies: readonly string[];
  readonly outboundAllow: readonly Network[];
  readonly dnsServers: readonly string[];
  /** The operator's mail server; null: none. */
  readonly mail: { readonly url: string; readonly from: string } | null;
  /** The operator's list; null: none. */
  readonly breachedPasswords: string | null;
  readonly logLevel: string;
}

/** A mistake in options or environment, in words for the person who made it. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** Where state is kept without `ZERONAUT_HOME`. */
export const DEFAULT_HOME = join(homedir(), '.zeronaut');

export function resolveSettings(options: ConsoleOptions, env: NodeJS.ProcessEnv): Settings {
  const homeDirectory = env.ZERONAUT_HOME || DEFAULT_HOME;
  const dataDirectory = options.dataDirectory ?? join(homeDirectory, 'console');
  const host = options.host ?? env.ZERONAUT_CONSOLE_HOST ?? '127.0.0.1';
  const publicUrl = options.publicUrl ?? env.ZERONAUT_CONSOLE_PUBLIC_URL ?? null;
  if (publicUrl !== null && !(URL.canParse(publicUrl) && /^https?:$/.test(new URL(publicUrl).protocol))) {
    throw new SettingsError(`the public URL must begin with https:// or http://, not: ${publicUrl}`);
  }
  const syncAddress = options.syncAddress ?? env.ZERONAUT_CONSOLE_SYNC_ADDRESS ?? null;
  if (syncAddress !== null && parseHostPort(syncAddress) === null) {
    throw new SettingsError(`the sync address must be host:port, not: ${syncAddress}`);
  }
  return {
    homeDirectory,
    dataDirectory,
    host,
    port: options.port ?? portOf(env, 'ZERONAUT_CONSOLE_PORT', 8080),
    syncHost: options.syncHost ?? env.ZERONAUT_CONSOLE_SYNC_HOST ?? host,
    syncPort: options.syncPort ?? portOf(env, 'ZERONAUT_CONSOLE_SYNC_PORT', 8081),
    publicUrl: publicUrl?.replace(/\/+$/, '') ?? null,
    syncAddress,
    databaseUrl:
      options.databaseUrl ?? env.ZERONAUT_CONSOLE_DATABASE_URL ?? `sqlite:${join(dataDirectory, DATABASE_FILE)}`,
    trustedProxies: options.trustedProxies ?? listOf(env.ZERONAUT_CONSOLE_TRUSTED_PROXIES),
    outboundAllow: (options.outboundAllow ?? listOf(env.ZERONAUT_CONSOLE_OUTBOUND_ALLOW)).map((text) => {
      const network = parseNetwork(text);
      if (network === null) throw new SettingsError(`the outbound networks must be like 10.0.0.0/8, not: ${text}`);
      return network;
    }),
    dnsServers: (options.dnsServers ?? listOf(env.ZERONAUT_CONSOLE_DNS_SERVERS)).map((text) => {
      if (parseAddress(text) !== null || parseAddress(parseHostPort(text)?.host ?? '') !== null) return text;
      throw new SettingsError(`a DNS server must be an address, with or without port, not: ${text}`);
    }),
    mail: mailOf(
      options.smtpUrl ?? env.ZERONAUT_CONSOLE_SMTP_URL ?? '',
      options.mailFrom ?? env.ZERONAUT_CONSOLE_MAIL_FROM ?? '',
    ),
    breachedPasswords: options.breachedPasswords ?? (env.ZERONAUT_CONSOLE_BREACHED_PASSWORDS || null),
    logLevel: options.logLevel ?? env.ZERONAUT_CONSOLE_LOG_LEVEL ?? 'info',
  };
}

function mailOf(url: string, from: string): Settings['mail'] {
  if (url === '') return null;
  // Never shown: it may hold a password.
  if (!URL.canParse(url) || !/^smtps?:$/.test(new URL(url).protocol)) {
    throw new SettingsError('the mail server must be like smtp://user:password@host:587 or smtps://host');
  }
  if (!email.safeParse(from).success) {
    throw new SettingsError(`a mail server needs ZERONAUT_CONSOLE_MAIL_FROM, an address, not: ${from || 'nothing'}`);
  }
  return { url, from };
}

function listOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function portOf(env: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65535) throw new SettingsError(`${name} must be a port, not: ${text}`);
  return port;
}
