import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { Fault, healthCheck, type Target } from '@zeronaut/model';
import { recordingUpstream, testResource, testSnapshot, testTarget, waitFor } from '@zeronaut/testkit';
import type { Flow } from '../flow.ts';
import type { AgentLinks } from '../rooms.ts';
import { CurrentTables, compileTables, type Tables } from '../tables.ts';
import { createDialer } from '../targets/dialer.ts';
import { createBalancer } from './balancer.ts';
import { chooseSmooth } from './weighted-round-robin.ts';

const NONE: ReadonlySet<string> = new Set();
const REFUSED = new Fault('target.dial_refused', { side: 'upstream' });
const CHECK = healthCheck.parse({
  intervalMs: 100,
  timeoutMs: 100,
  healthyAfter: 2,
  unhealthyAfter: 2,
  path: '/health',
});

function tablesOf(targets: readonly Target[], version = 1): Tables {
  const resource = testResource('org_1', { id: 'res_1', protocol: 'http', hosts: ['a.test'], targets: [...targets] });
  return compileTables(testSnapshot({ version, resources: [resource] }));
}

function world(t: TestContext, targets: readonly Target[], links: AgentLinks | null = null) {
  const tables = new CurrentTables(tablesOf(targets));
  let nowMs = 0;
  const balancer = createBalancer({ tables, dialer: createDialer({ agentLinks: links }), now: () => nowMs });
  t.after(() => balancer.stop());
  const choose = (exclude = NONE) => {
    const current = tables.get();
    // The balancer reads nothing else of a flow.
    return balancer.choose({ resource: current.resources.get('res_1')!, tables: current } as Flow, exclude);
  };
  const chosen = (exclude = NONE) => {
    const { target } = choose(exclude);
    return target === null ? null : target.id;
  };
  return {
    tables,
    balancer,
    choose,
    chosen,
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

const target = (id: string, overrides: Partial<Target> = {}) =>
  testTarget('127.0.0.1:1', { id, protocol: 'http', ...overrides });

describe('the balancer', () => {
  it('distributes by weight, exactly and spread out', (t) => {
    const { chosen } = world(t, [
      target('tgt_a', { weight: 5 }),
      target('tgt_b', { weight: 1 }),
      target('tgt_c', { weight: 1 }),
    ]);
    const run = Array.from({ length: 7 }, () => chosen());
    assert.deepEqual(run, ['tgt_a', 'tgt_a', 'tgt_b', 'tgt_a', 'tgt_c', 'tgt_a', 'tgt_a']);
    const counts: Record<string, number> = {};
    for (let i = 0; i < 7000; i++) {
      const id = chosen()!;
      counts[id] = (counts[id] ?? 0) + 1;
    }
    assert.deepEqual(counts, { tgt_a: 5000, tgt_b: 1000, tgt_c: 1000 });
  });

  it('every window as long as the sum of the weights holds each target exactly its weight', () => {
    const targets = [3, 0, 7, 1].map((weight, id) => ({ id, weight, balance: 0 }));
    const run = Array.from({ length: 110 }, () => chooseSmooth(targets)!.id);
    for (let start = 0; start < 110; start += 11) {
      const counts = [0, 0, 0, 0];
      for (const id of run.slice(start, start + 11)) counts[id]!++;
      assert.deepEqual(counts, [3, 0, 7, 1]);
    }
    assert.equal(chooseSmooth([{ weight: 0, balance: 0 }]), null);
  });

  it('never chooses weight 0 or what was tried already, and says when nothing is left', (t) => {
    const { choose, chosen } = world(t, [target('tgt_a'), target('tgt_b', { weight: 0 })]);
    for (let i = 0; i < 5; i++) assert.equal(chosen(), 'tgt_a');
    const none = choose(new Set(['tgt_a']));
    assert.deepEqual(none, { target: null, verdict: { effect: 'deny', reason: 'balancer.no_target' } });
  });

  it('leaves out a target that refuses again and again, for a while, and never the last one', (t) => {
    const { balancer, chosen, pass, tables } = world(t, [target('tgt_a'), target('tgt_b')]);
    const [a, b] = tables.get().resources.get('res_1')!.targets;
    balancer.report(a!, REFUSED);
    assert.ok(balancer.healthy('tgt_a'), 'once is no pattern');
    balancer.report(a!, REFUSED);
    assert.ok(!balancer.healthy('tgt_a'));
    for (let i = 0; i < 4; i++) assert.equal(chosen(), 'tgt_b');
    balancer.report(b!, REFUSED);
    balancer.report(b!, REFUSED);
    assert.notEqual(chosen(), null, 'trying is better than a sure no');
    pass(2_001);
    assert.ok(balancer.healthy('tgt_a'));
    assert.deepEqual(new Set([chosen(), chosen()]), new Set(['tgt_a', 'tgt_b']));
    // The second time takes twice as long, until it answers.
    balancer.report(a!, REFUSED);
    balancer.report(a!, REFUSED);
    pass(2_001);
    assert.ok(!balancer.healthy('tgt_a'));
    balancer.report(a!, null);
    assert.ok(balancer.healthy('tgt_a'));
  });

  it('a refusal for lack of our own descriptors is nobody else’s fault', (t) => {
    const { balancer, tables } = world(t, [target('tgt_a'), target('tgt_b')]);
    const [a] = tables.get().resources.get('res_1')!.targets;
    for (let i = 0; i < 5; i++) balancer.report(a!, new Fault('target.dial_refused', { side: 'local' }));
    assert.ok(balancer.healthy('tgt_a'));
  });

  it('tells an agent that is away from a target that is not well', (t) => {
    let here = false;
    const links: AgentLinks = { serves: () => here, open: () => null };
    const { choose, chosen } = world(t, [target('tgt_a', { deviceId: 'dev_1' })], links);
    assert.deepEqual(choose(), { target: null, verdict: { effect: 'deny', reason: 'balancer.agent_away' } });
    here = true;
    assert.equal(chosen(), 'tgt_a');
  });

  it('an HTTP target leaves when its check fails and returns by itself; a swap keeps what is known', async (t) => {
    let status = 200;
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url} ${request.headers['user-agent']}`);
      response.writeHead(status).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const checked = testTarget(address, { id: 'tgt_a', protocol: 'http', healthCheck: CHECK });
    const { balancer, chosen, choose, tables } = world(t, [checked]);
    await waitFor(() => asked.length >= 1, { what: 'the first check' });
    assert.equal(asked[0], 'GET /health zeronaut-health-check');
    assert.equal(chosen(), 'tgt_a');
    status = 500;
    await waitFor(() => !balancer.healthy('tgt_a'), { what: 'it leaves' });
    assert.deepEqual(choose(), { target: null, verdict: { effect: 'deny', reason: 'balancer.no_target' } });
    tables.swap(tablesOf([{ ...checked }], 2));
    assert.equal(chosen(), null, 'new tables do not make it well');
    status = 204;
    await waitFor(() => balancer.healthy('tgt_a'), { what: 'it returns' });
    assert.equal(chosen(), 'tgt_a');
  });

  it('a TCP target is checked by a connection, and a dead one leaves', async (t) => {
    const alive = await recordingUpstream(t);
    const { balancer } = world(t, [
      testTarget(alive.address, { id: 'tgt_a', protocol: 'tcp', healthCheck: CHECK }),
      testTarget('127.0.0.1:1', { id: 'tgt_b', protocol: 'tcp', healthCheck: CHECK }),
    ]);
    await waitFor(() => !balancer.healthy('tgt_b') && alive.connections.length >= 2, { what: 'checks' });
    assert.ok(balancer.healthy('tgt_a'));
  });

  it('silence and nonsense are as bad as a refusal', async (t) => {
    const silent = await recordingUpstream(t);
    const nonsense = await recordingUpstream(t, (socket) => socket.end('SSH-2.0-x\r\n'));
    const { balancer } = world(t, [
      testTarget(silent.address, { id: 'tgt_a', protocol: 'http', healthCheck: CHECK }),
      testTarget(nonsense.address, { id: 'tgt_b', protocol: 'http', healthCheck: CHECK }),
    ]);
    await waitFor(() => !balancer.healthy('tgt_a') && !balancer.healthy('tgt_b'), { what: 'both leave' });
  });

  it('asks nobody any more after stop, or when a target is gone', async (t) => {
    const upstream = await recordingUpstream(t, (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
    const { balancer, tables } = world(t, [
      testTarget(upstream.address, { id: 'tgt_a', protocol: 'http', healthCheck: CHECK }),
    ]);
    await waitFor(() => upstream.connections.length >= 2, { what: 'two checks' });
    tables.swap(tablesOf([target('tgt_b')], 2));
    await waitFor(() => upstream.connections.every(({ closed }) => closed), { what: 'the last check ends' });
    const count = upstream.connections.length;
    await new Promise((resolve) => setTimeout(resolve, 250));
    assert.equal(upstream.connections.length, count);
    balancer.stop();
  });
});
