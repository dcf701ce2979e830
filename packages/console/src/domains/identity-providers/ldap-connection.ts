import { connect as netConnect } from 'node:net';
import { type ConnectionOptions, connect as tlsConnect } from 'node:tls';
import { Client } from 'ldapts';
import { Refusal } from '../../store/refusal.ts';
import type { Context } from '../context.ts';
import type { Provider } from './provider-rows.ts';

const CONNECT_TIMEOUT_MS = 5_000;
const OPERATION_TIMEOUT_MS = 8_000;

/**
 * Runs `work` on connections to the directory, which go to an address that was judged, and closes them. Without TLS only
 * in networks that the operator allowed: a bind carries the password.
 */
export async function withDirectory<T>(
  context: Context,
  { settings }: Provider<'ldap'>,
  work: (open: () => Promise<Client>) => Promise<T | Refusal>,
): Promise<T | Refusal> {
  const url = new URL(settings.url.replace(/^ldap/, 'http'));
  const secure = settings.url.startsWith('ldaps:');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? (secure ? 636 : 389) : Number(url.port);
  const dialable = await context.outbound.resolve(host);
  if (dialable instanceof Refusal) return dialable;
  if (!secure && !settings.startTls && !dialable.trusted) {
    return new Refusal('outbound.url_invalid', { detail: 'a directory is reached with ldaps or StartTLS' });
  }
  const address = dialable.addresses[0]!;
  const tls: ConnectionOptions = {
    servername: settings.tlsServerName ?? host,
    minVersion: 'TLSv1.2',
    ...(settings.certificateAuthority === null ? {} : { ca: settings.certificateAuthority }),
  };
  const clients: Client[] = [];
  const open = async () => {
    const client = new Client({
      url: `${secure ? 'ldaps' : 'ldap'}://${host.includes(':') ? `[${host}]` : host}:${port}`,
      connectTimeout: CONNECT_TIMEOUT_MS,
      timeout: OPERATION_TIMEOUT_MS,
      createConnection: (() => netConnect({ host: address, port })) as unknown as typeof netConnect,
      createSecureConnection: ((...args: [ConnectionOptions] | unknown[]) =>
        // StartTLS hands over the socket that it upgrades.
        tlsConnect(
          args.length === 1 ? { ...tls, ...(args[0] as ConnectionOptions) } : { ...tls, host: address, port },
        )) as unknown as typeof tlsConnect,
    });
    clients.push(client);
    if (settings.startTls) await client.startTLS({ ...tls, host });
    return client;
  };
  try {
    return await work(open);
  } finally {
    await Promise.allSettled(clients.map((client) => client.unbind()));
  }
}
