import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { platform } from 'node:os';
import { it } from 'node:test';
import { discoveredService } from '@zeronaut/model';
import { listListening, parseListening } from './listening.ts';

it('finds what listens on loopback and on every address, and nothing else', () => {
  const line = (local: string, state = '0A') =>
    `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100 0 0 10 0`;
  const of = (text: string) => parseListening(text).map(({ port, scope, address }) => `${scope} ${address} ${port}`);
  const six = (address: string) => line(`${address}:0BB8`);
  assert.deepEqual(
    of(
      [
        '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
        ...[line('0100007F:0BB8'), line('00000000:0016'), line('0A01A8C0:0050'), line('0100007F:1F90', '01')],
        ...[six('00000000000000000000000001000000'), six('0000000000000000FFFF00000100007F')],
        ...[six('00000000000000000000000000000000'), six('000080FE000000000000000001000000')],
        ...[line('0100007F:0000'), 'nonsense', '', line('XX00007F:0BB8')],
      ].join('\n'),
    ),
    [
      'loopback 127.0.0.1:3000 3000',
      'any 127.0.0.1:22 22',
      'loopback [::1]:3000 3000',
      'loopback 127.0.0.1:3000 3000',
      'any 127.0.0.1:3000 3000',
    ],
  );
});

it('names the process of a socket of this machine', { skip: platform() !== 'linux' && 'Linux alone' }, async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const found = await listListening();
  for (const one of found) discoveredService.parse(one);
  const own = found.find((one) => one.port === port);
  // Where more ports listen than are told, ours may be beyond them.
  if (found.length < 64) assert.deepEqual([own?.scope, own?.address], ['loopback', `127.0.0.1:${port}`]);
  if (own !== undefined) assert.match(own.process ?? '', /node|Main/i);
});
