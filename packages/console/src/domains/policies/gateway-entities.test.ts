import assert from 'node:assert/strict';
import { eachDatabase, waitFor } from '@zeronaut/testkit';
import { startFixture } from '../../testing/fixture.suite.ts';
import { connectSync } from '../../testing/sync-client.suite.ts';

eachDatabase(
  'a gateway is told what policies say of it, if it understands that, and simulation asks at one',
  async (t, database) => {
    const fixture = await startFixture(t, database);
    const [ours, theirs] = [await fixture.organization(), await fixture.organization()];
    const sync = await fixture.startSync();
    const [one, two] = [await ours.enrolGateway({ name: 'fra1' }), await ours.enrolGateway({ name: 'old1' })];
    const connect = async (identity: typeof one, features?: string[]) => {
      const client = await connectSync(sync.port, identity);
      client.send({
        type: 'hello',
        protocol: 1,
        softwareVersion: '1.2.3',
        snapshotVersion: 0,
        ...(features && { features }),
      });
      return client;
    };
    const snapshotOf = async (client: Awaited<ReturnType<typeof connect>>) =>
      JSON.parse((await client.next('snapshot')).snapshot.payload);
    const first = await connect(one, ['gateway']);
    const old = await connect(two);
    assert.deepEqual((await snapshotOf(first)).gateway, { name: 'fra1', region: one.gateway.region, segments: [] });
    assert.equal((await snapshotOf(old)).gateway, undefined);

    const set = (id: string, organization = ours) =>
      organization.call('PUT', `/api/v1/segments/${id}`, { segments: ['eu'] });
    assert.equal((await set(one.gateway.id, theirs)).statusCode, 404);
    const done = await set('fra1');
    assert.deepEqual([done.statusCode, done.json().kind], [200, 'gateway'], done.body);
    assert.deepEqual((await snapshotOf(first)).gateway.segments, ['eu']);
    assert.deepEqual((await ours.call('GET', `/api/v1/gateways/${one.gateway.id}`)).json().segments, ['eu']);

    await ours.call('POST', '/api/v1/resources', { name: 'wiki', targets: [{ address: '10.0.0.1:80' }] });
    const text = `@id("eu") forbid (principal, action, resource)
    unless { context has gateway && context.gateway in Segment::"eu" && context.gateway != Gateway::"${two.gateway.id}" };`;
    await waitFor(async () => (await warningsFor(text)).length > 0, { what: 'the hello of the older gateway' });
    async function warningsFor(policy: string): Promise<string[]> {
      return (await ours.call('POST', '/api/v1/policies/check', { text: policy }))
        .json()
        .warnings.map(({ message }: { message: string }) => message);
    }
    assert.match((await warningsFor(text))[0]!, /^the gateway old1 is older than policies that speak of gateways/);
    const typo = (
      await warningsFor(
        'forbid (principal, action, resource) when { context has device && context.device == Device::"dev_typo" };',
      )
    )
      .concat(
        await warningsFor(
          'forbid (principal, action, resource) when { context has gateway && context.gateway == Gateway::"gw_typo" };',
        ),
      )
      .filter((warning) => warning.startsWith('there is no'));
    assert.deepEqual(
      typo.map((warning) => warning.slice(0, 28)),
      ['there is no device dev_typo:', 'there is no gateway gw_typo:'],
    );
    assert.equal((await ours.call('POST', '/api/v1/policies', { name: 'eu', text })).statusCode, 201);

    const ask = (gateway?: string) =>
      ours.call('POST', '/api/v1/policies/simulate', {
        user: ours.owner.id,
        ...{ action: 'read', object: 'wiki', circumstances: gateway === undefined ? {} : { gateway } },
      });
    assert.equal((await ask('fra1')).json().effect, 'pass');
    assert.equal((await ask(one.gateway.id)).json().effect, 'pass');
    const elsewhere = (await ask('old1')).json();
    assert.equal(elsewhere.effect, 'deny');
    assert.deepEqual(
      elsewhere.wouldChange.filter(({ fact }: { fact: string }) => fact === 'gateway'),
      [{ fact: 'gateway', value: 'fra1', effect: 'pass', also: [] }],
    );
    assert.equal(elsewhere.policies[0].facts.gateway, 'old1');
    assert.equal((await ask()).json().effect, 'deny', 'of several none is meant');
    assert.equal((await ask('nowhere')).statusCode, 404);
    const foreign = await theirs.enrolGateway({ name: 'theirs' });
    assert.equal((await ask(foreign.gateway.id)).statusCode, 404);
  },
);

