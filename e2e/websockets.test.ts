/** Many that stay open. Mostly waits, so it runs beside others. */
import assert from 'node:assert/strict';
import { afterEach, before, it } from 'node:test';
import { waitFor } from '@zeronaut/testkit';
import WebSocket from 'ws';
import { fileOwner } from './harness/file-owner.ts';
import { startWebService } from './harness/web-service.ts';
import { type Exposed, startWorld, type World } from './harness/world.ts';

const owner = fileOwner();
let world: World;
let exposed: Exposed;

before(async () => {
  world = await startWorld(owner);
  const service = await startWebService(owner);
  exposed = await world.expose(owner, [service.address, 'http', '--public', '--name', 'sockets']);
  assert.equal((await world.visitor().ask(`${exposed.url}/`)).status, 200);
});
afterEach((t) => world.showLogsOnFailure(t));

it('echoes on 200 WebSockets for a minute without losing one message', async (t) => {
  const url = `${exposed.url.replace('https:', 'wss:')}/echo`;
  const lanes = await Promise.all(
    Array.from({ length: 200 }, async (_, lane) => {
      const socket = new WebSocket(url, world.clientOptions);
      t.after(() => socket.terminate());
      const state = { socket, sent: 0, received: 0, wrong: 0, slowestMs: 0, sentAt: 0 };
      socket.on('message', (data) => {
        if (String(data) !== `lane ${lane} message ${state.received}`) state.wrong++;
        state.received++;
        state.slowestMs = Math.max(state.slowestMs, performance.now() - state.sentAt);
      });
      await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
      return state;
    }),
  );
  const until = performance.now() + 60_000;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      lanes.forEach((lane, index) => {
        lane.sentAt = performance.now();
        lane.socket.send(`lane ${index} message ${lane.sent++}`);
      });
      if (performance.now() < until) return;
      clearInterval(timer);
      resolve();
    }, 250);
  });
  await waitFor(() => lanes.every(({ sent, received }) => sent === received), { what: 'every message is echoed' });
  const total = lanes.reduce((sum, { received }) => sum + received, 0);
  const slowest = Math.max(...lanes.map(({ slowestMs }) => slowestMs));
  t.diagnostic(`${total.toLocaleString('en-US')} echoes, the slowest ${Math.round(slowest)} ms`);
  assert.ok(lanes.every(({ wrong, socket }) => wrong === 0 && socket.readyState === WebSocket.OPEN));
});
