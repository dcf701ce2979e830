import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { Refusal } from '../store/refusal.ts';

export interface RequestOptions {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: string | Uint8Array | null;
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly certificateAuthority: string | null;
}

const STATUS_WITHOUT_BODY = new Set([204, 205, 304]);

/**
 * One exchange with `addresses[i]` in the name of `url`'s host (Host header, SNI, certificate). The next address is
 * tried only when one could not be connected to. No redirect is followed, no encoding of the body accepted.
 */
export async function request(
  url: URL,
  addresses: readonly string[],
  options: RequestOptions,
): Promise<Response | Refusal> {
  const signal = AbortSignal.timeout(options.timeoutMs);
  let refused: Refusal | null = null;
  for (const address of addresses) {
    try {
      const message = await exchange(url, address, options, signal);
      return await toResponse(message, url, options.maxBytes);
    } catch (error) {
      if (signal.aborted) return new Refusal('outbound.timeout', { detail: url.origin });
      const { code, message } = error as NodeJS.ErrnoException;
      refused = new Refusal('outbound.unreachable', { detail: `${url.origin}: ${code ?? message}` });
      if (code !== 'ECONNREFUSED' && code !== 'EHOSTUNREACH' && code !== 'ENETUNREACH') return refused;
    }
  }
  return refused!;
}

function exchange(url: URL, address: string, options: RequestOptions, signal: AbortSignal): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const secure = url.protocol === 'https:';
  const name = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const outgoing = (secure ? httpsRequest : httpRequest)({
    host: address,
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    path: url.pathname + url.search,
    method: options.method,
    headers: { ...options.headers, host: url.host, 'accept-encoding': 'identity', connection: 'close' },
    agent: false,
    signal,
    maxHeaderSize: 16_384,
    ...(secure
      ? {
          // The certificate is checked against this name; for a literal (no SNI, RFC 6066, 3) against the address itself.
          servername: isIP(name) === 0 ? name : '',
          minVersion: 'TLSv1.2' as const,
          ...(options.certificateAuthority === null ? {} : { ca: options.certificateAuthority }),
        }
      : {}),
  });
  outgoing.on('response', resolve);
  outgoing.on('error', reject);
  outgoing.end(options.body ?? undefined);
  return promise;
}

async function toResponse(message: IncomingMessage, url: URL, maxBytes: number): Promise<Response | Refusal> {
  const status = message.statusCode ?? 0;
  if (status >= 300 && status < 400 && status !== 304) {
    message.destroy();
    return new Refusal('outbound.redirected', { detail: `${url.origin} answered ${status}` });
  }
  const encoding = message.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    message.destroy();
    return new Refusal('outbound.too_large', {
      detail: `${url.origin} compressed its answer, which was not asked for`,
    });
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) {
      message.destroy();
      return new Refusal('outbound.too_large', { detail: `${url.origin} sent more than ${maxBytes} bytes` });
    }
    chunks.push(chunk);
  }
  const headers = new Headers();
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) for (const one of [value].flat()) headers.append(name, one);
  }
  if (status < 200 || status > 599) return new Refusal('outbound.unreachable', { detail: `status ${status}` });
  return new Response(STATUS_WITHOUT_BODY.has(status) ? null : Buffer.concat(chunks), { status, headers });
}
