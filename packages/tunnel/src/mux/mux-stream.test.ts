import { waitFor } from '@zeronaut/testkit';
import { byteStreamSuite } from '../stream/byte-stream.suite.ts';
import type { ByteStream } from '../stream/byte-stream.ts';
import { linkedSessions, type Transport } from './linked-sessions.suite.ts';

for (const kind of ['pipe', 'tls', 'tls of Node'] as Transport[]) {
  // Windows smaller and larger than a frame, and marks of the transport smaller and larger than a slab.
  for (const [windowBytes, highWaterMark] of [
    [256 * 1024, undefined],
    [5_000, 1_000_000],
    [1_000_000, 100],
  ] as const) {
    byteStreamSuite(`stream over ${kind}, window ${windowBytes}, mark ${highWaterMark}`, async (t) => {
      const { server, client } = await linkedSessions(t, kind, { limits: { windowBytes }, highWaterMark });
      const mine: ByteStream = client.session.openStream(Buffer.from('header'));
      server.accept = (stream) => stream.pause();
      const theirs = await waitFor(() => server.opened[0]?.stream, { what: 'the stream' });
      return [mine, theirs];
    });
  }
}
