import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { listenAtIpv6Loopback } from './ipv6-loopback.ts';

test('localhost is the same server, whichever address a browser makes of it', async (t) => {
  const server = createServer((request, response) => response.end(`from ${request.socket.remoteAddress}`));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const there = await listenAtIpv6Loopback(server, port);
  if (there.state === 'none') return t.skip('no IPv6 here');
  const ask = async (host: string) => await (await fetch(`http://${host}:${port}/`)).text();
  assert.deepEqual([await ask('127.0.0.1'), await ask('[::1]')], ['from 127.0.0.1', 'from ::1']);
  assert.equal((await listenAtIpv6Loopback(server, port)).state, 'taken');
  server.closeIdleConnections();
  await there.close();
  await assert.rejects(ask('[::1]'));
  return undefined;
});
