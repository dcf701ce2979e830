import assert from 'node:assert/strict';
import { eachDatabase } from '@zeronaut/testkit';
import { startFixture } from '../../testing/fixture.suite.ts';

eachDatabase('everybody sees what lets them in, and ends what is their own alone', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const member = await organization.user('member');
  const other = await organization.user('member');
  const { gateway } = await organization.enrolGateway();
  const target = { address: '10.0.0.1:80' };
  const answer = await organization.call('POST', '/api/v1/resources/apply', {
    resources: [
      { name: 'mine', targets: [target], domains: ['mine.example.com'], access: { allow: [member.user.email] } },
      { name: 'theirs', targets: [target], access: { allow: [other.user.email] } },
      { name: 'public', targets: [target], access: { mode: 'public' } },
      { name: 'stopped', targets: [target], access: { mode: 'public' }, enabled: false },
      { name: 'asked', targets: [target], access: { mode: 'policy' } },
      { name: 'port', protocol: 'tcp', targets: [target], access: { allow: [member.user.email] } },
      { name: 'open-port', protocol: 'udp', targets: [target], access: { mode: 'public' } },
    ],
  });
  assert.equal(answer.statusCode, 200, answer.body);
  const as = { key: member.key };
  const reach = async () => (await organization.call('GET', '/api/v1/me/reach', undefined, as)).json().items;
  const names = async () => (await reach()).map(({ name }: { name: string }) => name).sort();

  assert.deepEqual(await names(), ['mine', 'open-port', 'port', 'public']);
  const ports = await reach();
  const portals = ports.map(({ name, portals: at }: { name: string; portals?: string[] }) => [name, at]);
  const at443 = gateway.httpsPort === 443 ? '' : `:${gateway.httpsPort}`;
  assert.deepEqual(
    Object.fromEntries(portals),
    {
      ...{ mine: undefined, 'open-port': undefined, public: undefined },
      port: [`https://portal.${gateway.baseDomain}${at443}`],
    },
    'a port that is not public says where it is opened',
  );
  for (const { id, protocol } of ports) {
    if (protocol !== 'http') await organization.call('DELETE', `/api/v1/resources/${id}`);
  }
  const [first] = (await reach()).filter(({ name }: { name: string }) => name === 'mine');
  const port = gateway.httpsPort === 443 ? '' : `:${gateway.httpsPort}`;
  assert.deepEqual(first.urls, [`https://mine.${gateway.baseDomain}${port}`, `https://mine.example.com${port}`]);
  assert.deepEqual([first.kind, first.protocol, first.depends], ['resource', 'http', false]);
  assert.doesNotMatch(JSON.stringify(first), new RegExp(other.user.email), 'neither rules nor other people');

  const asked = await organization.call('POST', '/api/v1/access-requests', { object: 'asked', reason: 'a look' }, as);
  await organization.call('POST', `/api/v1/access-requests/${asked.json().id}/decisions`, { effect: 'approve' });
  assert.deepEqual(await names(), ['asked', 'mine', 'public'], 'what was approved counts');
  const simulated = async (circumstances: object) => {
    const question = { user: member.user.email, action: 'read', object: 'asked', circumstances };
    return (await organization.call('POST', '/api/v1/policies/simulate', question)).json().reason;
  };
  assert.equal(await simulated({}), 'access.granted', 'as gateways decide');
  assert.equal(await simulated({ granted: false }), 'access.not_allowed');
  assert.equal(
    await simulated({ at: new Date(fixture.clock.nowMs + 7 * 86_400_000).toISOString() }),
    'access.not_allowed',
  );
  const table = await organization.call('GET', `/api/v1/policies/reach?user=${member.user.email}&object=asked`);
  assert.equal(table.json().items[0].actions[0].reason, 'access.granted', table.body);

  // A forbid that may cease to hold opens nothing for whom nothing lets in.
  const hours = { name: 'hours', text: 'forbid(principal, action, resource) when { context.time.hour >= 0 };' };
  const forbid = await organization.call('POST', '/api/v1/policies', hours);
  assert.equal(forbid.statusCode, 201, forbid.body);
  const answerTo = async (object: string) => {
    const { body } = await organization.call(
      'GET',
      `/api/v1/policies/reach?user=${member.user.email}&object=${object}`,
    );
    return JSON.parse(body).items[0].actions[0];
  };
  assert.deepEqual(await names(), ['asked', 'mine', 'public'], 'what another time would open');
  assert.deepEqual([(await answerTo('mine')).effect, (await answerTo('mine')).facts], ['depends', ['time.hour']]);
  const { effect, reason, policies } = await answerTo('theirs');
  assert.deepEqual(
    { effect, reason, policies },
    { effect: 'deny', reason: 'access.policy_forbids', policies: ['hours'] },
  );
  await organization.call('DELETE', `/api/v1/policies/${forbid.json().id}`);

  const many = Array.from({ length: 510 }, (_, index) => ({
    name: `no-${index}`,
    targets: [target],
    access: { allow: [other.user.email] },
  }));
  const last = { name: 'zuletzt', targets: [target], access: { mode: 'public' } };
  for (const resources of [many, [last]]) {
    fixture.clock.nowMs++;
    const added = await organization.call('POST', '/api/v1/resources/apply', { resources });
    assert.equal(added.statusCode, 200, added.body);
  }
  await organization.call('POST', '/api/v1/sites', {
    name: 'lab',
    connection: 'local',
    destinations: ['10.0.0.0/8:*'],
    access: { allow: [member.user.email] },
  });
  const seen: string[] = [];
  let pages = 0;
  for (let cursor: string | null = ''; cursor !== null; pages++) {
    const page = await organization.call(
      'GET',
      `/api/v1/me/reach?limit=2${cursor && `&cursor=${cursor}`}`,
      undefined,
      as,
    );
    seen.push(...page.json().items.map(({ name }: { name: string }) => name));
    cursor = page.json().nextCursor;
  }
  assert.deepEqual(seen.toSorted(), ['asked', 'lab', 'mine', 'public', 'zuletzt']);
  assert.ok(pages >= 3 && pages <= 7, 'some, of hundreds that let nobody in');

  const device = await organization.enrolDevice(member.key);
  const foreign = await organization.enrolDevice(other.key);

  // A machine in another segment than the site: whether it lets in depends on which one is used.
  const lab = async () =>
    (await organization.call('GET', `/api/v1/policies/reach?user=${member.user.email}&object=lab`)).json().items[0]
      .actions[0];
  const segments = (id: string, ...names: string[]) =>
    organization.call('PUT', `/api/v1/segments/${id}`, { segments: names });
  await segments('lab', 'prod');
  assert.equal((await lab()).effect, 'pass');
  await segments(device.id, 'dev');
  assert.deepEqual([(await lab()).effect, (await lab()).facts], ['depends', ['device']]);
  const from = { user: member.user.email, action: 'forward', object: 'lab', circumstances: { deviceId: device.id } };
  const through = async () => (await organization.call('POST', '/api/v1/policies/simulate', from)).json();
  assert.equal((await through()).reason, 'access.segments_apart');
  // From one machine it depends on none; what it may not reach is said of no pair, as of a user alone.
  const fromDevice = async (more = '') =>
    (await organization.call('GET', `/api/v1/policies/reach?device=${device.id}${more}`)).json().items;
  const sitesOf = (items: { kind: string; object: string }[]) => items.filter(({ kind }) => kind === 'site');
  assert.deepEqual(sitesOf(await fromDevice()), []);
  const [kept] = await fromDevice(`&user=${member.user.email}&object=lab`);
  assert.deepEqual([kept.actions[0].effect, kept.actions[0].reason], ['deny', 'access.segments_apart']);
  await segments(device.id, 'dev', 'prod');
  assert.equal((await through()).reason, 'access.session');
  const reached = await fromDevice();
  assert.deepEqual(
    sitesOf(reached).map(({ object }) => object),
    ['lab'],
  );
  assert.ok(
    reached.every(({ email }: { email: string }) => email === member.user.email),
    'its owner alone',
  );
  assert.ok(reached.length > 1, 'with the resources that the owner reaches from anywhere');
  assert.equal((await organization.call('GET', '/api/v1/policies/reach?device=dev_none')).statusCode, 404);

  // What a group reaches, and who reaches a segment.
  const objects = async (query: string) =>
    (await organization.call('GET', `/api/v1/policies/reach?limit=500&${query}`))
      .json()
      .items.map(({ email, object }: { email: string; object: string }) => `${email} ${object}`);
  assert.deepEqual(await objects('group=ops'), []);
  await organization.call('POST', '/api/v1/groups', { name: 'ops' });
  const at = { headers: { 'if-match': '"1"' } };
  const joined = await organization.call('PATCH', '/api/v1/groups/ops', { add: [member.user.id] }, at);
  assert.equal(joined.statusCode, 200, joined.body);
  assert.deepEqual(await objects('group=ops&segment=prod'), [`${member.user.email} lab`]);
  const ofGroup = await objects('group=ops');
  assert.ok(ofGroup.length > 1 && ofGroup.every((one: string) => one.startsWith(member.user.email)));
  assert.ok((await objects('segment=prod')).every((one: string) => one.endsWith(' lab')));

  const devices = async () => (await organization.call('GET', '/api/v1/me/devices', undefined, as)).json().items;
  assert.deepEqual(
    (await devices()).map(({ id }: { id: string }) => id),
    [device.id],
  );
  const remove = async (id: string) =>
    (await organization.call('DELETE', `/api/v1/me/devices/${id}`, undefined, as)).statusCode;
  assert.equal(await remove(foreign.id), 404, 'that of somebody else does not exist');
  assert.equal(await remove(device.id), 204);
  assert.deepEqual(await devices(), []);
});
