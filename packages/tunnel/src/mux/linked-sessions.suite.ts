import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Fault } from '@zeronaut/model';
import type { ByteStream } from '../stream/byte-stream.ts';
import { pipePair } from '../stream/pipe-pair.ts';
import { tlsPair } from '../stream/socket-pair.suite.ts';
import { socketStream } from '../stream/socket-stream.ts';
import { secure, socketPair } from '../tls/secured-pair.suite.ts';
import type { MuxLimits } from './mux-limits.ts';
import { createMuxSession, type MuxSession } from './mux-session.ts';
import type { MuxStream } from './mux-stream.ts';

/** One end of a link for tests: what it was told, and what it does with a new stream. */
export interface LinkEnd {
  readonly session: MuxSession;
  readonly transport: ByteStream;
  readonly messages: Buffer[];
  readonly opened: { readonly stream: MuxStream; readonly header: string }[];
  goAways: number;
  /** Undefined until closed. */
  closed: Fault | null | undefined;
  accept(stream: MuxStream, header: Buffer): void;
}

export type Transport = 'pipe' | 'tls' | 'tls of Node';

/** `highWaterMark`: of a socket of Node's. */
export async function transportPair(
  t: TestContext,
  kind: Transport,
  highWaterMark?: number,
): Promise<[ByteStream, ByteStream]> {
  if (kind === 'pipe') return pipePair();
  if (kind === 'tls') {
    const [a, b] = await secure(t, await socketPair(t));
    return [a.stream, b.stream];
  }
  const [a, b] = await tlsPair(highWaterMark);
  return [socketStream(a), socketStream(b)];
}

/** A server and a client session over one transport; cut at the end of the test. */
export async function linkedSessions(
  t: TestContext,
  kind: Transport,
  options: { limits?: Partial<MuxLimits>; highWaterMark?: number } = {},
): Promise<{ server: LinkEnd; client: LinkEnd }> {
  const [a, b] = await transportPair(t, kind, options.highWaterMark);
  return { server: linkEnd(t, a, 'server', options.limits), client: linkEnd(t, b, 'client', options.limits) };
}

export function linkEnd(
  t: TestContext,
  transport: ByteStream,
  role: 'server' | 'client',
  limits?: Partial<MuxLimits>,
): LinkEnd {
  t.after(() => transport.abort());
  const end: LinkEnd = {
    transport,
    messages: [],
    opened: [],
    goAways: 0,
    closed: undefined,
    accept() {},
    session: createMuxSession(transport, {
      role,
      limits,
      onStream(stream, header) {
        end.opened.push({ stream, header: header.toString() });
        end.accept(stream, header);
      },
      onMessage(payload) {
        end.messages.push(payload);
      },
      onGoAway() {
        end.goAways++;
      },
      onClosed(fault) {
        assert.equal(end.closed, undefined, 'session closed twice');
        end.closed = fault;
      },
    }),
  };
  return end;
}
