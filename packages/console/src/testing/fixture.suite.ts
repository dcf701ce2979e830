import { generateKeyPairSync, type KeyObject, webcrypto } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { CHAIN_START } from '@zeronaut/audit';
import {
  createId,
  type Gateway,
  POSTURE_TYPE,
  type PostureFacts,
  parseNetwork,
  type Role,
  type User,
} from '@zeronaut/model';
import type { TestDatabase } from '@zeronaut/testkit';
import { beginDatabasesWith, temporaryDirectory } from '@zeronaut/testkit';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { type CompactJWSHeaderParameters, CompactSign } from 'jose';
import { type Logger, pino } from 'pino';
import { createApi } from '../api/server.ts';
import { loadAuthority } from '../authority/authority.ts';
import { loadMasterKey } from '../authority/master-key.ts';
import { x509 } from '../authority/x509.ts';
import { insertApiKey } from '../domains/api-keys/api-keys.ts';
import type { Context } from '../domains/context.ts';
import { createUserCodeLimit } from '../domains/device-authorizations/device-authorizations.ts';
import { createSignInLimits } from '../domains/sessions/sign-in-limits.ts';
import { createRecentTotals } from '../domains/traffic/recent-totals.ts';
import { openBreachedPasswords } from '../domains/users/breached-passwords.ts';
import { createPasswordHasher } from '../domains/users/password.ts';
import { insertUser } from '../domains/users/users.ts';
import { LiveFeed } from '../live/live-feed.ts';
import type { Mailer } from '../mail/mailer.ts';
import { createOutbound, type Outbound } from '../outbound/outbound.ts';
import { registerPages } from '../pages/register-pages.ts';
import { Refusal } from '../store/refusal.ts';
import { openStore } from '../store/store.ts';
import { NOBODY_PRESENT } from '../sync/presence.ts';
import { type SyncServer, startSyncServer } from '../sync/sync-server.ts';

/** For tests of this package: the real parts on a throw-away database, with a clock that tests move. */
export interface Fixture {
  readonly context: Context;
  readonly api: FastifyInstance;
  readonly log: Logger;
  /** `clock.nowMs` is what every part takes for now. Starts at the real time and stands still. */
  readonly clock: { nowMs: number };
  /** A fresh organization with an owner, and the owner's API key. */
  organization(name?: string): Promise<TestOrganization>;
  /** On a real socket, for peers that call the console; its address is then the public URL. */
  listen(): Promise<string>;
  /** The gateways of tests say nothing of what they run, so none is waited for at the end. */
  startSync(): Promise<SyncServer>;
}

export interface TestOrganization {
  readonly id: string;
  readonly owner: User;
  readonly key: string;
  /** A user of that role, with an API key of the same role. */
  user(role: Role, options?: { email?: string; password?: string }): Promise<{ user: User; key: string }>;
  /** Calls the API with the owner's key, or with `key`. `null`: without any. */
  call(method: string, url: string, body?: unknown, more?: CallOptions): Promise<LightMyRequestResponse>;
  enrolGateway(overrides?: Record<string, unknown>): Promise<TestGateway>;
  enrolDevice(key?: string, name?: string): Promise<TestDevice>;
}

export interface CallOptions {
  readonly key?: string | null;
  readonly headers?: Record<string, string>;
}

export interface TestGateway {
  readonly gateway: Gateway;
  /** PEM, for the sync link. */
  readonly key: string;
  readonly certificate: string;
  readonly certificateAuthority: string;
  readonly snapshotKey: KeyObject | Record<string, unknown>;
  readonly privateKey: KeyObject;
}

export interface TestDevice {
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly certificate: string;
}

beginDatabasesWith({ name: 'console', fill: async (url) => (await openStore(url)).close() });

let gatewayCount = 0;

