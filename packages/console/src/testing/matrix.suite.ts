import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import {
  builtInRole,
  type Permission,
  type Reason,
  type Role,
  type RouteDefinition,
  type RouteId,
  routes,
} from '@zeronaut/model';
import { temporaryDirectory } from '@zeronaut/testkit';
import { sql } from 'kysely';
import { type Fixture, startFixture, type TestOrganization } from './fixture.suite.ts';
import { ROUTE_CASES, type RouteCall, urlOf, type World } from './route-cases.suite.ts';

/** For tests of this package: good requests of everybody, to see what each route answers to whom. */
const PASSWORD = 'plum violin harbour seven';
export const ORIGIN = 'http://localhost:8080';
export const ROLES = builtInRole.options;
export const ROWS = Object.entries(routes) as [RouteId, RouteDefinition & { permission: Permission | 'none' }][];
export const GUARDED = ROWS.filter(([, route]) => route.permission !== 'none') as [
  RouteId,
  RouteDefinition & { permission: Permission },
][];

/** What a good request is told in a console of several organizations, as that of the matrices is. */
export const NOT_HERE: Partial<Record<RouteId, Reason>> = { 'backups.create': 'backup.several_organizations' };

export type Answer = Awaited<ReturnType<TestOrganization['call']>>;
export type Expected = { readonly status: number } | { readonly reason: Reason };

/** Everybody who calls in this test, and what they answered to. */
export async function startMatrix(
  t: TestContext,
  makeFirst: (fixture: Fixture, ours: TestOrganization) => Promise<unknown> = async () => undefined,
) {
  const file = `${temporaryDirectory(t)}/console.db`;
  const database = { kind: 'sqlite', file, url: `sqlite:${file}` } as const;
  const fixture = await startFixture(t, database);
  // Thousands of commits, none of which has to survive a power cut.
  await sql`pragma synchronous = off`.execute(fixture.context.store.db);
  const ours = await fixture.organization('ours');
  const theirs = await fixture.organization('theirs');
  await makeFirst(fixture, ours);
  await ours.enrolGateway();
  await theirs.enrolGateway();
  const ownerDeviceId = (await ours.enrolDevice()).id;

  async function worldOf(role: Role, key: string): Promise<World> {
    const device = await ours.enrolDevice(key);
    return { fixture, ours, role, key, deviceId: device.id, deviceKey: device.privateKey, ownerDeviceId };
  }
  const people = new Map<Role, World & { readonly email: string }>();
  const programs = new Map<Role, World>();
  const strangers = new Map<Role, string>();
  for (const role of ROLES) {
    const { user, key } = await ours.user(role, { password: PASSWORD });
    people.set(role, { ...(await worldOf(role, key)), email: user.email });
    const account = await ours.call('POST', '/api/v1/service-accounts', { name: `robot-${role}`, role });
    const input = { name: 'robot', role, serviceAccountId: account.json().id };
    const made = await ours.call('POST', '/api/v1/api-keys', input);
    assert.equal(made.statusCode, 201, made.body);
    programs.set(role, await worldOf(role, made.json().key));
    strangers.set(role, (await theirs.user(role)).key);
  }

  const sessions = new Map<Role, { token: string; atMs: number }>();
  const counts = { calls: 0 };
  return {
    fixture,
    ours,
    people,
    programs,
    strangers,
    counts,
    owner: people.get('owner')!,
    make: async (id: RouteId, world: World): Promise<RouteCall> => (await ROUTE_CASES[id].prepare?.(world)) ?? {},
    async send(route: RouteDefinition, request: RouteCall, headers: Record<string, string>): Promise<Answer> {
      counts.calls++;
      const more = { key: null, headers: { ...request.headers, ...headers } };
      return await ours.call(route.method, urlOf(route, request), request.body, more);
    },
    /** A session of that role, not older than ten minutes. */
    async signIn(role: Role): Promise<string> {
      const known = sessions.get(role);
      if (known !== undefined && known.atMs > fixture.clock.nowMs - 600_000) return known.token;
      const { email } = people.get(role)!;
      const answer = await ours.call('POST', '/api/v1/sessions', { email, password: PASSWORD }, { key: null });
      assert.equal(answer.statusCode, 201, answer.body);
      const { token } = answer.json().session;
      sessions.set(role, { token, atMs: fixture.clock.nowMs });
      return token;
    },
    /** Calls `check` for each route; what it finds odd is listed together at the end, as one failure. */
    async each<Row>(
      rows: readonly (readonly [RouteId, Row])[],
      check: (id: RouteId, route: Row, expect: (what: string, answer: Answer, expected: Expected) => void) => unknown,
    ): Promise<void> {
      const unexpected: string[] = [];
      for (const [id, route] of rows) {
        // Requests without credentials are limited by address; these would be too many at once.
        fixture.clock.nowMs += 60_000;
        await check(id, route, (what, answer, expected) => {
          const fits =
            'status' in expected ? answer.statusCode === expected.status : reasonOf(answer) === expected.reason;
          if (!fits) {
            unexpected.push(
              `${id}, ${what}: ${JSON.stringify(expected)}, not ${answer.statusCode} ${answer.body.slice(0, 300)}`,
            );
          }
        });
      }
      assert.deepEqual(unexpected, []);
    },
  };
}

export const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
export const cookie = (session: string) => ({
  cookie: `zn_console=${session}`,
  origin: ORIGIN,
  'x-zeronaut-page': '1',
});
const reasonOf = (answer: Answer): string | undefined => (answer.body === '' ? undefined : answer.json().reason);
