import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import type { Snapshot, SnapshotUser } from '@zeronaut/model';
import { type PasskeyForgery, VirtualPasskey, waitFor } from '@zeronaut/testkit';
import {
  AccessWorld,
  type Answer,
  createKey,
  createResource,
  createUser,
  hiddenFields,
  OTHER_ORGANIZATION,
  PORTAL,
  TestBrowser,
} from './access-world.suite.ts';
import { mintToken } from './tokens.ts';

const APP = 'https://app.base.test:8443';
const HOME = `https://${PORTAL}:8443`;
const UP = 0x01;
const app = createResource('app');

/** A passkey for the portal, and how the snapshot tells of it. */
function passkeyOf(user: SnapshotUser): { passkey: VirtualPasskey; entry: Snapshot['passkeys'][number] } {
  const passkey = new VirtualPasskey();
  passkey.userHandle = Buffer.from(user.id).toString('base64url');
  const { x, y } = passkey.keys.publicKey.export({ format: 'jwk' });
  // COSE: {1: 2, 3: -7, -1: 1, -2: x, -3: y}
  const publicKey = Buffer.concat([
    Buffer.from('a5010203262001215820', 'hex'),
    Buffer.from(x!, 'base64url'),
    Buffer.from('225820', 'hex'),
    Buffer.from(y!, 'base64url'),
  ]).toString('base64url');
  return { passkey, entry: { userId: user.id, credentialId: passkey.credentialId, publicKey, signCount: 0 } };
}

async function world() {
  const made = await AccessWorld.create([app]);
  const [ann, bob, eve] = [passkeyOf(made.ann), passkeyOf(made.bob), passkeyOf(made.eve)];
  made.change({ passkeys: [ann.entry, bob.entry, eve.entry] });
  made.consoleAway = true;
  return { world: made, ann: ann.passkey, bob: bob.passkey, eve: eve.passkey, entries: [ann, bob, eve] };
}

function optionsOf(page: Answer): { challenge: string; rpId: string } {
  const text = /data-passkey="get" data-options="([^"]+)"/.exec(page.body)![1]!;
  return JSON.parse(text.replaceAll('&quot;', '"').replaceAll('&#34;', '"').replaceAll('&amp;', '&'));
}

async function openForm(browser: TestBrowser, url = `${HOME}/sign-in`) {
  const page = await browser.visit(url);
  return { url, page, fields: hiddenFields(page.body), options: optionsOf(page) };
}
type Form = Awaited<ReturnType<typeof openForm>>;

async function send(browser: TestBrowser, form: Form, credential: object | string, more: object = {}): Promise<Answer> {
  const text = typeof credential === 'string' ? credential : JSON.stringify(credential);
  return await browser.visit(`${HOME}/sign-in/passkey`, { form: { ...form.fields, credential: text }, ...more });
}

async function signIn(browser: TestBrowser, passkey: VirtualPasskey, forgery: PasskeyForgery = {}, more: object = {}) {
  const form = await openForm(browser);
  return await send(browser, form, passkey.get(form.options, { origin: HOME, ...forgery }), more);
}

test('with the console away a passkey opens the portal and the services, and the console hears of it later', async () => {
  const { world: edge, ann } = await world();
  const browser = new TestBrowser(edge);
  const challenged = await browser.visit(`${APP}/deep?a=1`);
  const form = await openForm(browser, challenged.header('location')!);
  assert.match(form.page.header('content-security-policy')!, /script-src 'nonce-[^']+';/);
  const answer = await send(browser, form, ann.get(form.options, { origin: HOME }));
  assert.equal(answer.status, 303, answer.body);
  const back = await browser.visit(answer.header('location')!);
  const served = await browser.visit(back.header('location')!);
  assert.equal(served.decision!.verdict.reason, 'access.session');
  assert.match((await browser.visit(`${HOME}/`)).body, /ann@example\.com/);

  // A restart loses neither the report nor the count; the other gateway of the organization believes the session.
  assert.equal(edge.reported.length, 0);
  await edge.passkeySignIns.stop();
  await edge.start();
  assert.match((await browser.visit(`${HOME}/`)).body, /ann@example\.com/);
  const again = new TestBrowser(edge);
  const copied = await signIn(again, ann, { signCount: ann.signCount! });
  assert.equal(copied.status, 401);
  assert.match(copied.body, /counts backwards/);
  edge.consoleAway = false;
  await waitFor(() => edge.reported.length === 1, { what: 'the report' });
  const [report] = edge.reported;
  assert.deepEqual(
    [report!.userId, report!.credentialId, report!.signCount, report!.ended, report!.address],
    [edge.ann.id, ann.credentialId, 1, false, '192.0.2.10'],
  );

  // Signed out before the console heard of it: it never takes the session for an open one.
  edge.consoleAway = true;
  assert.equal((await signIn(again, ann)).status, 303);
  const fields = hiddenFields((await again.visit(`${HOME}/sign-out`)).body);
  assert.equal((await again.visit(`${HOME}/sign-out`, { form: fields })).status, 200);
  await edge.passkeySignIns.stop();
  await edge.start();
  assert.equal(edge.passkeySignIns.ended().length, 1);
  edge.consoleAway = false;
  await waitFor(() => edge.reported.length === 2, { what: 'the second report' });
  assert.equal(edge.reported[1]!.ended, true);
  await edge.passkeySignIns.stop();
});

