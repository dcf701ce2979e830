import assert from 'node:assert/strict';
import { test } from 'node:test';
import { world } from './engine.suite.ts';

test('two engines make a session when one has something to send, and both can send then', async () => {
  for (const version of [4, 6] as const) {
    for (const psk of [undefined, Uint8Array.from({ length: 32 }, (_, index) => index)]) {
      const w = world();
      const a = await w.host(1);
      const b = await w.host(2);
      a.knows(b, { psk });
      b.knows(a, { endpoint: false, psk });
      a.send(b, Buffer.from('hello'), version);
      w.advance(50);
      assert.equal(b.received.length, 1);
      assert.equal(Buffer.from(b.received[0]!.packet.subarray(version === 4 ? 20 : 40)).toString(), 'hello');
      b.send(a, Buffer.from('hello too'), version);
      w.advance(50);
      assert.equal(a.received.length, 1);
      await a.engine.close();
      await b.engine.close();
    }
  }
});
