import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { test } from 'node:test';
import { eachDatabase, temporaryDirectory } from '@zeronaut/testkit';
import { createOutbound } from '../../outbound/outbound.ts';
import { startDns } from '../../testing/dns.suite.ts';
import { startFixture } from '../../testing/fixture.suite.ts';

const target = { address: '10.0.0.1:80' };

eachDatabase('a route is tested as a gateway would go it', async (t, database) => {
  const fixture = await startFixture(t, database);
  const ours = await fixture.organization();
  const { gateway } = await ours.enrolGateway({ baseDomain: 'apps.example.com', publicHost: 'edge.example.com' });
  const { gateway: other } = await ours.enrolGateway({ baseDomain: 'west.example.com' });
  const member = await ours.user('member', { email: 'ann@example.com' });
  const make = async (body: object) => {
    const answer = await ours.call('POST', '/api/v1/resources', body);
    assert.equal(answer.statusCode, 201, answer.body);
    return answer.json();
  };
  const wiki = await make({
    name: 'wiki',
    domains: ['wiki.example.org', '*.docs.example.org'],
    access: { allow: [member.user.email] },
    targets: [target, { ...target, weight: 0 }],
  });
  await make({ name: 'empty', access: { mode: 'public' }, targets: [{ ...target, weight: 0 }] });
  await make({ name: 'off', domains: ['off.example.org'], enabled: false, targets: [target] });
  const shell = await make({ name: 'shell', protocol: 'tcp', targets: [{ address: '10.0.0.1:22' }] });

  const ask = async (url: string, more: object = {}) => {
    const answer = await ours.call('POST', '/api/v1/resources/test', { url, ...more });
    assert.equal(answer.statusCode, 200, answer.body);
    return answer.json();
  };
  const found = await ask('https://wiki.apps.example.com/page?secret=1', { user: 'ann@example.com' });
  assert.deepEqual(
    [found.match, found.resource, found.answer.effect, found.reason, found.path],
    ['name', { id: wiki.id, name: 'wiki' }, 'pass', 'access.session', '/page'],
  );
  assert.deepEqual(found.gateways, [{ id: gateway.id, name: gateway.name, connected: false }]);
  assert.equal(found.targets.length, 2);
  const stranger = await ask('wiki.example.org', { method: 'POST' });
  assert.deepEqual([stranger.match, stranger.answer.effect, stranger.gateways.length], ['domain', 'challenge', 2]);
  assert.deepEqual((await ask('https://a.docs.example.org/')).match, 'wildcard');
  for (const [url, match, reason] of [
    ['https://a.b.docs.example.org/', 'none', 'router.no_resource'],
    ['https://docs.example.org/', 'none', 'router.no_resource'],
    ['https://portal.west.example.com/', 'portal', 'access.portal'],
    ['https://off.apps.example.com/', 'disabled', 'router.no_resource'],
    ['https://off.example.org/', 'disabled', 'router.no_resource'],
    ['https://nothing.example.com', 'none', 'router.no_resource'],
    ['https://empty.west.example.com', 'name', 'balancer.no_target'],
    [`tcp://edge.example.com:${shell.port}`, 'port', ''],
    [`udp://edge.example.com:${shell.port}`, 'none', 'router.port_closed'],
  ] as const) {
    const answer = await ask(url);
    assert.equal(answer.match, match, url);
    if (match !== 'port') assert.equal(answer.reason, reason, url);
    else assert.notEqual(answer.answer.effect, 'pass');
  }
  assert.ok(other.id);
  for (const url of ['ftp://wiki.example.org', 'tcp://wiki.example.org', 'https://', 'https://a b/']) {
    assert.equal((await ours.call('POST', '/api/v1/resources/test', { url })).statusCode, 400, url);
  }
  const theirs = await fixture.organization();
  const foreign = await theirs.call('POST', '/api/v1/resources/test', { url: 'https://wiki.example.org/' });
  assert.deepEqual([foreign.json().match, foreign.json().resource], ['none', null]);

  const renamed = await ours.call('PATCH', '/api/v1/organizations/current', {
    name: '<b>Acme</b>',
    timeZone: 'Europe/Zurich',
  });
  assert.deepEqual([renamed.json().name, renamed.json().timeZone], ['<b>Acme</b>', 'Europe/Zurich']);
  assert.equal((await ours.call('PATCH', '/api/v1/organizations/current', { timeZone: 'Mars' })).statusCode, 400);
  assert.equal((await theirs.call('GET', '/api/v1/organizations/current')).json().timeZone, 'UTC');
});