eachDatabase('what people can reach is asked at each gateway', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const ann = await organization.user('member');
  for (const name of ['fra1', 'ber1', 'nyc1']) {
    await organization.enrolGateway({ name, baseDomain: `${name}.example.net` });
  }
  for (const name of ['fra1', 'ber1']) await organization.call('PUT', `/api/v1/segments/${name}`, { segments: ['eu'] });
  const target = { address: '10.0.0.1:80' };
  await organization.call('POST', '/api/v1/resources/apply', {
    resources: [
      { name: 'wiki', targets: [target], access: { mode: 'policy' } },
      { name: 'anywhere', targets: [target], access: { mode: 'policy' } },
      { name: 'nowhere', targets: [target], access: { mode: 'policy' } },
      { name: 'at-work', targets: [target], access: { mode: 'policy' } },
    ],
  });
  const idOf = async (name: string) => (await organization.call('GET', `/api/v1/resources/${name}`)).json().id;
  const policy = async (name: string, effect: string, object: string, condition: string) => {
    const text = `@id("${name}") ${effect} (principal, action, resource == Resource::"${await idOf(object)}") when { ${condition} };`;
    const { statusCode, body } = await organization.call('POST', '/api/v1/policies', { name, text });
    assert.equal(statusCode, 201, body);
  };
  await policy('eu', 'permit', 'wiki', 'context has gateway && context.gateway in Segment::"eu"');
  await policy('named', 'permit', 'anywhere', 'context has gateway');
  await policy('abroad', 'permit', 'nowhere', 'context has gateway && context.gateway.name == "tokyo"');

  await policy(
    'work',
    'permit',
    'at-work',
    'context.risk < 50 && context has gateway && context.gateway in Segment::"eu"',
  );

  const [row, same] = await Promise.all(['wiki', 'anywhere'].map((object) => askedOf(object)));
  async function askedOf(object: string) {
    return (await organization.call('GET', `/api/v1/policies/reach?user=${ann.user.email}&object=${object}`)).json()
      .items[0];
  }
  const pass = { effect: 'pass', reason: 'access.policy', policies: ['eu'], facts: [] };
  const deny = { effect: 'deny', reason: 'access.not_allowed', policies: [], facts: [] };
  assert.deepEqual(row.actions[0], {
    ...{ action: 'read', effect: 'depends', reason: 'access.policy', policies: ['eu'], facts: ['gateway'] },
    atGateways: [
      { gateways: ['fra1', 'ber1'], ...pass },
      { gateways: ['nyc1'], ...deny },
    ],
  });
  assert.deepEqual(same.actions[0], { action: 'read', ...pass, policies: ['named'] }, 'the same at each is said once');

  // Where the gateway alone keeps it from holding, nothing else is worth a word.
  assert.deepEqual((await askedOf('at-work')).actions[0].atGateways, [
    { gateways: ['fra1', 'ber1'], effect: 'depends', reason: 'access.policy', policies: ['work'], facts: ['risk'] },
    { gateways: ['nyc1'], ...deny },
  ]);

  const own = await organization.call('GET', '/api/v1/me/reach', undefined, { key: ann.key });
  const items = new Map<string, { urls: string[]; gateways?: string[]; depends: boolean }>(
    own.json().items.map((item: { name: string }) => [item.name, item]),
  );
  assert.deepEqual([...items.keys()].sort(), ['anywhere', 'at-work', 'wiki']);
  const wiki = items.get('wiki')!;
  assert.deepEqual([wiki.gateways, wiki.urls.length, wiki.depends], [['fra1', 'ber1'], 2, false]);
  assert.deepEqual([items.get('anywhere')!.gateways, items.get('anywhere')!.urls.length], [undefined, 3]);
});