export async function startFixture(
  t: TestContext,
  database: TestDatabase,
  /** `webDirectory`: a build of the web console; default: none is there. */
  options: { mailer?: Mailer; heartbeatMs?: number; outbound?: Outbound; webDirectory?: string } = {},
): Promise<Fixture> {
  const clock = { nowMs: Date.now() };
  const log = pino({ level: 'silent' });
  const store = await openStore(database.url);
  t.after(() => store.close());
  const now = () => clock.nowMs;
  let publicUrl = 'http://localhost:8080';
  let sync: SyncServer | null = null;
  const masterKeyFile = `${temporaryDirectory(t)}/master.key`;
  const context: Context = {
    store,
    authority: await loadAuthority(store, loadMasterKey(masterKeyFile), now),
    readMasterKey: () => readFile(masterKeyFile),
    passwords: createPasswordHasher({ memory: 64, passes: 1, parallelism: 1 }),
    breachedPasswords: await openBreachedPasswords(null),
    signInLimits: createSignInLimits(),
    recentTotals: createRecentTotals(),
    userCodeLimit: createUserCodeLimit(),
    outbound: options.outbound ?? createOutbound({ allow: [parseNetwork('127.0.0.0/8')!, parseNetwork('::1')!] }),
    mailer: options.mailer ?? null,
    live: new LiveFeed(),
    clock: now,
    settings: { publicUrl: () => publicUrl, syncAddress: () => '127.0.0.1:8081', commandLineOf: () => null },
    connectedGateways: () => sync?.connectedGateways() ?? new Set(),
    presence: (organizationId) => sync?.presence(organizationId) ?? NOBODY_PRESENT,
    loadHistory: (gatewayId) => sync?.loadHistory(gatewayId) ?? [],
    gatewayKnows: (gatewayId, feature) => sync?.knows(gatewayId, feature) ?? null,
    askTunnels: async (gatewayId, deviceId) => (await sync?.askTunnels(gatewayId, deviceId)) ?? null,
    gatewayLog: (gatewayId) => sync?.logOf(gatewayId) ?? null,
    askWitnesses: async (organizationId) => sync?.askWitnesses(organizationId),
  };
  const api = await createApi(context, {
    log,
    loopbackOnly: true,
    register: (app, all) => registerPages(app, all, options.webDirectory ?? `${temporaryDirectory(t)}/none`),
    ...(options.heartbeatMs === undefined ? {} : { heartbeatMs: options.heartbeatMs }),
  });
  t.after(() => api.close());

  return {
    context,
    api,
    log,
    clock,
    async listen() {
      await api.listen({ host: '127.0.0.1', port: 0 });
      publicUrl = `http://localhost:${(api.server.address() as AddressInfo).port}`;
      return publicUrl;
    },
    async startSync() {
      sync = await startSyncServer(context, { host: '127.0.0.1', port: 0, log, handOverMs: 0 });
      t.after(() => sync?.stop());
      return sync;
    },
    async organization(name = 'acme') {
      const id = createId('organization', clock.nowMs);
      const slug = `${name}-${id.slice(-8)}`;
      await store.db
        .insertInto('organizations')
        .values({ id, name, slug, created_at: clock.nowMs, audit_seq: 0, audit_head: CHAIN_START })
        .execute();
      return await createOrganization(context, api, id, clock);
    },
  };
}

