import assert from 'node:assert/strict';
import { eachDatabase } from '@zeronaut/testkit';
import { startFixture } from '../testing/fixture.suite.ts';

/** A thing without a column for its version: how it is read, and what is written to it, each time something else. */
interface Case {
  readonly name: string;
  readonly method: 'PUT' | 'PATCH';
  readonly write: string;
  readonly bodies: readonly [object, object, object, object];
  /** The version that somebody reads before a write. */
  readonly read: () => Promise<number>;
}

eachDatabase('what somebody else wrote meanwhile is not written over: 412', async (t, database) => {
  const fixture = await startFixture(t, database);
  const ours = await fixture.organization();
  const get = async (path: string) => {
    const answer = await ours.call('GET', `/api/v1/${path}`);
    assert.equal(answer.statusCode, 200, answer.body);
    return answer.json();
  };
  const make = async (path: string, body: object) => {
    const answer = await ours.call('POST', `/api/v1/${path}`, body);
    assert.equal(answer.statusCode, 201, answer.body);
    return answer.json();
  };
  const { gateway } = await ours.enrolGateway();
  const device = await ours.enrolDevice();
  const resource = await make('resources', { name: 'wiki', targets: [{ address: '10.0.0.1:80' }] });
  const local = { connection: 'local', destinations: ['10.0.0.0/8:*'] };
  const site = (await ours.call('POST', '/api/v1/sites', { name: 'lab', ...local })).json();
  const { relyingParty } = await make('relying-parties', { name: 'docs', redirectUris: ['https://docs.example/cb'] });
  const { user } = await ours.user('member');

  const versionAt = (path: string) => async () => (await get(path)).version as number;
  const inList = (path: string, isIt: (row: Record<string, unknown>) => boolean) => async () => {
    const { items } = await get(path);
    return (items as Record<string, unknown>[]).find(isIt)?.version as number | undefined;
  };
  const place = (name: string) => ({ place: { name, latitude: 46.95, longitude: 7.45 } });
  const places = [place('Bern'), place('Basel'), { place: null }, place('Chur')] as const;
  const segments = [['a'], ['b'], [], ['c', 'd']].map((list) => ({ segments: list })) as unknown as Case['bodies'];
  const numbers = <T>(of: (n: number) => T) => [of(1), of(2), of(3), of(4)] as const;
  const things = { gateways: gateway.id, sites: site.id, devices: device.id, resources: resource.id };
  const cases: Case[] = [
    {
      name: 'branding',
      ...{ method: 'PUT', write: 'organizations/current/branding', read: versionAt('organizations/current/branding') },
      bodies: numbers((n) => ({ name: `Acme ${n}`, colour: null, text: '' })),
    },
    {
      name: 'organization',
      ...{ method: 'PATCH', write: 'organizations/current', read: versionAt('organizations/current') },
      bodies: numbers((n) => ({ name: `Acme ${n}` })),
    },
    {
      name: 'time zone',
      ...{ method: 'PUT', write: 'organizations/current/time-zone', read: versionAt('organizations/current') },
      bodies: ['Europe/Zurich', 'Asia/Tokyo', 'Europe/Rome', 'UTC'].map((timeZone) => ({
        timeZone,
      })) as unknown as Case['bodies'],
    },
    {
      name: 'approval rule',
      ...{ method: 'PUT', write: `approval-rules/${resource.id}` },
      read: async () => (await inList('approval-rules', ({ objectId }) => objectId === resource.id)()) ?? 0,
      bodies: numbers((needed) => ({ approvers: ['role:admin'], needed })),
    },
    {
      name: 'risk',
      ...{ method: 'PUT', write: `risks/${user.id}` },
      read: async () => (await inList('risks', ({ id }) => id === user.id)()) ?? 0,
      // The last but one takes it away.
      bodies: [{ score: 10 }, { score: 20, expiresInSeconds: 600 }, { score: 0 }, { score: 30, reason: 'odd' }],
    },
    {
      name: 'relying party',
      ...{ method: 'PATCH', write: `relying-parties/${relyingParty.id}` },
      read: async () => (await inList('relying-parties', ({ id }) => id === relyingParty.id)())!,
      bodies: [{ name: 'docs 1' }, { groups: ['staff'] }, { name: 'docs 3' }, { consent: 'skip' }],
    },
    ...(['gateways', 'sites', 'devices'] as const).map(
      (noun): Case => ({
        ...{ name: `place of ${noun}`, method: 'PUT', write: `${noun}/${things[noun]}/place`, bodies: places },
        read: versionAt(`${noun}/${things[noun]}`),
      }),
    ),
    ...(['gateways', 'sites', 'devices', 'resources'] as const).map(
      (noun): Case => ({
        ...{ name: `segments of ${noun}`, method: 'PUT', write: `segments/${things[noun]}`, bodies: segments },
        read: versionAt(`${noun}/${things[noun]}`),
      }),
    ),
  ];
  for (const { name, method, write, bodies, read } of cases) {
    const send = (body: object, version?: number) =>
      ours.call(
        method,
        `/api/v1/${write}`,
        body,
        version === undefined ? {} : { headers: { 'if-match': `"${version}"` } },
      );
    const seen = await read();
    const first = await send(bodies[0], seen);
    assert.equal(first.statusCode, 200, `${name}: ${first.body}`);
    const { version } = first.json();
    assert.notEqual(version, seen, name);
    assert.equal(first.headers.etag, `"${version}"`, name);
    assert.equal(await read(), version, `${name}: what is read is what the write left`);

    const late = await send(bodies[1], seen);
    assert.deepEqual([late.statusCode, late.json().reason], [412, 'api.precondition_failed'], name);
    assert.equal(await read(), version, `${name} is as it was`);

    // Of two at once one comes too late.
    const both = await Promise.all([send(bodies[1], version), send(bodies[2], version)]);
    assert.deepEqual(both.map(({ statusCode }) => statusCode).sort(), [200, 412], name);

    // A client of before says nothing, and writes as it always did.
    const without = await send(bodies[3]);
    assert.equal(without.statusCode, 200, `${name}: ${without.body}`);
    assert.equal(await read(), without.json().version, name);
    assert.equal((await send(bodies[0], version)).statusCode, 412, `${name}: others wrote since`);
  }
});
