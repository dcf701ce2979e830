import assert from 'node:assert/strict';
import { createECDH, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { createId, type Role, type RouteDefinition, type RouteId, roleHas } from '@zeronaut/model';
import { VirtualPasskey } from '@zeronaut/testkit';
import { URI } from 'otpauth';
import { recordIncidents } from '../domains/incidents/incidents.ts';
import { giveConsent } from '../domains/relying-parties/consents.ts';
import { createSetupToken } from '../domains/setup/setup.ts';
import {
  certificateRequest,
  type Fixture,
  gatewayEnrolment,
  postureReport,
  type TestOrganization,
} from './fixture.suite.ts';

/** For tests of this package: a good request for every row of the route table. A row without one is a type error. */
export interface RouteCase {
  /** Parameters, body and headers of a good request, made just before it. */
  prepare?(world: World): Promise<RouteCall> | RouteCall;
  /** Undoes what `prepare` did to others. */
  restore?(world: World): Promise<void>;
  /** What the owner of another organization gets for the same request. `own`: an answer without anything of ours. */
  readonly foreign: 'not_found' | 'own';
}

export interface RouteCall {
  readonly params?: Record<string, string>;
  readonly query?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  /** A credential of the caller other than the world's: a session, or what the call itself is about. */
  readonly key?: string;
}

export interface World {
  readonly fixture: Fixture;
  readonly ours: TestOrganization;
  /** Who will call: own things are made with this key, sessions for this role. */
  readonly key: string;
  readonly role: Role;
  readonly deviceId: string;
  readonly deviceKey: KeyObject;
  /** Of the owner, who makes what belongs to nobody in particular. */
  readonly ownerDeviceId: string;
}

const PASSWORD = 'plum violin harbour seven';
let count = 0;
const fresh = (word: string) => `${word}-${++count}`;
const target = { address: '10.0.0.1:80' };

async function newUser({ ours }: World): Promise<string> {
  return (await ours.user('member')).user.id;
}
async function newResource({ ours }: World): Promise<{ id: string; name: string; version: number }> {
  const answer = await ours.call('POST', '/api/v1/resources', { name: fresh('resource'), targets: [target] });
  assert.equal(answer.statusCode, 201, answer.body);
  return answer.json();
}
async function newService({ ours, ownerDeviceId }: World): Promise<{ id: string; name: string }> {
  const body = { deviceId: ownerDeviceId, protocol: 'http', address: 'localhost:3000', name: fresh('service') };
  const answer = await ours.call('POST', '/api/v1/services', body);
  assert.equal(answer.statusCode, 200, answer.body);
  return answer.json();
}
async function newSite({ ours, ownerDeviceId: deviceId }: World): Promise<{ params: { id: string } }> {
  const body = { name: fresh('site'), connection: 'tunnel', deviceId, destinations: ['*.corp:*'] };
  return { params: { id: (await ours.call('POST', '/api/v1/sites', body)).json().id } };
}
/** Of the caller, who alone rotates it; whoever may not make one is shown the owner's. */
async function newApiKey({ ours, key, role }: World): Promise<{ apiKey: { id: string }; key: string }> {
  const maker = roleHas(role, 'api_keys:write') ? key : ours.key;
  const answer = await ours.call('POST', '/api/v1/api-keys', { name: 'old', role: 'member' }, { key: maker });
  assert.equal(answer.statusCode, 201, answer.body);
  return answer.json();
}
/** That a policy was used, which is over at once. */
async function newIncident({ fixture, ours }: World): Promise<string> {
  const [alarm] = (await ours.call('GET', '/api/v1/overview')).json().alarms;
  const wrong = { ...alarm, kind: 'policy_used', object: { kind: 'policy', id: fresh('policy'), name: 'rescue' } };
  await recordIncidents(fixture.context, ours.id, [wrong], new Set());
  const { items } = (await ours.call('GET', '/api/v1/incidents?sort=-opened&limit=1')).json();
  return items[0].id;
}
async function userOf({ ours, key }: World): Promise<string> {
  return (await ours.call('GET', '/api/v1/me', undefined, { key })).json().user.id;
}
/** As a gateway told of it. */
async function newAddressGrant(world: World, userId: string): Promise<string> {
  const { fixture, ours } = world;
  const { context } = fixture;
  const { gateway } = await ours.enrolGateway();
  const nowMs = context.clock();
  const id = createId('grant', nowMs);
  await context.store.db
    .insertInto('address_grants')
    .values({
      ...{ organization_id: ours.id, id, gateway_id: gateway.id, user_id: userId, address: '192.0.2.1' },
      ...{ resource_id: (await newResource(world)).id, session_id: createId('session'), received_at: nowMs },
      ...{ created_at: nowMs, expires_at: nowMs + 3_600_000, ended_at: null, revoked_at: null },
    })
    .execute();
  return id;
}
async function newNotification(world: World): Promise<string> {
  await clearNotifications(world);
  const { ours } = world;
  const body = { name: fresh('pager'), settings: { kind: 'webhook', url: 'https://127.0.0.1:1/' } };
  const answer = await ours.call('POST', '/api/v1/notifications', body);
  assert.equal(answer.statusCode, 201, answer.body);
  return answer.json().id;
}
/** Of the caller's own session, which it goes with; they may have ten. */
async function newPush(world: World, subscribed: boolean): Promise<RouteCall> {
  const { fixture, ours } = world;
  await fixture.context.store.db.deleteFrom('push_subscriptions').execute();
  const key = (await newSession(world)).token;
  const point = createECDH('prime256v1').generateKeys();
  const keys = { p256dh: point.toString('base64url'), auth: randomBytes(16).toString('base64url') };
  const body = { endpoint: `https://127.0.0.1:1/${fresh('push')}`, keys };
  if (!subscribed) return { key, body };
  const answer = await ours.call('POST', '/api/v1/me/push-subscriptions', body, { key });
  // Who may not has none; the call is refused all the same.
  return { key, params: { id: answer.statusCode === 201 ? answer.json().id : 'psh_00000000000000000000000000' } };
}
/** There may be ten only. */
async function clearNotifications({ fixture }: World): Promise<void> {
  await fixture.context.store.db.deleteFrom('notifications').execute();
}
async function newServiceAccount({ ours }: World): Promise<{ id: string; version: number }> {
  const answer = await ours.call('POST', '/api/v1/service-accounts', { name: fresh('robot') });
  assert.equal(answer.statusCode, 201, answer.body);
  return answer.json();
}
async function newTrust(world: World): Promise<{ body: object; id: string }> {
  const body = {
    name: 'ci',
    serviceAccountId: (await newServiceAccount(world)).id,
    issuer: 'https://ci.example',
    subject: 'repo:acme/app:*',
  };
  const answer = await world.ours.call('POST', '/api/v1/workload-trusts', body);
  assert.equal(answer.statusCode, 201, answer.body);
  return { body, id: answer.json().id };
}
async function newRelyingParty({ ours }: World): Promise<string> {
  const body = { name: 'wiki', redirectUris: ['https://wiki.example/callback'] };
  const answer = await ours.call('POST', '/api/v1/relying-parties', body);
  assert.equal(answer.statusCode, 201, answer.body);
  return answer.json().relyingParty.id;
}
async function newPersonalToken(world: World): Promise<{ id: string }> {
  const body = { name: 'git', resources: [(await newResource(world)).id] };
  const answer = await world.ours.call('POST', '/api/v1/personal-access-tokens', body, { key: world.key });
  assert.equal(answer.statusCode, 201, answer.body);
  return answer.json().personalAccessToken;
}
async function newSession(world: World): Promise<{ token: string; email: string }> {
  const email = `${fresh('person')}@example.com`;
  await world.ours.user(world.role, { email, password: PASSWORD });
  const answer = await world.ours.call('POST', '/api/v1/sessions', { email, password: PASSWORD }, { key: null });
  assert.equal(answer.statusCode, 201, answer.body);
  return { token: answer.json().session.token, email };
}
async function startDeviceFlow({ ours }: World): Promise<{ device_code: string; user_code: string }> {
  return (
    await ours.call('POST', '/api/v1/oauth/device_authorization', { client_id: 'zeronaut-cli' }, { key: null })
  ).json();
}

function providerInput() {
  const settings = { kind: 'oidc', issuer: 'http://127.0.0.1:1/', clientId: 'zeronaut' };
  return { name: fresh('provider'), settings, secret: 'secret' };
}
async function newProvider({ ours }: World): Promise<{ id: string; domain: string }> {
  const answer = await ours.call('POST', '/api/v1/identity-providers', providerInput());
  assert.equal(answer.statusCode, 201, answer.body);
  const { id } = answer.json();
  const domain = `${fresh('corp')}.example`;
  await ours.call('POST', `/api/v1/identity-providers/${id}/domains`, { domain, proof: 'owner' });
  return { id, domain };
}

const exportInput = () => ({ name: fresh('siem'), settings: { kind: 'otlp', url: 'http://127.0.0.1:1/' } });
async function newExport(world: World): Promise<string> {
  const { ours } = world;
  await removeExports(world);
  const answer = await ours.call('POST', '/api/v1/audit/exports', exportInput());
  assert.equal(answer.statusCode, 201, answer.body);
  return answer.json().id;
}
/** An organization may have few. */
async function removeExports({ ours }: World): Promise<void> {
  const { items } = (await ours.call('GET', '/api/v1/audit/exports')).json();
  for (const { id } of items) await ours.call('DELETE', `/api/v1/audit/exports/${id}`);
}

/** A session with an authenticator app that is set up, and a function for its present code. */
async function newTotp(world: World, confirm: boolean): Promise<{ key: string; code: string; id: string }> {
  const key = (await newSession(world)).token;
  const started = await world.ours.call('POST', '/api/v1/me/factors/totp', undefined, { key });
  assert.equal(started.statusCode, 201, started.body);
  const code = URI.parse(started.json().uri).generate({ timestamp: world.fixture.clock.nowMs });
  if (!confirm) return { key, code, id: '' };
  const confirmed = await world.ours.call('POST', '/api/v1/me/factors/totp/confirmation', { code }, { key });
  assert.equal(confirmed.statusCode, 200, confirmed.body);
  const listed = await world.ours.call('GET', '/api/v1/me/factors', undefined, { key });
  return { key, code, id: listed.json().items[0].id };
}

const ORIGIN = 'http://localhost:8080';
/** Of a member, whom everybody with the permission may reset. */
async function newPasskey(of: World): Promise<{ passkey: VirtualPasskey; id: string; factorId: string }> {
  const world: World = { ...of, role: 'member' };
  const key = (await newSession(world)).token;
  const call = (url: string, body?: object) => world.ours.call('POST', url, body, { key });
  const passkey = new VirtualPasskey();
  const credential = passkey.create((await call('/api/v1/me/passkeys/options')).json(), { origin: ORIGIN });
  const answer = await call('/api/v1/me/passkeys', { name: 'laptop', credential });
  assert.equal(answer.statusCode, 201, answer.body);
  const { user } = (await world.ours.call('GET', '/api/v1/me', undefined, { key })).json();
  return { passkey, id: user.id, factorId: answer.json().factor.id };
}

const POLICY = 'permit(principal, action, resource) when { context.risk < 50 };';
async function newPolicy({ ours }: World): Promise<{ id: string; name: string; version: number }> {
  const answer = await ours.call('POST', '/api/v1/policies', { name: fresh('policy'), text: POLICY, mode: 'report' });
  assert.equal(answer.statusCode, 201, answer.body);
  return answer.json();
}
/** Of a user with the caller's role, whose key it is; the caller may decide it. */
async function newAccessRequest(world: World): Promise<{ id: string; key: string }> {
  const { key } = await world.ours.user(world.role);
  const { id: object } = await newResource(world);
  await world.ours.call('PUT', `/api/v1/approval-rules/${object}`, { approvers: [`role:${world.role}`] });
  const body = { object, reason: 'incident' };
  const answer = await world.ours.call('POST', '/api/v1/access-requests', body, { key });
  assert.equal(answer.statusCode, 201, answer.body);
  return { id: answer.json().id, key };
}
async function newGroup({ ours }: World): Promise<string> {
  const name = fresh('group');
  const answer = await ours.call('POST', '/api/v1/groups', { name });
  assert.equal(answer.statusCode, 201, answer.body);
  return name;
}
async function newRole({ ours }: World): Promise<string> {
  const answer = await ours.call('POST', '/api/v1/roles', { name: fresh('role'), permissions: [] });
  assert.equal(answer.statusCode, 201, answer.body);
  return answer.json().name;
}
/** Of an organization besides, which invites whoever calls; the session is of the caller's home. */
const others = new WeakMap<Fixture, TestOrganization>();
async function newInvitee(world: World): Promise<{ key: string; token: string; organizationId: string }> {
  const { fixture } = world;
  const other = others.get(fixture) ?? (await fixture.organization('other'));
  others.set(fixture, other);
  const { token: key, email } = await newSession(world);
  const invited = await other.call('POST', '/api/v1/invitations', { email, mail: false });
  assert.equal(invited.statusCode, 201, invited.body);
  return { key, token: new URL(invited.json().url).searchParams.get('token')!, organizationId: other.id };
}
const proposal = () => ({ policies: [{ name: fresh('policy'), text: POLICY, mode: 'off' }] });

export const ROUTE_CASES: Record<RouteId, RouteCase> = {
  'policies.list': { foreign: 'own' },
  'policies.create': { prepare: () => ({ body: { name: fresh('policy'), text: POLICY } }), foreign: 'own' },
  'policies.get': {
    prepare: async (world) => ({ params: { id: (await newPolicy(world)).id } }),
    foreign: 'not_found',
  },
  'policies.update': {
    prepare: async (world) => ({
      params: { id: (await newPolicy(world)).id },
      headers: { 'if-match': '"1"' },
      body: { mode: 'off' },
    }),
    foreign: 'not_found',
  },
  'policies.delete': {
    prepare: async (world) => ({ params: { id: (await newPolicy(world)).id } }),
    foreign: 'not_found',
  },
  'policies.versions': {
    prepare: async (world) => ({ params: { id: (await newPolicy(world)).id } }),
    foreign: 'not_found',
  },
  'policies.rollBack': {
    prepare: async (world) => ({ params: { id: (await newPolicy(world)).id }, body: { version: 1 } }),
    foreign: 'not_found',
  },
  'policies.check': { prepare: () => ({ body: { text: POLICY } }), foreign: 'own' },
  'policies.form': { prepare: () => ({ body: { text: POLICY } }), foreign: 'own' },
  'policies.text': { prepare: () => ({ body: { form: { effect: 'permit' } } }), foreign: 'own' },
  'templates.list': { foreign: 'own' },
  'templates.get': { prepare: () => ({ params: { name: 'office-hours' } }), foreign: 'own' },
  'templates.fill': {
    prepare: () => ({ params: { name: 'team-access' }, body: { values: { group: 'ops' } } }),
    foreign: 'own',
  },
  'policies.apply': { prepare: () => ({ body: { ...proposal(), dryRun: true } }), foreign: 'own' },
  'policies.schema': { foreign: 'own' },
  'policies.simulate': {
    prepare: async (world) => ({
      body: { user: null, action: 'read', object: (await newResource(world)).id, circumstances: {} },
    }),
    foreign: 'not_found',
  },
  'policies.replay': { prepare: () => ({ body: { proposal: proposal() } }), foreign: 'own' },
  'policies.reach': {
    prepare: async (world) => ({ query: `object=${(await newResource(world)).id}` }),
    foreign: 'not_found',
  },
  'policies.unused': { foreign: 'own' },
  'policyAssertions.get': { foreign: 'own' },
  'policyAssertions.test': { foreign: 'own' },
  'policyAssertions.update': {
    prepare: async ({ ours }) => {
      const { version } = (await ours.call('GET', '/api/v1/policy-assertions')).json();
      return { headers: { 'if-match': `"${version}"` }, body: { assertions: [] } };
    },
    foreign: 'own',
  },
  'accessRequests.list': { foreign: 'own' },
  'accessRequests.create': {
    prepare: async (world) => ({ body: { object: (await newResource(world)).id, reason: 'incident' } }),
    foreign: 'not_found',
  },
  'accessRequests.get': {
    prepare: async (world) => ({ params: { id: (await newAccessRequest(world)).id } }),
    foreign: 'not_found',
  },
  'accessRequests.decide': {
    prepare: async (world) => ({ params: { id: (await newAccessRequest(world)).id }, body: { effect: 'approve' } }),
    foreign: 'not_found',
  },
  'accessRequests.end': {
    prepare: async (world) => {
      const { id, key } = await newAccessRequest(world);
      return { params: { id }, key };
    },
    foreign: 'not_found',
  },
  'approvalRules.list': { foreign: 'own' },
  'approvalRules.set': {
    prepare: async (world) => ({ params: { id: (await newResource(world)).id }, body: { approvers: ['role:admin'] } }),
    foreign: 'not_found',
  },
  'approvalRules.delete': {
    prepare: async (world) => {
      const { id } = await newResource(world);
      await world.ours.call('PUT', `/api/v1/approval-rules/${id}`, { approvers: ['role:admin'] });
      return { params: { id } };
    },
    foreign: 'not_found',
  },
  'organizations.setTimeZone': { prepare: () => ({ body: { timeZone: 'Europe/Zurich' } }), foreign: 'own' },
  'segments.set': {
    prepare: async (world) => ({ params: { id: (await newResource(world)).id }, body: { segments: ['prod'] } }),
    foreign: 'not_found',
  },
  'risks.list': { foreign: 'own' },
  'risks.set': {
    prepare: async (world) => ({ params: { id: await newUser(world) }, body: { score: 10 } }),
    foreign: 'not_found',
  },
  'signInPolicy.get': { foreign: 'own' },
  'signInPolicy.update': {
    prepare: async ({ ours }) => {
      const { version } = (await ours.call('GET', '/api/v1/organizations/current/sign-in-policy')).json();
      return { headers: { 'if-match': `"${version}"` }, body: {} };
    },
    foreign: 'own',
  },
  'factors.list': { foreign: 'own' },
  'factors.startTotp': { prepare: async (world) => ({ key: (await newSession(world)).token }), foreign: 'own' },
  'factors.confirmTotp': {
    prepare: async (world) => {
      const { key, code } = await newTotp(world, false);
      return { key, body: { code } };
    },
    foreign: 'own',
  },
  'factors.renewRecoveryCodes': {
    prepare: async (world) => ({ key: (await newTotp(world, true)).key }),
    foreign: 'own',
  },
  'factors.delete': {
    prepare: async (world) => {
      const { key, id } = await newTotp(world, true);
      return { key, params: { id } };
    },
    foreign: 'own',
  },
  'invitations.list': { foreign: 'own' },
  'invitations.create': { prepare: () => ({ body: { email: `${fresh('guest')}@example.com` } }), foreign: 'own' },
  'invitations.delete': {
    prepare: async ({ ours }) => {
      const answer = await ours.call('POST', '/api/v1/invitations', { email: `${fresh('guest')}@example.com` });
      return { params: { id: answer.json().invitation.id } };
    },
    foreign: 'not_found',
  },
  'passkeys.start': { prepare: async (world) => ({ key: (await newSession(world)).token }), foreign: 'own' },
  'passkeys.create': {
    prepare: async (world) => {
      const key = (await newSession(world)).token;
      const options = (await world.ours.call('POST', '/api/v1/me/passkeys/options', undefined, { key })).json();
      const credential = new VirtualPasskey().create(options, { origin: ORIGIN });
      return { key, body: { name: 'laptop', credential } };
    },
    foreign: 'own',
  },
  'passkeys.startSignIn': { foreign: 'own' },
  'passkeys.signIn': {
    prepare: async (world) => {
      const { passkey } = await newPasskey(world);
      const options = (await world.ours.call('POST', '/api/v1/sessions/passkey/options', {}, { key: null })).json();
      return { body: { credential: passkey.get(options, { origin: ORIGIN }) } };
    },
    foreign: 'own',
  },
  'users.deleteFactor': {
    prepare: async (world) => {
      const { id, factorId } = await newPasskey(world);
      return { params: { id, factorId } };
    },
    foreign: 'not_found',
  },
  'users.listFactors': { prepare: async (world) => ({ params: { id: await newUser(world) } }), foreign: 'not_found' },
  'users.resetFactors': { prepare: async (world) => ({ params: { id: await newUser(world) } }), foreign: 'not_found' },
  'identityProviders.list': { foreign: 'own' },
  'identityProviders.create': { prepare: () => ({ body: providerInput() }), foreign: 'own' },
  'identityProviders.get': {
    prepare: async (world) => ({ params: { id: (await newProvider(world)).id } }),
    foreign: 'not_found',
  },
  'identityProviders.update': {
    prepare: async (world) => ({
      params: { id: (await newProvider(world)).id },
      headers: { 'if-match': '"1"' },
      body: providerInput(),
    }),
    foreign: 'not_found',
  },
  'identityProviders.delete': {
    prepare: async (world) => ({ params: { id: (await newProvider(world)).id } }),
    foreign: 'not_found',
  },
  'identityProviders.test': {
    prepare: async (world) => ({ params: { id: (await newProvider(world)).id } }),
    foreign: 'not_found',
  },
  'identityProviders.directory': {
    prepare: async (world) => ({ params: { id: (await newProvider(world)).id } }),
    foreign: 'not_found',
  },
  'identityProviders.addDomain': {
    prepare: async (world) => ({
      params: { id: (await newProvider(world)).id },
      body: { domain: `${fresh('more')}.example` },
    }),
    foreign: 'not_found',
  },
  'identityProviders.verifyDomain': {
    prepare: async (world) => ({ params: await newProvider(world) }),
    foreign: 'not_found',
  },
  'identityProviders.removeDomain': {
    prepare: async (world) => ({ params: await newProvider(world) }),
    foreign: 'not_found',
  },
  'health.get': { foreign: 'own' },
  'setup.create': {
    prepare: async ({ fixture, ours }) => {
      // A token is made only while no person is owner.
      await fixture.context.store.db.updateTable('users').set({ kind: 'local' }).where('role', '=', 'owner').execute();
      const token = await createSetupToken(fixture.context, ours.id);
      return { body: { token, email: `${fresh('first')}@example.com`, name: 'First', password: PASSWORD } };
    },
    restore: async ({ fixture }) => {
      await fixture.context.store.db.updateTable('users').set({ kind: 'person' }).where('role', '=', 'owner').execute();
    },
    foreign: 'own',
  },
  'sessions.create': {
    prepare: async (world) => ({ body: { email: (await newSession(world)).email, password: PASSWORD } }),
    foreign: 'own',
  },
  'sessions.list': { foreign: 'own' },
  'sessions.deleteCurrent': {
    prepare: async (world) => ({ key: (await newSession(world)).token }),
    foreign: 'own',
  },
  'sessions.delete': {
    prepare: async (world) => {
      const { token } = await newSession(world);
      const me = await world.ours.call('GET', '/api/v1/me', undefined, { key: token });
      return { params: { id: me.json().sessionId } };
    },
    foreign: 'not_found',
  },
  'oauth.deviceAuthorization': { prepare: () => ({ body: { client_id: 'zeronaut-cli' } }), foreign: 'own' },
  'oauth.token': {
    prepare: async (world) => {
      const { device_code, user_code } = await startDeviceFlow(world);
      const { token } = await newSession(world);
      const approval = { userCode: user_code, approve: true };
      await world.ours.call('POST', '/api/v1/oauth/approvals', approval, { key: token });
      const grant_type = 'urn:ietf:params:oauth:grant-type:device_code';
      return { body: { grant_type, device_code, client_id: 'zeronaut-cli' } };
    },
    foreign: 'own',
  },
  'oauth.approve': {
    prepare: async (world) => ({
      body: { userCode: (await startDeviceFlow(world)).user_code, approve: true },
      key: (await newSession(world)).token,
    }),
    foreign: 'own',
  },
  'me.get': { foreign: 'own' },
  'me.listReach': { foreign: 'own' },
  'me.listSessions': { foreign: 'own' },
  'me.deleteSession': {
    prepare: async (world) => {
      const { token, email } = await newSession(world);
      const me = await world.ours.call('GET', '/api/v1/me', undefined, { key: token });
      const other = await world.ours.call('POST', '/api/v1/sessions', { email, password: PASSWORD }, { key: null });
      return { params: { id: me.json().sessionId }, key: other.json().session.token };
    },
    foreign: 'not_found',
  },
  'me.listAddresses': { foreign: 'own' },
  'me.deleteAddress': {
    prepare: async (world) => ({ params: { id: await newAddressGrant(world, await userOf(world)) } }),
    foreign: 'not_found',
  },
  'me.deleteAddresses': { foreign: 'own' },
  'addresses.list': { foreign: 'own' },
  'addresses.delete': {
    prepare: async (world) => ({ params: { id: await newAddressGrant(world, world.ours.owner.id) } }),
    foreign: 'not_found',
  },
  'me.changePassword': {
    prepare: async (world) => ({
      key: (await newSession(world)).token,
      body: { currentPassword: PASSWORD, newPassword: 'seven harbours of violin plums' },
    }),
    foreign: 'own',
  },
  'me.listDevices': { foreign: 'own' },
  'me.deleteDevice': {
    prepare: async ({ ours, key }) => ({ params: { id: (await ours.enrolDevice(key)).id } }),
    foreign: 'not_found',
  },
  'me.listConsents': { foreign: 'own' },
  'me.deleteConsent': {
    prepare: async (world) => {
      const { ours, key, fixture } = world;
      const { user } = (await ours.call('GET', '/api/v1/me', undefined, { key })).json();
      const id = await newRelyingParty(world);
      await giveConsent(fixture.context, user.id, id, ['openid']);
      return { params: { id } };
    },
    foreign: 'not_found',
  },
  'organizations.getCurrent': { foreign: 'own' },
  'users.list': { foreign: 'own' },
  'users.create': {
    prepare: () => ({ body: { email: `${fresh('new')}@example.com`, name: 'New', password: PASSWORD } }),
    foreign: 'own',
  },
  'users.get': { prepare: async (world) => ({ params: { id: await newUser(world) } }), foreign: 'not_found' },
  'users.update': {
    prepare: async (world) => ({
      params: { id: await newUser(world) },
      headers: { 'if-match': '"1"' },
      body: { name: 'Other' },
    }),
    foreign: 'not_found',
  },
  'users.previewRemoval': {
    prepare: async (world) => ({ params: { id: await newUser(world) } }),
    foreign: 'not_found',
  },
  'users.delete': {
    prepare: async (world) => ({ params: { id: await newUser(world) }, headers: { 'if-match': '"1"' } }),
    foreign: 'not_found',
  },
  'organizations.list': { foreign: 'own' },
  // Of a console with several organizations, as this is one: nobody gets it here (see backup.test.ts).
  'backups.create': {
    prepare: async (world) => ({
      key: (await newSession(world)).token,
      body: { passphrase: 'a long passphrase' },
    }),
    foreign: 'own',
  },
  'organizations.create': {
    prepare: async (world) => ({ key: (await newSession(world)).token, body: { name: fresh('Company') } }),
    foreign: 'own',
  },
  'organizations.join': {
    prepare: async (world) => {
      const { key, token } = await newInvitee(world);
      return { key, body: { token } };
    },
    foreign: 'own',
  },
  'organizations.switch': {
    prepare: async (world) => {
      const { key, token, organizationId } = await newInvitee(world);
      const joined = await world.ours.call('POST', '/api/v1/organizations/join', { token }, { key });
      assert.equal(joined.statusCode, 200, joined.body);
      return { key, body: { organizationId } };
    },
    foreign: 'own',
  },
  'groups.list': { foreign: 'own' },
  'groups.create': { prepare: () => ({ body: { name: fresh('group') } }), foreign: 'own' },
  'groups.get': { prepare: async (world) => ({ params: { name: await newGroup(world) } }), foreign: 'not_found' },
  'groups.update': {
    prepare: async (world) => ({
      params: { name: await newGroup(world) },
      headers: { 'if-match': '"1"' },
      body: { description: 'Other', add: [await newUser(world)] },
    }),
    foreign: 'not_found',
  },
  'groups.delete': {
    prepare: async (world) => ({ params: { name: await newGroup(world) }, headers: { 'if-match': '"1"' } }),
    foreign: 'not_found',
  },
  'roles.list': { foreign: 'own' },
  'roles.create': { prepare: () => ({ body: { name: fresh('role'), permissions: [] } }), foreign: 'own' },
  'roles.get': { prepare: async (world) => ({ params: { name: await newRole(world) } }), foreign: 'not_found' },
  'roles.update': {
    prepare: async (world) => ({
      params: { name: await newRole(world) },
      headers: { 'if-match': '"1"' },
      body: { description: 'other' },
    }),
    foreign: 'not_found',
  },
  'roles.delete': { prepare: async (world) => ({ params: { name: await newRole(world) } }), foreign: 'not_found' },
  'apiKeys.list': { foreign: 'own' },
  'apiKeys.create': { prepare: () => ({ body: { name: 'ci', role: 'member' } }), foreign: 'own' },
  'apiKeys.rotate': {
    prepare: async (world) => ({ params: { id: (await newApiKey(world)).apiKey.id }, body: { overlapSeconds: 60 } }),
    foreign: 'not_found',
  },
  'apiKeys.rotateCurrent': {
    prepare: async (world) => ({ key: (await newApiKey(world)).key, body: {} }),
    foreign: 'own',
  },
  'apiKeys.delete': {
    prepare: async (world) => ({ params: { id: (await newApiKey(world)).apiKey.id } }),
    foreign: 'not_found',
  },
  'serviceAccounts.list': { foreign: 'own' },
  'serviceAccounts.create': { prepare: () => ({ body: { name: fresh('robot') } }), foreign: 'own' },
  'serviceAccounts.update': {
    prepare: async (world) => {
      const { id, version } = await newServiceAccount(world);
      return { params: { id }, headers: { 'if-match': `"${version}"` }, body: { status: 'disabled' } };
    },
    foreign: 'not_found',
  },
  'workloadTrusts.list': { foreign: 'own' },
  // To others the account does not exist, which is an invalid field.
  'workloadTrusts.create': { prepare: async (world) => ({ body: (await newTrust(world)).body }), foreign: 'own' },
  'workloadTrusts.delete': {
    prepare: async (world) => ({ params: { id: (await newTrust(world)).id } }),
    foreign: 'not_found',
  },
  'relyingParties.list': { foreign: 'own' },
  'relyingParties.create': {
    prepare: () => ({ body: { name: 'wiki', redirectUris: ['https://wiki.example/callback'] } }),
    foreign: 'own',
  },
  'relyingParties.update': {
    prepare: async (world) => ({
      params: { id: await newRelyingParty(world) },
      body: { redirectUris: ['https://wiki.example/moved'] },
    }),
    foreign: 'not_found',
  },
  'relyingParties.renewSecret': {
    prepare: async (world) => ({ params: { id: await newRelyingParty(world) } }),
    foreign: 'not_found',
  },
  'relyingParties.delete': {
    prepare: async (world) => ({ params: { id: await newRelyingParty(world) } }),
    foreign: 'not_found',
  },
  'personalAccessTokens.list': { foreign: 'own' },
  'personalAccessTokens.create': {
    prepare: async (world) => ({ body: { name: 'git', resources: [(await newResource(world)).name] } }),
    // To others the resource does not exist, which is an invalid field.
    foreign: 'own',
  },
  'personalAccessTokens.delete': {
    prepare: async (world) => ({ params: { id: (await newPersonalToken(world)).id } }),
    foreign: 'not_found',
  },
  'personalAccessTokens.listAll': { foreign: 'own' },
  'personalAccessTokens.deleteAny': {
    prepare: async (world) => ({ params: { id: (await newPersonalToken(world)).id } }),
    foreign: 'not_found',
  },
  'devices.list': { foreign: 'own' },
  'devices.get': {
    prepare: async ({ ours }) => ({ params: { id: (await ours.enrolDevice()).id } }),
    foreign: 'not_found',
  },
  'devices.listTunnels': {
    prepare: async ({ ours }) => ({ params: { id: (await ours.enrolDevice()).id } }),
    foreign: 'not_found',
  },
  'devices.reportDiscovered': {
    prepare: async ({ ours, key }) => {
      const service = { port: 3000, scope: 'loopback', address: '127.0.0.1:3000', process: 'node', guess: 'http' };
      return { params: { id: (await ours.enrolDevice(key)).id }, body: { publishes: true, services: [service] } };
    },
    foreign: 'not_found',
  },
  'devices.listDiscovered': {
    prepare: async ({ ours }) => ({ params: { id: (await ours.enrolDevice()).id } }),
    foreign: 'not_found',
  },
  'devices.listTargets': {
    prepare: async ({ ours, key }) => ({ params: { id: (await ours.enrolDevice(key)).id } }),
    foreign: 'not_found',
  },
  'devices.enrol': {
    prepare: async () => ({
      body: { name: 'laptop', csr: await certificateRequest(generateKeyPairSync('ed25519').privateKey) },
    }),
    foreign: 'own',
  },
  'devices.renew': {
    prepare: async ({ deviceId, deviceKey }) => ({
      params: { id: deviceId },
      body: { csr: await certificateRequest(deviceKey) },
    }),
    foreign: 'not_found',
  },
  'devices.approve': {
    prepare: async ({ ours }) => ({ params: { id: (await ours.enrolDevice()).id } }),
    foreign: 'not_found',
  },
  'devices.reportPosture': {
    prepare: async ({ ours, fixture, key }) => {
      const device = await ours.enrolDevice(key);
      return { params: { id: device.id }, body: { report: await postureReport(device, fixture.clock.nowMs) } };
    },
    foreign: 'not_found',
  },
  'devicePolicy.get': { foreign: 'own' },
  'devicePolicy.update': {
    prepare: async ({ ours }) => {
      const { version } = (await ours.call('GET', '/api/v1/organizations/current/device-policy')).json();
      return { headers: { 'if-match': `"${version}"` }, body: {} };
    },
    foreign: 'own',
  },
  'devices.delete': {
    prepare: async ({ ours }) => ({ params: { id: (await ours.enrolDevice()).id } }),
    foreign: 'not_found',
  },
  'gateways.list': { foreign: 'own' },
  'gateways.get': {
    prepare: async ({ ours }) => ({ params: { id: (await ours.enrolGateway()).gateway.id } }),
    foreign: 'not_found',
  },
  'gateways.createEnrolment': { prepare: () => ({ body: { ttlSeconds: 60 } }), foreign: 'own' },
  'gateways.enrol': {
    prepare: async ({ ours }) => {
      const { token } = (await ours.call('POST', '/api/v1/gateways/enrolments')).json();
      return {
        body: await gatewayEnrolment(token, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey),
      };
    },
    foreign: 'own',
  },
  'gateways.setPlace': {
    prepare: async ({ ours }) => ({
      params: { id: (await ours.enrolGateway()).gateway.id },
      body: { place: { name: 'Zürich', latitude: 47.37, longitude: 8.54 } },
    }),
    foreign: 'not_found',
  },
  'gateways.delete': {
    prepare: async ({ ours }) => ({ params: { id: (await ours.enrolGateway()).gateway.id } }),
    foreign: 'not_found',
  },
  'endpoints.thisMachine': { foreign: 'own' },
  'endpoints.list': { foreign: 'own' },
  'resources.list': { foreign: 'own' },
  'resources.create': { prepare: () => ({ body: { name: fresh('app'), targets: [target] } }), foreign: 'own' },
  'resources.apply': {
    prepare: ({ deviceId }) => ({
      body: { resources: [{ name: fresh('applied'), targets: [{ ...target, agent: deviceId }] }] },
    }),
    // The device is ours; to others it does not exist, which is an invalid field of their file.
    foreign: 'own',
  },
  'resources.get': {
    prepare: async (world) => ({ params: { id: (await newResource(world)).id } }),
    foreign: 'not_found',
  },
  'resources.update': {
    prepare: async (world) => {
      const { id, name, version } = await newResource(world);
      return {
        params: { id },
        headers: { 'if-match': `"${version}"` },
        body: { name, targets: [target, { address: '10.0.0.2:80' }] },
      };
    },
    foreign: 'not_found',
  },
  'resources.delete': {
    prepare: async (world) => ({ params: { id: (await newResource(world)).id } }),
    foreign: 'not_found',
  },
  'resources.previewRemoval': {
    prepare: async (world) => ({ params: { id: (await newResource(world)).id } }),
    foreign: 'not_found',
  },
  'sites.previewRemoval': { prepare: newSite, foreign: 'not_found' },
  'devices.previewRemoval': { prepare: ({ deviceId }) => ({ params: { id: deviceId } }), foreign: 'not_found' },
  'identityProviders.previewRemoval': {
    prepare: async (world) => ({ params: { id: (await newProvider(world)).id } }),
    foreign: 'not_found',
  },
  'serviceAccounts.previewRemoval': {
    prepare: async (world) => ({ params: { id: (await newServiceAccount(world)).id } }),
    foreign: 'not_found',
  },
  'workloadTrusts.previewRemoval': {
    prepare: async (world) => ({ params: { id: (await newTrust(world)).id } }),
    foreign: 'not_found',
  },
  'apiKeys.previewRemoval': {
    prepare: async (world) => ({ params: { id: (await newApiKey(world)).apiKey.id } }),
    foreign: 'not_found',
  },
  'relyingParties.previewRemoval': {
    prepare: async (world) => ({ params: { id: await newRelyingParty(world) } }),
    foreign: 'not_found',
  },
  'accessRequests.previewRemoval': {
    prepare: async (world) => {
      const { id, key } = await newAccessRequest(world);
      return { params: { id }, key };
    },
    foreign: 'not_found',
  },
  'services.list': { foreign: 'own' },
  'services.publish': {
    prepare: ({ deviceId }) => ({ body: { deviceId, protocol: 'http', address: `localhost:${3000 + ++count}` } }),
    foreign: 'not_found',
  },
  'services.get': {
    prepare: async (world) => ({ params: { id: (await newService(world)).name } }),
    foreign: 'not_found',
  },
  'services.stop': {
    prepare: async (world) => ({ params: { id: (await newService(world)).id } }),
    foreign: 'not_found',
  },
  'services.start': {
    prepare: async (world) => ({ params: { id: (await newService(world)).id } }),
    foreign: 'not_found',
  },
  'services.delete': {
    prepare: async (world) => ({ params: { id: (await newService(world)).id } }),
    foreign: 'not_found',
  },
  'shares.create': {
    prepare: async (world) => ({ params: { id: (await newService(world)).id }, body: { ttlSeconds: 3600 } }),
    foreign: 'not_found',
  },
  'shares.list': {
    prepare: async (world) => ({ params: { id: (await newService(world)).id } }),
    foreign: 'not_found',
  },
  'shares.delete': {
    prepare: async (world) => {
      const { id } = await newService(world);
      const answer = await world.ours.call('POST', `/api/v1/resources/${id}/shares`, { ttlSeconds: 3600 });
      return { params: { id: answer.json().share.id } };
    },
    foreign: 'not_found',
  },
  'sites.list': { foreign: 'own' },
  'sites.get': { prepare: newSite, foreign: 'not_found' },
  'sites.publish': {
    prepare: ({ deviceId }) => ({
      body: { name: fresh('site'), connection: 'tunnel', deviceId, destinations: ['db.corp:5432'] },
    }),
    foreign: 'not_found',
  },
  'devices.setPlace': {
    prepare: async ({ ours }) => ({
      params: { id: (await ours.enrolDevice()).id },
      body: { place: { name: 'Zürich', latitude: 47.37, longitude: 8.54 } },
    }),
    foreign: 'not_found',
  },
  'sites.setPlace': {
    prepare: async (world) => ({
      ...(await newSite(world)),
      body: { place: { name: 'Zürich', latitude: 47.37, longitude: 8.54 } },
    }),
    foreign: 'not_found',
  },
  'sites.delete': { prepare: newSite, foreign: 'not_found' },
  'accessEvents.list': { prepare: () => ({ query: 'effect=deny&limit=5' }), foreign: 'own' },
  'overview.get': { foreign: 'own' },
  'resources.test': {
    prepare: async (world) => ({ body: { url: `https://${(await newResource(world)).name}.localhost/` } }),
    foreign: 'own',
  },
  'resources.health': { prepare: async (world) => ({ query: `ids=${(await newResource(world)).id}` }), foreign: 'own' },
  'gateways.drain': {
    prepare: async ({ ours }) => ({
      params: { id: (await ours.enrolGateway()).gateway.id },
      body: { drain: true, graceSeconds: 60, dryRun: false },
    }),
    foreign: 'not_found',
  },
  'gateways.readLog': {
    prepare: async ({ ours }) => ({ params: { id: (await ours.enrolGateway()).gateway.id } }),
    foreign: 'not_found',
  },
  'gateways.getStatus': {
    prepare: async ({ ours }) => ({ params: { id: (await ours.enrolGateway()).gateway.id } }),
    foreign: 'not_found',
  },
  'resources.checkDns': {
    prepare: async (world) => ({ params: { id: (await newResource(world)).id } }),
    foreign: 'not_found',
  },
  'push.list': { foreign: 'own' },
  'push.subscribe': { prepare: async (world) => await newPush(world, false), foreign: 'own' },
  'push.test': { prepare: async (world) => await newPush(world, true), foreign: 'not_found' },
  'push.unsubscribe': { prepare: async (world) => await newPush(world, true), foreign: 'not_found' },
  'notifications.list': { foreign: 'own' },
  'notifications.create': {
    prepare: async (world) => {
      await clearNotifications(world);
      return { body: { name: fresh('pager'), settings: { kind: 'webhook', url: 'https://pager.example/' } } };
    },
    foreign: 'own',
  },
  'notifications.update': {
    prepare: async (world) => ({
      params: { id: await newNotification(world) },
      body: { name: fresh('pager') },
      headers: { 'if-match': '"1"' },
    }),
    foreign: 'not_found',
  },
  'notifications.test': {
    prepare: async (world) => ({ params: { id: await newNotification(world) } }),
    foreign: 'not_found',
  },
  'notifications.delete': {
    prepare: async (world) => ({ params: { id: await newNotification(world) } }),
    foreign: 'not_found',
  },
  'branding.get': { foreign: 'own' },
  'branding.set': {
    prepare: () => ({ body: { name: 'Acme', colour: '#2451d6', text: 'Ask the help desk.' } }),
    foreign: 'own',
  },
  'organizations.update': {
    prepare: async () => ({ body: { name: 'acme', timeZone: 'UTC', snapshotMaxAgeSeconds: 86_400 } }),
    foreign: 'own',
  },
  'traffic.get': {
    prepare: async (world) => ({ query: `range=7d&resourceId=${(await newResource(world)).id}` }),
    foreign: 'own',
  },
  'traffic.top': { prepare: () => ({ query: 'by=gateway&order=bytes' }), foreign: 'own' },
  'traffic.sparklines': {
    prepare: async (world) => ({ query: `ids=${(await newResource(world)).id}` }),
    foreign: 'own',
  },
  'traffic.reasons': { foreign: 'own' },
  'incidents.list': { foreign: 'own' },
  'incidents.get': { prepare: async (world) => ({ params: { id: await newIncident(world) } }), foreign: 'not_found' },
  'incidents.acknowledge': {
    prepare: async (world) => ({ params: { id: await newIncident(world) }, body: { note: 'on it' } }),
    foreign: 'not_found',
  },
  'incidents.close': {
    prepare: async (world) => ({ params: { id: await newIncident(world) }, body: {} }),
    foreign: 'not_found',
  },
  'activity.get': { prepare: ({ deviceId }) => ({ params: { id: deviceId } }), foreign: 'not_found' },
  'activity.differing': { foreign: 'own' },
  'policies.hits': { foreign: 'own' },
  'audit.list': { foreign: 'own' },
  'audit.verify': { foreign: 'own' },
  'audit.checkpoint': { foreign: 'own' },
  'audit.proveInclusion': { prepare: () => ({ query: 'seq=1' }), foreign: 'own' },
  'audit.proveConsistency': { prepare: () => ({ query: 'from=1' }), foreign: 'own' },
  'audit.export': { prepare: () => ({ query: 'from=1&limit=10' }), foreign: 'own' },
  'audit.getRetention': { foreign: 'own' },
  'audit.setRetention': {
    prepare: async ({ ours }) => {
      const { version } = (await ours.call('GET', '/api/v1/audit/retention')).json();
      return { headers: { 'if-match': `"${version}"` }, body: { entryDays: 365 } };
    },
    foreign: 'own',
  },
  'audit.previewErasure': {
    prepare: async (world) => ({ params: { id: await newUser(world) } }),
    foreign: 'not_found',
  },
  'audit.erase': {
    prepare: async (world) => {
      const id = await newUser(world);
      const headers = { 'if-match': '"1"' };
      const answer = await world.ours.call('PATCH', `/api/v1/users/${id}`, { status: 'disabled' }, { headers });
      assert.equal(answer.statusCode, 200, answer.body);
      return { params: { id } };
    },
    foreign: 'not_found',
  },
  'auditExports.list': { foreign: 'own' },
  'auditExports.create': {
    prepare: async (world) => {
      await removeExports(world);
      return { body: exportInput() };
    },
    foreign: 'own',
  },
  'auditExports.get': {
    prepare: async (world) => ({ params: { id: await newExport(world) } }),
    foreign: 'not_found',
  },
  'auditExports.update': {
    prepare: async (world) => ({
      params: { id: await newExport(world) },
      body: { name: 'renamed' },
      headers: { 'if-match': '"1"' },
    }),
    foreign: 'not_found',
  },
  'auditExports.test': {
    prepare: async (world) => ({ params: { id: await newExport(world) } }),
    foreign: 'not_found',
  },
  'auditExports.delete': {
    prepare: async (world) => ({ params: { id: await newExport(world) } }),
    foreign: 'not_found',
  },
};

export function urlOf(route: RouteDefinition, { params = {}, query }: RouteCall): string {
  const path = route.path.replaceAll(/:([a-zA-Z]+)/g, (_, name: string) => params[name]!);
  return query === undefined ? path : `${path}?${query}`;
}
