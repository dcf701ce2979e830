import { strict as assert } from 'node:assert';
import { EventEmitter } from 'node:events';
import { connect, type Socket } from 'node:net';
import { it } from 'node:test';
import { parseNetwork } from '@zeronaut/model';
import { recordingUpstream, waitFor } from '@zeronaut/testkit';
import { HOST, httpWorld, rawClient, statuses } from '../http/testdata/http-world.ts';
import { ConnectionsBySource } from './connections-by-source.ts';

function socketFrom(remoteAddress: string): Socket {
  return Object.assign(new EventEmitter(), { remoteAddress }) as unknown as Socket;
}

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
  const open = [1, 2, 3].map(() => socketFrom('192.0.2.1'));
  assert.deepEqual(
    open.map((socket) => sources.admit(socket, 4)),
    [true, true, true],
  );
  assert.equal(sources.admit(socketFrom('192.0.2.1'), 4), false);
  open[0]!.emit('close');
  assert.equal(sources.admit(socketFrom('192.0.2.1'), 4), true);
});

it('takes the addresses of one IPv6 network for one source', () => {
  const sources = new ConnectionsBySource([]);
  assert.equal(sources.admit(socketFrom('2001:db8::1'), 1), true);
  assert.equal(sources.admit(socketFrom('2001:db8::2:3:4:5'), 1), false);
  assert.equal(sources.admit(socketFrom('2001:db8:0:1::1'), 1), true);
});

it('counts no trusted proxy', () => {
  const sources = new ConnectionsBySource([parseNetwork('192.0.2.0/24')!]);
  for (let i = 0; i < 5; i++) assert.equal(sources.admit(socketFrom('192.0.2.1'), 1), true);
});
