import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createId, type PublicJwk, SNAPSHOT_CONTEXT, type Snapshot, type SnapshotPolicy } from '@zeronaut/model';
import { temporaryDirectory } from '@zeronaut/testkit';
import { AccessWorld, createResource, randomSecret, TestBrowser } from './access/access-world.suite.ts';
import { reviewFlow } from './access/flow-review.ts';
import { decideForward } from './access/forward-access.ts';
import { createRawAccess } from './access/raw-access.ts';
import { watchFiles } from './config/watch.ts';
import { CountryFile } from './country-file.ts';
import type { Flow } from './flow.ts';
import { createLog } from './observe/log.ts';
import { ReceivedSnapshot } from './received-snapshot.ts';
import { createSnapshotTrust } from './snapshot/check.ts';
import { SnapshotStore } from './snapshot/store.ts';
import { CurrentTables, compileTables } from './tables.ts';

/**
 * Whatever fails, nobody comes in who did not before. One row for each failure, with what is promised of it: `deny`, or
 * `last good` where what ran goes on running. On the real parts: access, tables, snapshot store, country file. A full disk
 * under the store is in `store.test.ts`, snapshots that a console should not have signed are in `console-link.test.ts`,
 * whole processes in e2e (`faults`, `console-away`).
 */
const HOST = 'app.base.test';
const URL_OF_APP = `https://${HOST}/`;
const app = createResource('app');
const byPolicy = createResource('only', { access: { ...app.access, mode: 'policy' } });
const DAY_MS = 86_400_000;

const HEAD = { principal: { op: 'All' }, action: { op: 'All' }, resource: { op: 'All' } };
const fact = (attr: string) => ({ '.': { left: { Var: 'context' }, attr } });
const risky = { '>': { left: fact('risk'), right: { Value: 50 } } };
/** Beyond what a long can be, as soon as it is evaluated. */
const huge = { '+': { left: fact('risk'), right: { Value: 9_007_199_254_740_000 } } };
const overflowing = { '<': { left: { '*': { left: huge, right: { Value: 9 } } }, right: { Value: 0 } } };
const policy = (effect: string, body: unknown): SnapshotPolicy => ({
  ...{ id: createId('policy'), name: `p-${effect}`, mode: 'enforce' },
  json: { ...HEAD, effect, conditions: body === null ? [] : [{ kind: 'when', body }] },
});

async function verdictOf(world: AccessWorld, host: string, token: string | null, address = '192.0.2.10') {
  const cookies: Record<string, string> = token === null ? {} : { '__Host-zn_session': token };
  const { decision } = await world.visit(`https://${host}/`, { cookies, address });
  return `${decision!.verdict.effect} ${decision!.verdict.reason}`;
}