test('DNS records of a resource are told and looked for, and tell nothing of networks inside', async (t) => {
  const dns = await startDns(t, {
    '*.apps.example.com': [['CNAME', 'Edge.example.com']],
    'edge.example.com': [['A', '203.0.114.9']],
    'wiki.example.org': [['A', '203.0.114.9']],
    'flat.example.org': [['A', '198.51.99.7']],
    'inside.example.org': [['A', '10.1.2.3']],
  });
  const file = `${temporaryDirectory(t)}/zeronaut.db`;
  const fixture = await startFixture(
    t,
    { kind: 'sqlite', file, url: `sqlite:${file}` },
    { outbound: createOutbound({ allow: [], dnsServers: [dns.address] }) },
  );
  const ours = await fixture.organization();
  await ours.enrolGateway({ baseDomain: 'apps.example.com', publicHost: 'edge.example.com' });
  const domains = ['wiki.example.org', 'flat.example.org', 'inside.example.org', 'nothing.example.org'];
  await ours.call('POST', '/api/v1/resources', { name: 'wiki', domains, targets: [target] });
  const check = async () => (await ours.call('GET', '/api/v1/resources/wiki/dns')).json().records;
  const records = await check();
  assert.deepEqual(
    records.map((record: { name: string; type: string; value: string; state: string; found: string[] }) => [
      ...[record.name, record.type, record.value, record.state, record.found],
    ]),
    [
      ['*.apps.example.com', 'CNAME', 'edge.example.com', 'right', ['edge.example.com']],
      // Flattened: the addresses are those of the gateway.
      ['wiki.example.org', 'CNAME', 'edge.example.com', 'right', ['203.0.114.9']],
      ['flat.example.org', 'CNAME', 'edge.example.com', 'wrong', ['198.51.99.7']],
      ['inside.example.org', 'CNAME', 'edge.example.com', 'wrong', ['an address that is not public']],
      ['nothing.example.org', 'CNAME', 'edge.example.com', 'missing', []],
    ],
  );
  // Nobody makes the console ask without end.
  for (let round = 0; round < 19; round++) await check();
  const before = dns.asked.length;
  assert.deepEqual(new Set((await check()).map(({ state }: { state: string }) => state)), new Set(['unknown']));
  assert.equal(dns.asked.length, before);
  fixture.clock.nowMs += 3_000;
  assert.equal((await check())[0].state, 'right');
  await ours.call('POST', '/api/v1/resources', {
    name: 'shell',
    protocol: 'tcp',
    targets: [{ address: '10.0.0.1:22' }],
  });
  assert.deepEqual((await ours.call('GET', '/api/v1/resources/shell/dns')).json().records, []);
});

test('where no DNS answers, whoever waits hears so soon, however many records there are', async (t) => {
  const silent = createSocket('udp4');
  await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve));
  t.after(() => silent.close());
  const file = `${temporaryDirectory(t)}/zeronaut.db`;
  const dnsServers = [`127.0.0.1:${silent.address().port}`];
  const fixture = await startFixture(
    t,
    { kind: 'sqlite', file, url: `sqlite:${file}` },
    { outbound: createOutbound({ allow: [], dnsServers }) },
  );
  const ours = await fixture.organization();
  await ours.enrolGateway({ baseDomain: 'apps.example.com', publicHost: 'edge.example.com' });
  const domains = Array.from({ length: 12 }, (_, index) => `wiki-${index}.example.org`);
  const made = await ours.call('POST', '/api/v1/resources', { name: 'wiki', domains, targets: [target] });
  assert.equal(made.statusCode, 201, made.body);
  const startedAt = performance.now();
  const { records } = (await ours.call('GET', '/api/v1/resources/wiki/dns')).json();
  const tookMs = performance.now() - startedAt;
  assert.equal(records.length, 13);
  assert.ok(records.every(({ state }: { state: string }) => state === 'unknown'));
  // 1.5 seconds; one wave of questions after the other would take 15.
  assert.ok(tookMs < 4_500, `${tookMs} ms`);
});
