import { connect as netConnect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import type { AuditExportSettings } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import type { Context } from '../context.ts';
import { formatCef } from './cef.ts';
import type { ExportRecord } from './export-records.ts';

/**
 * Syslog receivers: RFC 5424 messages, octet-counted (RFC 6587, 3.4.1) on TLS (RFC 5425) or TCP. Syslog has no acknowledgement, so
 * each batch has a connection of its own, and counts as delivered when the receiver, having read to our end of it, ends it in
 * order too: what dies before with unread bytes resets the connection instead.
 */

type Settings = Extract<AuditExportSettings, { kind: 'syslog' }>;

/** Facility "log audit" (13), severity informational (6). */
const PRIORITY = 13 * 8 + 6;
/** From the first dial to the receiver's end of the connection. */
const DELIVERY_TIMEOUT_MS = 20_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** Between the last byte and our end: what the receiver had ended before it read all is seen by then. */
const SETTLE_MS = 250;

/** RFC 5424, 6: without structured data, as CEF has its own. */
export function formatSyslog(record: ExportRecord, host: string): string {
  const at = record.type === 'entry' ? record.entry.at : record.checkpoint.at;
  return `<${PRIORITY}>1 ${at} ${printable(host, 255)} zeronaut - audit - ${formatCef(record)}`;
}

const printable = (text: string, length: number) => text.replaceAll(/[^\x21-\x7e]/g, '').slice(0, length) || '-';

export function frame(message: string): Buffer {
  const bytes = Buffer.from(message);
  return Buffer.concat([Buffer.from(`${bytes.length} `), bytes]);
}

/** Null: delivered. */
export async function sendSyslog(
  context: Context,
  settings: Settings,
  records: readonly ExportRecord[],
): Promise<Refusal | null> {
  const dialable = await context.outbound.resolve(settings.host);
  if (dialable instanceof Refusal) return dialable;
  if (settings.transport === 'tcp' && !dialable.trusted) {
    return new Refusal('outbound.url_invalid', { detail: `${settings.host} must be reached with TLS` });
  }
  const host = new URL(context.settings.publicUrl()).hostname.replace(/^\[(.*)\]$/, '$1');
  const bytes = Buffer.concat(records.map((record) => frame(formatSyslog(record, host))));
  const place = `${settings.host}:${settings.port}`;
  const signal = AbortSignal.timeout(DELIVERY_TIMEOUT_MS);
  let refused: Refusal | null = null;
  for (const address of dialable.addresses) {
    let socket: Socket;
    try {
      socket = await open(settings, address, signal);
    } catch (error) {
      refused = unreachable(place, error);
      continue;
    }
    try {
      await deliver(socket, bytes, signal);
      return null;
    } catch (error) {
      if (signal.aborted) return new Refusal('outbound.timeout', { detail: `${place} did not take all in time` });
      return unreachable(place, error);
    } finally {
      socket.destroy();
    }
  }
  return refused;
}

function unreachable(place: string, error: unknown): Refusal {
  const { code, message } = error as NodeJS.ErrnoException;
  return new Refusal('outbound.unreachable', { detail: `${place}: ${code ?? message}` });
}

function open(settings: Settings, address: string, signal: AbortSignal): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const secure = settings.transport === 'tls';
  const isName = /[a-z]/.test(settings.host) && !settings.host.includes(':');
  const socket: Socket = secure
    ? tlsConnect({
        ...{ host: address, port: settings.port, minVersion: 'TLSv1.2' },
        // For a literal (no SNI, RFC 6066, 3) the certificate is checked against the address itself.
        servername: isName ? settings.host : '',
        ...(settings.certificateAuthority === null ? {} : { ca: settings.certificateAuthority }),
      })
    : netConnect({ host: address, port: settings.port });
  const timer = setTimeout(() => socket.destroy(new Error('no connection in time')), CONNECT_TIMEOUT_MS);
  signal.addEventListener('abort', () => socket.destroy(new Error('no delivery in time')), { once: true });
  socket.once(secure ? 'secureConnect' : 'connect', () => {
    clearTimeout(timer);
    socket.removeListener('error', reject);
    resolve(socket);
  });
  socket.once('error', (error) => {
    clearTimeout(timer);
    reject(error);
  });
  return promise;
}

async function deliver(socket: Socket, bytes: Buffer, signal: AbortSignal): Promise<void> {
  const { promise: failed, reject } = Promise.withResolvers<never>();
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  let isOver = false;
  socket.once('error', reject);
  socket.once('close', () => reject(new Error('the receiver closed the connection')));
  socket.once('end', () => {
    if (isOver) end();
    else reject(new Error('the receiver ended the connection before it had everything'));
  });
  signal.addEventListener('abort', () => reject(new Error('no delivery in time')), { once: true });
  // Whatever a receiver says, nobody listens; unread it would keep the end from being seen.
  socket.resume();
  failed.catch(() => undefined);
  const written = new Promise<void>((resolve) => {
    socket.write(bytes, () => resolve());
  });
  await Promise.race([written, failed]);
  const settled = new Promise<void>((resolve) => {
    setTimeout(resolve, SETTLE_MS);
  });
  await Promise.race([settled, failed]);
  isOver = true;
  socket.end();
  await Promise.race([ended, failed]);
}
