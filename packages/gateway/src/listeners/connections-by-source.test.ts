import { strict as assert } from 'node:assert';
import { connect } from 'node:net';
import { it } from 'node:test';
import { parseNetwork } from '@zeronaut/model';
import { recordingUpstream, waitFor } from '@zeronaut/testkit';
import { HOST, httpWorld, rawClient, statuses } from '../http/testdata/http-world.ts';
import { ConnectionsBySource } from './connections-by-source.ts';

it('one source that only holds connections keeps nobody else out', async (t) => {
  const upstream = await recordingUpstream(t, (socket) =>
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
  );
  const world = await httpWorld(t, { targets: [upstream.address], maxConnections: 8 });
  for (let i = 0; i < 6; i++) rawClient(t, world.port);
  await waitFor(() => world.pipeline.connections === 6, { what: 'its share to be open' });
  assert.deepEqual(statuses(await rawClient(t, world.port).untilClosed()), [503]);

  const other = connect({ port: world.port, host: '127.0.0.1', localAddress: '127.0.0.2' });
  t.after(() => other.destroy());
  let text = '';
  other.on('data', (chunk) => {
    text += chunk;
  });
  other.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
  await waitFor(() => text.endsWith('ok'), { what: 'the answer to somebody else' });
});

it('what was closed counts no more', () => {
  const sources = new ConnectionsBySource([]);
  const open = [1, 2, 3].map(() => sources.admit('192.0.2.1', 4));
  assert(open.every((release) => release !== null));
  assert.equal(sources.admit('192.0.2.1', 4), null);
  open[0]!();
  assert.notEqual(sources.admit('192.0.2.1', 4), null);
});

it('takes the addresses of one IPv6 network for one source', () => {
  const sources = new ConnectionsBySource([]);
  assert.notEqual(sources.admit('2001:db8::1', 1), null);
  assert.equal(sources.admit('2001:db8::2:3:4:5', 1), null);
  assert.notEqual(sources.admit('2001:db8:0:1::1', 1), null);
});

it('counts no trusted proxy', () => {
  const sources = new ConnectionsBySource([parseNetwork('192.0.2.0/24')!]);
  for (let i = 0; i < 5; i++) assert.notEqual(sources.admit('192.0.2.1', 1), null);
});