const FAILURES: readonly [failure: string, promise: 'deny' | 'last good', run: () => Promise<void>][] = [
  [
    'a forbid cannot be evaluated',
    'deny',
    async () => {
      const world = await AccessWorld.create([app], { policies: [policy('forbid', overflowing)] });
      assert.equal(
        await verdictOf(world, HOST, await world.domainToken(world.ann, HOST)),
        'deny access.policy_forbids',
      );
    },
  ],
  [
    'a permit cannot be evaluated',
    'deny',
    async () => {
      const world = await AccessWorld.create([byPolicy], { policies: [policy('permit', null)] });
      const token = await world.domainToken(world.ann, 'only.base.test');
      assert.equal(await verdictOf(world, 'only.base.test', token), 'pass access.policy');
      world.change({ policies: [policy('permit', overflowing)] });
      assert.equal(await verdictOf(world, 'only.base.test', token), 'deny access.not_allowed');
    },
  ],
  [
    'a policy of a new snapshot cannot be run',
    'last good',
    async () => {
      const world = await AccessWorld.create([app], { policies: [policy('forbid', risky)] });
      world.change({ risks: [{ id: world.ann.id, score: 80 }] });
      const token = await world.domainToken(world.ann, HOST);
      const broken = { ...policy('forbid', risky), json: { effect: 'forbid' } };
      assert.throws(() => world.change({ policies: [broken] }), { name: 'UnsupportedPolicyError' });
      assert.equal(await verdictOf(world, HOST, token), 'deny access.policy_forbids');
      assert.equal(await verdictOf(world, HOST, await world.domainToken(world.bob, HOST)), 'pass access.session');
    },
  ],
  [
    'a bug while deciding',
    'deny',
    async () => {
      const world = await AccessWorld.create([app], {
        policies: [policy('forbid', { '==': { left: fact('country'), right: { Value: 'XX' } } })],
      });
      const countries = {
        of: () => {
          throw new TypeError('a bug');
        },
      };
      Object.assign(world, { tables: new CurrentTables(world.tables.get(), countries) });
      await world.start();
      const token = await world.domainToken(world.ann, HOST);
      await assert.rejects(verdictOf(world, HOST, token), /a bug/, 'no verdict at all, and the pipeline answers 500');
    },
  ],
  [
    'everything that a snapshot gave for a while has ended, and no newer one came',
    'deny',
    async () => {
      const world = await AccessWorld.create([byPolicy]);
      const objectId = byPolicy.id;
      const soon = new Date(world.clock.now() + 3_600_000).toISOString();
      const share = { id: createId('share'), expiresAt: soon };
      const hourly = { accessGrants: [{ userId: world.ann.id, objectId, expiresAt: soon }] };
      world.change({ ...hourly, resources: [{ ...byPolicy, shares: [share] }] });
      const token = await world.domainToken(world.ann, 'only.base.test', { exp: world.seconds() + 30 * 86_400 });
      const link = await world.shareToken({ ...byPolicy, shares: [share] }, { exp: world.seconds() + 30 * 86_400 });
      const shared = async () =>
        (await world.visit('https://only.base.test/', { headers: { 'x-zeronaut-share': link } })).decision!.verdict;
      assert.equal(await verdictOf(world, 'only.base.test', token), 'pass access.granted');
      assert.equal((await shared()).reason, 'access.share');
      world.clock.advance(2 * 3_600_000);
      assert.equal(await verdictOf(world, 'only.base.test', token), 'deny access.not_allowed');
      assert.notEqual((await shared()).effect, 'pass');
      world.clock.advance(60 * DAY_MS);
      assert.equal(await verdictOf(world, 'only.base.test', token), 'challenge access.session_expired');
    },
  ],
  [
    'the snapshot has expired: the console was not heard for longer than the organization allows',
    'deny',
    async () => {
      const port = createResource('ssh', { protocol: 'tcp', hosts: [], port: 20_022 });
      const open = createResource('open', { access: { ...app.access, mode: 'public' } });
      const openPort = { ...port, ...{ id: createId('resource'), port: 20_023, access: open.access } };
      const world = await AccessWorld.create([app, byPolicy, port, open, openPort], {
        policies: [policy('permit', null)],
      });
      const site = {
        ...{
          id: createId('site'),
          organizationId: world.ann.organizationId,
          name: 'lan',
          connection: 'local' as const,
        },
        deviceId: null,
        destinations: ['10.0.0.1:22'],
        access: open.access,
      };
      const device = { id: createId('device'), organizationId: world.ann.organizationId, userId: world.ann.id };
      world.change({ sites: [site], devices: [{ ...device, keyFingerprint: 'k'.repeat(43) }] });
      const lease = { endMs: world.clock.now() + 3_600_000 };
      Object.assign(world, { tables: new CurrentTables(world.tables.get(), undefined, lease) });
      await world.start();
      const raw = createRawAccess(world.grants, world.clock.now);
      const users: Flow['subject'][] = [
        {
          kind: 'user',
          user: world.ann,
          sessionId: createId('session'),
          session: null,
          expiresAtMs: Number.POSITIVE_INFINITY,
        },
        { kind: 'anonymous' },
      ];
      const token = await world.domainToken(world.ann, HOST);
      const { token: portal } = await world.portalToken(world.ann);
      const only = await world.domainToken(world.ann, 'only.base.test');
      const all = async () => {
        const tables = world.tables.get();
        const destination = { host: '10.0.0.1', port: 22 };
        const forward = { deviceId: device.id, address: '192.0.2.10', destination, nowMs: world.clock.now() };
        const review = { grants: world.grants, ended: world.ended, nowMs: world.clock.now() };
        return [
          await verdictOf(world, HOST, token),
          await verdictOf(world, HOST, null),
          await verdictOf(world, 'only.base.test', only),
          await verdictOf(world, 'open.base.test', null),
          ...[port, openPort].map((resource) => raw.decide(world.flow(resource, {}, 'tcp')).verdict),
          decideForward(tables, { ...forward, connected: () => true }).verdict,
          ...users.map(
            (subject, index) => reviewFlow({ ...world.flow([app, open][index]!), subject }, tables, review).verdict,
          ),
        ].map((verdict) => (typeof verdict === 'string' ? verdict : `${verdict.effect} ${verdict.reason}`));
      };
      const cookies = { '__Host-zn_portal': portal };
      assert.deepEqual(await all(), [
        'pass access.session',
        'challenge access.session_missing',
        'pass access.policy',
        'pass access.public',
        'deny access.address_unknown',
        'pass access.public',
        'pass access.public',
        'pass access.session',
        'pass access.public',
      ]);
      assert.equal((await world.visit('https://portal.base.test/', { cookies })).status, 200);
      world.clock.advance(3_600_000);
      assert.deepEqual(new Set(await all()), new Set(['deny access.snapshot_expired']));
      // No session opens, no address is let in; to sign out goes on working.
      for (const url of [
        'https://portal.base.test/',
        'https://portal.base.test/sign-in',
        `${URL_OF_APP}.zeronaut/callback?code=x`,
      ]) {
        const { status, body, outcome } = await world.visit(url, { cookies });
        assert.equal(status, 503, url);
        assert.equal(outcome?.verdict.reason, 'access.snapshot_expired', 'in its event, too');
        assert.match(body, /access\.snapshot_expired/);
      }
      assert.equal((await world.visit('https://portal.base.test/grants', { cookies, form: {} })).status, 503);
      assert.equal((await world.visit('https://portal.base.test/sign-out', { cookies })).status, 200);
      // Heard again: without a new snapshot and without a restart.
      lease.endMs += 3_600_000;
      assert.equal(await verdictOf(world, HOST, token), 'pass access.session');
    },
  ],
  [
    'the keys of gateways were rotated',
    'deny',
    async () => {
      const world = await AccessWorld.create([app]);
      const token = await world.domainToken(world.ann, HOST);
      assert.equal(await verdictOf(world, HOST, token), 'pass access.session');
      const key = { gatewayId: world.otherGatewayId, key: world.otherGatewayKey.jwk };
      world.change({ gatewayKeys: [key] });
      assert.match(await verdictOf(world, HOST, token), /^challenge /);
      // The same name for another key.
      const { jwk } = world.otherGatewayKey;
      const named = { ...jwk, kid: world.gatewayKey.jwk.kid };
      world.change({ gatewayKeys: [{ gatewayId: world.gatewayId, key: named }] });
      assert.match(await verdictOf(world, HOST, token), /^challenge /);
    },
  ],
  [
    'the keys of the console were rotated',
    'deny',
    async () => {
      const world = await AccessWorld.create([app]);
      const { token } = await world.portalToken(world.ann);
      const home = () => world.visit('https://portal.base.test/', { cookies: { '__Host-zn_portal': token } });
      assert.equal((await home()).status, 200);
      world.change({ consoleKeys: [{ ...world.otherGatewayKey.jwk, kid: world.consoleKey.jwk.kid }] });
      assert.equal((await home()).status, 303, 'to the form');
    },
  ],
  [
    'a snapshot is signed with a rotated key',
    'last good',
    async () => {
      const console = signer();
      const { store } = openStore(console);
      assert.equal((await store.accept(console.signed({ version: 1 }))).ok, true);
      const payload = JSON.stringify(console.snapshot(2));
      const { signature } = signer().sign(payload);
      for (const keyId of ['console-1', 'console-2']) {
        assert.equal((await store.accept(ReceivedSnapshot.of({ keyId, signature, payload }))).ok, false);
      }
      assert.equal(store.version, 1);
    },
  ],
  [
    'the clock is an hour behind, or years ahead',
    'deny',
    async () => {
      const world = await AccessWorld.create([app]);
      const token = await world.domainToken(world.ann, HOST);
      const now = world.clock.now();
      world.clock.set(now - 3_600_000);
      assert.match(await verdictOf(world, HOST, token), /^challenge /, 'made in the future');
      world.clock.set(now + 3_650 * DAY_MS);
      assert.equal(await verdictOf(world, HOST, token), 'challenge access.session_expired');
      world.clock.set(now);
      assert.equal(await verdictOf(world, HOST, token), 'pass access.session');
    },
  ],
  [
    'the clock goes back after a sign-out',
    'deny',
    async () => {
      const world = await AccessWorld.create([app]);
      const sid = createId('session');
      const token = await world.domainToken(world.ann, HOST, { sid });
      world.ended.end(sid, world.clock.now() + 8 * 3_600_000, world.clock.now());
      world.clock.set(world.clock.now() - 30_000);
      assert.equal(await verdictOf(world, HOST, token), 'challenge access.session_revoked');
    },
  ],
  [
    'the store cannot be written or read',
    'last good',
    async () => {
      const console = signer();
      const blocked = join(temporaryDirectory('blocked'), 'snapshots');
      writeFileSync(blocked, 'a file in the place of the directory');
      const { store, stop } = openStore(console, blocked);
      const session = createId('session');
      await assert.rejects(store.load(), 'nothing there, and nothing is made up');
      const signed = console.signed({
        version: 7,
        revokedSessions: [{ id: session, expiresAt: '2027-01-01T00:00:00.000Z' }],
      });
      const accepted = await store.accept(signed);
      assert.ok(accepted.ok, 'a revocation counts without a disk');
      assert.ok(compileTables(accepted.snapshot).revokedSessions.has(session));
      await store.save(7, signed);
      assert.equal(store.unsaved, true);
      stop();
    },
  ],
  [
    'all snapshots on disk are damaged',
    'deny',
    async () => {
      const console = signer();
      const { store, directory, stop } = openStore(console);
      const signed = console.signed({ version: 3, resources: [{ ...app, organizationId: console.organizationId }] });
      assert.ok((await store.accept(signed)).ok);
      await store.save(3, signed);
      stop();
      for (const name of readdirSync(directory)) writeFileSync(join(directory, name), '{"payload":');
      assert.equal(await openStore(console, directory).store.load(), null);
      // A gateway without a snapshot: nobody, and nothing.
      const world = await AccessWorld.create([]);
      assert.equal((await world.visit(URL_OF_APP)).status, 404);
    },
  ],
  [
    'the authorised addresses on disk are damaged',
    'deny',
    async () => {
      const port = createResource('ssh', { protocol: 'tcp', hosts: [], port: 20_022 });
      const world = await AccessWorld.create([port]);
      writeFileSync(join(world.directory, 'grants.json'), '[{"resourceId":');
      await world.start();
      assert.deepEqual([...world.grants.usersAt(port, '192.0.2.10', world.tables.get())], []);
    },
  ],
  [
    'the console is slow: sign-ins wait, sessions do not',
    'last good',
    async () => {
      const world = await AccessWorld.create([app]);
      Object.assign(world.console, { signIn: () => new Promise(() => undefined) });
      const browser = new TestBrowser(world);
      let answered = false;
      void browser.signIn(URL_OF_APP, 'ann@example.com').then(() => {
        answered = true;
      });
      const token = await world.domainToken(world.ann, HOST);
      for (let i = 0; i < 50; i++) {
        assert.equal(await verdictOf(world, HOST, token), 'pass access.session');
        assert.match(await verdictOf(world, HOST, null), /^challenge /);
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.equal(answered, false);
      assert.equal(browser.jars.get(HOST)?.has('__Host-zn_session') ?? false, false);
    },
  ],
  [
    'the console lies, or its answer is garbled',
    'deny',
    async () => {
      const world = await AccessWorld.create([app]);
      const lie = async (claims: Record<string, unknown>) => (await world.portalToken(world.ann, claims)).token;
      const nobody = { ...world.ann, id: createId('user') };
      const lies: [string, unknown][] = [
        ['a user who is not here', { token: (await world.portalToken(nobody)).token }],
        ['a user of another organization', { token: (await world.portalToken(world.eve)).token }],
        ['ours, said to be theirs', { token: await lie({ org: world.eve.organizationId }) }],
        ['for another audience', { token: await lie({ aud: HOST }) }],
        ['over already', { token: await lie({ exp: world.seconds() - 1 }) }],
        ['not begun', { token: await lie({ iat: world.seconds() + 3_600 }) }],
        ['of a gateway', { token: await world.domainToken(world.ann, HOST) }],
        ['signed by itself', { token: await world.sign('x', {}, world.otherGatewayKey) }],
        ['garbled', { token: randomSecret() }],
        ['nothing', { token: '' }],
        ['very much', { token: 'A'.repeat(100_000) }],
        ['a reason that there is none of', { reason: 'access.public' }],
      ];
      for (const [name, answer] of lies) {
        Object.assign(world.console, { signIn: async () => answer });
        const browser = new TestBrowser(world);
        await browser.signIn(URL_OF_APP, 'ann@example.com').catch(() => undefined);
        const token = browser.jars.get(HOST)?.get('__Host-zn_session') ?? null;
        assert.equal(token, null, name);
        assert.doesNotMatch(await verdictOf(world, HOST, token), /^pass/, name);
      }
    },
  ],
  [
    'the file of countries is broken',
    'deny',
    async () => {
      const country = fact('country');
      const known = { has: { left: { Var: 'context' }, attr: 'country' } };
      const home = { '&&': { left: known, right: { '==': { left: country, right: { Value: 'CH' } } } } };
      const forbid = policy('forbid', null);
      const unless = { ...forbid, json: { ...forbid.json, conditions: [{ kind: 'unless', body: home }] } };
      const world = await AccessWorld.create([app], { policies: [unless] });
      const path = join(temporaryDirectory('geo'), 'countries.mmdb');
      writeFileSync(path, 'no database');
      const log = createLog({ level: 'silent' });
      const countries = new CountryFile({ path, log, watch: watchFiles });
      Object.assign(world, { tables: new CurrentTables(world.tables.get(), countries) });
      await world.start();
      const token = await world.domainToken(world.ann, HOST);
      assert.equal(await verdictOf(world, HOST, token, '193.5.0.1'), 'deny access.policy_forbids');
      assert.equal(countries.failing, true);
      countries.stop();
    },
  ],
];

for (const [failure, promise, run] of FAILURES) test(`${promise}: ${failure}`, run);

test('deny: the Cedar library fails, and WebAssembly as a whole; a gateway decides without them', () => {
  const script = `
    import { registerHooks } from 'node:module';
    registerHooks({ resolve(specifier, context, next) {
      if (specifier.includes('cedar-wasm')) throw new Error('the Cedar library was asked for');
      return next(specifier, context);
    } });
    const { decide } = await import(${JSON.stringify(new URL('./access/decide.ts', import.meta.url).href)});
    const { compileTables } = await import(${JSON.stringify(new URL('./tables.ts', import.meta.url).href)});
    const { anonymousFacts } = await import(import.meta.resolve('@zeronaut/policy'));
    // Node itself has used it for the types of the sources.
    delete globalThis.WebAssembly;
    const snapshot = JSON.parse(process.env.SNAPSHOT);
    const tables = compileTables(snapshot);
    const object = snapshot.resources[0];
    const facts = anonymousFacts(snapshot.organizationId, '192.0.2.10');
    process.stdout.write(decide(tables, { object, action: 'read', facts, nowMs: 0 }).verdict.reason);
  `;
  const world = new AccessWorld([createResource('app', { access: { ...app.access, mode: 'public' } })], {
    policies: [policy('forbid', { '<': { left: fact('risk'), right: { Value: 50 } } })],
  });
  const env = { ...process.env, SNAPSHOT: JSON.stringify(world.snapshot) };
  const options = { cwd: import.meta.dirname, env, encoding: 'utf8', timeout: 30_000 } as const;
  const reason = execFileSync(process.execPath, ['--input-type=module', '-e', script], options);
  assert.equal(reason, 'access.policy_forbids');
});

interface Signer {
  readonly key: KeyObject;
  readonly jwk: PublicJwk;
  readonly gatewayId: string;
  readonly organizationId: string;
  snapshot(version: number, parts?: Partial<Snapshot>): Snapshot;
  sign(payload: string): ReceivedSnapshot;
  signed(parts: Partial<Snapshot> & { version: number }): ReceivedSnapshot;
}

/** A console, as far as snapshots are concerned. */
function signer(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const jwk: PublicJwk = { kty: 'OKP', crv: 'Ed25519', x: publicKey.export({ format: 'jwk' }).x!, kid: 'console-1' };
  const world = new AccessWorld([]);
  const { gatewayId, organizationId } = world.snapshot;
  const snapshot = (version: number, parts: Partial<Snapshot> = {}) => ({ ...world.snapshot, ...parts, version });
  const signPayload = (payload: string): ReceivedSnapshot =>
    ReceivedSnapshot.of({
      keyId: jwk.kid,
      signature: sign(null, Buffer.from(SNAPSHOT_CONTEXT + payload), privateKey).toString('base64url'),
      payload,
    });
  return {
    ...{ key: publicKey, jwk, gatewayId, organizationId, snapshot, sign: signPayload },
    signed: (parts) => signPayload(JSON.stringify(snapshot(parts.version, parts))),
  };
}

function openStore({ jwk, gatewayId, organizationId }: Signer, directory = temporaryDirectory('snapshots')) {
  const store = new SnapshotStore({
    directory,
    trust: createSnapshotTrust(jwk, gatewayId, organizationId),
    log: createLog({ level: 'silent' }),
    retryWriteMs: 50,
  });
  return { store, directory, stop: () => store.stop() };
}