test('forged, replayed and misused answers open nothing at the edge', async () => {
  const { world: edge, ann, bob, eve } = await world();
  const handle = (user: SnapshotUser) => Buffer.from(user.id).toString('base64url');
  const cases: [string, PasskeyForgery, RegExp][] = [
    ['another origin', { origin: 'https://evil.example' }, /used on another page/],
    ['a service beside the portal', { origin: APP }, /used on another page/],
    ['the portal under another port', { origin: `https://${PORTAL}` }, /used on another page/],
    ['a frame of another site', { crossOrigin: true }, /used on another page/],
    ['the RP ID of the base domain', { rpId: 'base.test' }, /for another address/],
    ['the RP ID of a service', { rpId: 'app.base.test' }, /for another address/],
    ['a made-up challenge', { challenge: Buffer.alloc(54).toString('base64url') }, /took too long/],
    ['a registration', { type: 'webauthn.create' }, /no passkey/],
    ['its owner was not verified', { flags: UP }, /finger or PIN/],
    ["another's handle", { userHandle: handle(edge.bob) }, /somebody else/],
    ["another's credential", { credentialId: bob.credentialId }, /somebody else/],
    ["another's credential and handle", { credentialId: bob.credentialId, userHandle: handle(edge.bob) }, /signature/],
    ["another organization's", { credentialId: eve.credentialId, userHandle: handle(edge.eve) }, /signature/],
    ['a stranger', { credentialId: Buffer.alloc(32).toString('base64url') }, /Nobody here/],
    ['another key', { key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }, /signature/],
  ];
  for (const [what, forgery, words] of cases) {
    edge.clock.advance(60_000);
    const answer = await signIn(new TestBrowser(edge), ann, forgery);
    assert.ok(answer.status >= 400, what);
    assert.match(answer.body, words, what);
    assert.equal(answer.cookie('__Host-zn_portal'), null, what);
  }

  edge.clock.advance(60_000);
  const browser = new TestBrowser(edge);
  const form = await openForm(browser);
  const credential = ann.get(form.options, { origin: HOME });
  const thief = new TestBrowser(edge);
  const theirs = await openForm(thief);
  assert.match((await send(thief, theirs, credential)).body, /not begun in this browser/, 'another browser');
  const both = await Promise.all([send(browser, form, credential), send(browser, form, credential)]);
  assert.deepEqual(both.map(({ status }) => status).sort(), [303, 401], 'of two at once one comes too late');
  assert.equal((await send(browser, form, credential)).status, 401, 'replayed');
  const late = new TestBrowser(edge);
  const old = await openForm(late);
  edge.clock.advance(300_000);
  assert.match((await send(late, old, bob.get(old.options, { origin: HOME }))).body, /took too long/);
  const foreign = await openForm(thief);
  const stolen = bob.get(foreign.options, { origin: HOME });
  assert.equal((await send(thief, foreign, stolen, { headers: { origin: 'https://evil.example' } })).status, 403);
  assert.equal((await send(thief, foreign, 'x'.repeat(20_000))).status, 400);

  // What the console took away is gone: the passkey, its owner.
  edge.change({ passkeys: edge.snapshot.passkeys.filter(({ userId }) => userId !== edge.bob.id) });
  assert.match((await signIn(thief, bob)).body, /Nobody here/);
  edge.change({ users: [edge.bob] });
  assert.match((await signIn(new TestBrowser(edge), ann, { signCount: 90 })).body, /disabled/);
  await edge.passkeySignIns.stop();
});

test('wrong passkeys of one address are counted, and tokens of gateways count for the portal alone', async () => {
  const { world: edge, ann, entries } = await world();
  const answers = [];
  for (let i = 0; i < 12; i++) answers.push((await signIn(new TestBrowser(edge), ann, { flags: UP })).status);
  assert.deepEqual([answers.filter((status) => status === 401).length, answers.at(-1)], [10, 429]);

  const stranger = createUser('mallory', { organizationId: OTHER_ORGANIZATION });
  const seconds = edge.seconds();
  const claims = {
    ...{ iss: edge.gatewayId, aud: 'zeronaut:portal', sub: edge.ann.id, sid: 'ses_01m8ey00000000000000000000' },
    ...{ org: edge.ann.organizationId, amr: ['passkey'], auth_time: seconds, iat: seconds, exp: seconds + 60 },
  };
  const open = async (token: string) =>
    (await edge.visit(`${HOME}/`, { cookies: { '__Host-zn_portal': token } })).status;
  assert.equal(await open(mintToken('edgeSession', claims, edge.gatewayKey)), 200);
  const other = { ...claims, iss: edge.otherGatewayId };
  assert.equal(await open(mintToken('edgeSession', other, edge.otherGatewayKey)), 200, 'of the next gateway');
  const forged: [string, string][] = [
    ["under another gateway's name", mintToken('edgeSession', other, edge.gatewayKey)],
    ['of a key that nobody knows', mintToken('edgeSession', claims, createKey('gateway-a'))],
    ['another type', mintToken('domainSession', claims, edge.gatewayKey)],
    ['over', mintToken('edgeSession', { ...claims, exp: seconds }, edge.gatewayKey)],
    ['for a service', mintToken('edgeSession', { ...claims, aud: 'app.base.test' }, edge.gatewayKey)],
    ["another organization's", mintToken('edgeSession', { ...claims, org: stranger.organizationId }, edge.gatewayKey)],
  ];
  for (const [what, token] of forged) assert.equal(await open(token), 303, what);
  const asDomain = mintToken('edgeSession', { ...claims, aud: 'app.base.test' }, edge.gatewayKey);
  const visit = await edge.visit(`${APP}/`, { cookies: { '__Host-zn_session': asDomain } });
  assert.notEqual(visit.status, 0, 'it is no session of a service');
  assert.equal(entries.length, 3);
  await edge.passkeySignIns.stop();
});