async function createOrganization(
  context: Context,
  api: FastifyInstance,
  id: string,
  clock: { nowMs: number },
): Promise<TestOrganization> {
  const { store } = context;
  async function user(role: Role, options: { email?: string; password?: string } = {}) {
    const passwordHash = options.password === undefined ? null : await context.passwords.hash(options.password);
    const email = options.email ?? `${role}-${createId('user').slice(-10)}@example.com`;
    const fields = { email, name: role, role, groups: [], kind: 'person' as const, passwordHash };
    const created = await insertUser(store.db, id, fields, context.clock());
    if (created instanceof Refusal) throw new Error(created.reason);
    const { key } = await insertApiKey(
      store.db,
      { organizationId: id, userId: created.id },
      { name: 'test', role, expiresAtMs: null },
      context.clock(),
    );
    return { user: created, key };
  }
  const owner = await user('owner');

  async function call(method: string, url: string, body?: unknown, more: CallOptions = {}) {
    const key = more.key === undefined ? owner.key : more.key;
    return await api.inject({
      method: method as NonNullable<InjectOptions['method']>,
      url,
      headers: {
        host: 'localhost:8080',
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...more.headers,
      },
      ...(body === undefined ? {} : { payload: body as object }),
    });
  }

  return {
    id,
    owner: owner.user,
    key: owner.key,
    user,
    call,
    async enrolGateway(overrides = {}) {
      // Each one is younger than the one before: ids sort by the millisecond.
      clock.nowMs++;
      const { token } = (await call('POST', '/api/v1/gateways/enrolments', {})).json();
      const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const body = { ...(await gatewayEnrolment(token, keys.privateKey)), ...overrides };
      const answer = await call('POST', '/api/v1/gateways/enrol', body, { key: null });
      if (answer.statusCode !== 201) throw new Error(answer.body);
      const enrolled = answer.json();
      return {
        ...enrolled,
        privateKey: keys.privateKey,
        key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      };
    },
    async enrolDevice(key = owner.key, name = 'laptop') {
      clock.nowMs++;
      const { privateKey } = generateKeyPairSync('ed25519');
      const body = { name, csr: await certificateRequest(privateKey) };
      const answer = await call('POST', '/api/v1/devices', body, { key });
      if (answer.statusCode !== 201) throw new Error(answer.body);
      return { id: answer.json().device.id, privateKey, certificate: answer.json().certificate };
    },
  };
}

/** A valid body of `gateways.enrol`. */
export async function gatewayEnrolment(token: string, key: KeyObject): Promise<Record<string, unknown>> {
  const signing = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
  const tls = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = `gateway-${++gatewayCount}`;
  return {
    token,
    csr: await certificateRequest(key),
    name,
    baseDomain: 'localhost',
    publicHost: '127.0.0.1',
    httpsPort: 8443,
    tunnelPort: 8444,
    portRange: { from: 20_000, to: 20_009 },
    signingKey: { ...signing, kid: `${name}-${signing.x?.slice(0, 8)}` },
    tlsPublicKey: tls.publicKey.export({ type: 'spki', format: 'pem' }),
  };
}

/** PKCS #10, PEM, for an EC P-256 or Ed25519 private key. */
export async function certificateRequest(key: KeyObject): Promise<string> {
  const algorithm =
    key.asymmetricKeyType === 'ed25519' ? { name: 'Ed25519' } : { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const pkcs8 = new Uint8Array(key.export({ type: 'pkcs8', format: 'der' }));
  const privateKey = await webcrypto.subtle.importKey('pkcs8', pkcs8, algorithm, true, ['sign']);
  const { d: _, key_ops: _ops, ...jwk } = await webcrypto.subtle.exportKey('jwk', privateKey);
  const publicKey = await webcrypto.subtle.importKey('jwk', jwk, algorithm, true, ['verify']);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: 'CN=test',
    keys: { privateKey, publicKey },
    signingAlgorithm: algorithm,
  });
  return request.toString('pem');
}

/** A good report of a device, or one that `change` made something else of. */
export async function postureReport(
  device: Pick<TestDevice, 'id' | 'privateKey'>,
  nowMs: number,
  change: { header?: object; claims?: object; facts?: object; key?: KeyObject } = {},
): Promise<string> {
  const facts: PostureFacts = {
    platform: 'linux',
    os: 'debian',
    osVersion: '12',
    kernel: '6.1.0',
    diskEncryption: 'on',
    firewall: 'unknown',
    screenLock: 'off',
    processes: {},
    files: {},
  };
  const { d: _, ...jwk } = device.privateKey.export({ format: 'jwk' });
  const claims = {
    deviceId: device.id,
    collectedAt: new Date(nowMs).toISOString(),
    facts: { ...facts, ...change.facts },
    ...change.claims,
  };
  return await new CompactSign(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader({ alg: 'EdDSA', typ: POSTURE_TYPE, jwk, ...change.header } as CompactJWSHeaderParameters)
    .sign(change.key ?? device.privateKey);
}
