import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ByteStream, NO_HANDLER } from '@zeronaut/tunnel';
import { HttpConnection } from './connection.ts';
import type { Exchange, ExchangeOwner } from './exchange.ts';

/** A stream whose first write fails: it hands over what it still has within that write, as a socket does whose peer has reset. */
function failingStream(left: Buffer): ByteStream {
  let rest: Buffer | null = left;
  const stream: ByteStream = {
    handler: NO_HANDLER,
    write() {
      const bytes = rest;
      rest = null;
      if (bytes === null) return true;
      if (stream.handler.onBorrowed === undefined) stream.handler.onData(bytes);
      else stream.handler.onBorrowed(bytes);
      return true;
    },
    ...{ end() {}, abort() {}, pause() {}, resume() {}, cork() {}, uncork() {} },
    ...{ bufferedBytes: 0, closed: false },
  };
  return stream;
}

test('bytes that come within a failing write are read behind those that came before them', () => {
  // The second request is cut within its head, and what is left of it looks like a request of its own.
  const early = 'GET /one HTTP/1.1\r\nHost: a\r\n\r\nGET /two HTTP/1.1\r\nHost: a\r\nX-Rest: ';
  const late = 'GET /hidden HTTP/1.0\r\n\r\nGET /three HTTP/1.1\r\nHost: a\r\n\r\n';
  const targets: string[] = [];
  const stream = failingStream(Buffer.from(late));
  const owner = {
    deadlines: { now: 0, add() {} },
    limits: { headerTimeoutMs: 1_000, idleTimeoutMs: 1_000, upstreamResponseTimeoutMs: 1_000 },
    tables: () => ({}),
    begin({ head, connection }: Exchange) {
      targets.push(head.target);
      connection.stream.write(Buffer.from('HTTP/1.1 204 No Content\r\n\r\n'));
      connection.exchangeDone(true);
    },
    connectionClosed() {},
  } as unknown as ExchangeOwner;
  const downstream = { address: '192.0.2.1', port: 40_000, tls: false };
  const forwarded = { caller: () => downstream };
  new HttpConnection(stream, downstream as never, forwarded as never, false, owner);
  stream.handler.onData(Buffer.from(early));
  assert.deepEqual(targets, ['/one', '/two', '/three']);
});
