import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { LIVE_NOUNS, type LiveFromConsole, type LiveNoun, routes } from '@zeronaut/model';
import { type WebSocket as Peer, WebSocketServer } from 'ws';
import { LiveConnection, type LiveState } from './live-connection.ts';
import { routesOf } from './live-routes.ts';

async function world(t: TestContext) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const states: LiveState[] = [];
  const messages: LiveFromConsole[] = [];
  let resets = 0;
  const accepted = () => once(server, 'connection').then(([peer]) => peer as Peer);
  const first = accepted();
  const live = new LiveConnection(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    onMessage: (message) => messages.push(message),
    onState: (state) => states.push(state),
    isSignedOut: async () => false,
    onReset: () => resets++,
  });
  t.after(() => {
    live.stop();
    for (const client of server.clients) client.terminate();
    server.close();
  });
  return { live, states, messages, accepted, first, resets: () => resets };
}

const heard = async (peer: Peer) => JSON.parse(String((await once(peer, 'message'))[0])) as unknown;
const say = (peer: Peer, message: LiveFromConsole) => peer.send(JSON.stringify(message));
const hello = (epoch: string, seq: number): LiveFromConsole => ({ type: 'hello', epoch, seq, heartbeatSeconds: 1 });

test('a connection that breaks goes on where it ended, and says meanwhile that it is lost', async (t) => {
  const { live, states, accepted, first, resets } = await world(t);
  let peer = await first;
  assert.deepEqual(await heard(peer), { type: 'subscribe' });
  say(peer, hello('a', 5));
  say(peer, { type: 'heartbeat', seq: 9 });
  const asked = heard(peer);
  while (!states.includes('live')) await new Promise((resolve) => setImmediate(resolve));
  live.watchEvents({ effect: 'deny' });
  assert.deepEqual(await asked, { type: 'subscribe', since: { epoch: 'a', seq: 9 }, events: { effect: 'deny' } });

  let next = accepted();
  peer.terminate();
  peer = await next;
  assert.deepEqual(await heard(peer), { type: 'subscribe', since: { epoch: 'a', seq: 9 }, events: { effect: 'deny' } });
  assert.deepEqual(states, ['live', 'lost']);
  assert.equal(resets(), 0);
  // Another console process knows nothing of before.
  say(peer, { type: 'hello', epoch: 'b', seq: 1, heartbeatSeconds: 0.1 });
  // Silence: three intervals without a word.
  next = accepted();
  peer = await next;
  assert.deepEqual(await heard(peer), { type: 'subscribe', since: { epoch: 'b', seq: 1 }, events: { effect: 'deny' } });
  assert.deepEqual(states, ['live', 'lost', 'live', 'lost']);
  assert.equal(resets(), 1);
});

test('a changed role loads everything anew, an ended session ends it', async (t) => {
  const { states, accepted, first, resets } = await world(t);
  let peer = await first;
  await heard(peer);
  say(peer, hello('a', 5));
  const next = accepted();
  peer.close(4409);
  peer = await next;
  assert.deepEqual(await heard(peer), { type: 'subscribe' }, 'from now on');
  assert.equal(resets(), 1);
  say(peer, hello('a', 7));
  // Somebody signed in anew in another tab: the browser has a session, and it is taken.
  let again = accepted();
  peer.close(4401);
  peer = await again;
  await heard(peer);
  say(peer, hello('a', 8));
  again = accepted();
  peer.close(4401);
  peer = await again;
  peer.terminate();
  while (!states.includes('signedOut')) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(states, ['live', 'lost', 'live', 'live', 'signedOut']);
});

test('an upgrade that is refused ends it where the API says that the session ended, and is tried again otherwise', async (t) => {
  let isSignedOut = false;
  let refused = 0;
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', verifyClient: () => ++refused < 0 });
  await once(server, 'listening');
  const states: LiveState[] = [];
  const live = new LiveConnection(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    onMessage: () => {},
    onState: (state) => states.push(state),
    isSignedOut: async () => isSignedOut,
    onReset: () => {},
  });
  t.after(() => {
    live.stop();
    server.close();
  });
  const until = async (isSo: () => boolean) => {
    while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
  };
  await until(() => states.length === 2);
  isSignedOut = true;
  await until(() => states.includes('signedOut'));
  const tried = refused;
  live.retryNow();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(refused, tried, 'nobody is there to sign in for');
  assert.deepEqual([...new Set(states)], ['lost', 'signedOut']);
});

test('each noun leads to routes that exist, but for those that no route shows', () => {
  const ids = Object.keys(routes);
  const without = (Object.keys(LIVE_NOUNS) as LiveNoun[]).filter(
    (noun) => !routesOf(noun).some((start) => ids.some((id) => id.startsWith(start))),
  );
  assert.deepEqual(without, []);
});
