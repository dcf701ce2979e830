import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type ListenOptions } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Fault } from '@zeronaut/model';
import { freePort, temporaryDirectory } from '@zeronaut/testkit';
import type { ByteStream } from '@zeronaut/tunnel';
import { dialTarget } from './dial-target.ts';

const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'));

async function listen(t: TestContext, options: ListenOptions): Promise<number> {
  const server = createServer((socket) => socket.end('hello'));
  server.listen(options);
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

function dial(address: string, timeoutMs?: number): Promise<{ stream: ByteStream | null; fault: Fault | null }> {
  return new Promise((resolve) => dialTarget(address, (stream, fault) => resolve({ stream, fault }), timeoutMs));
}

async function read(address: string): Promise<string> {
  const { stream, fault } = await dial(address);
  assert.equal(fault, null);
  let text = '';
  await new Promise<void>((resolve) => {
    stream!.handler = {
      onData(chunk) {
        text += chunk;
      },
      onDrain() {},
      onEnd: () => stream!.end(),
      onClosed: () => resolve(),
    };
    stream!.resume();
  });
  return text;
}

describe('dialTarget', () => {
  it('finds a service on either loopback address under the name localhost', async (t) => {
    assert.equal(await read(`localhost:${await listen(t, { port: 0, host: '127.0.0.1' })}`), 'hello');
    if (hasIpv6)
      assert.equal(await read(`localhost:${await listen(t, { port: 0, host: '::1', ipv6Only: true })}`), 'hello');
  });

  it('connects to a unix socket', async (t) => {
    const path = join(temporaryDirectory(t), 's');
    await listen(t, { path });
    assert.equal(await read(`unix:${path}`), 'hello');
  });

  it('says that nobody listens', async () => {
    const { fault } = await dial(`127.0.0.1:${await freePort()}`);
    assert.equal(fault?.code, 'target.dial_refused');
    assert.equal((await dial('unix:/nonexistent/socket')).fault?.code, 'target.dial_refused');
    assert.equal((await dial(`localhost:${await freePort()}`)).fault?.code, 'target.dial_refused');
  });

  it('does not wait for ever, and can be given up', async (t) => {
    const { fault } = await dial('192.0.2.1:81', 50);
    assert.ok(['target.dial_timeout', 'target.dial_refused'].includes(fault!.code), fault!.code);
    const port = await listen(t, { port: 0, host: '127.0.0.1' });
    let called = false;
    const giveUp = dialTarget(`127.0.0.1:${port}`, () => {
      called = true;
    });
    giveUp();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(called, false);
  });
});
