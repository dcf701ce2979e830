import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  CONSOLE_ISSUER,
  createId,
  type EdgeSignIn,
  PORTAL_AUDIENCE,
  type PublicJwk,
  RESERVED_PREFIX,
  type Snapshot,
  type SnapshotResource,
  type SnapshotUser,
  snapshotDefaults,
  snapshot as snapshotSchema,
  TOKEN_TYPE,
} from '@zeronaut/model';
import { type ManualClock, manualClock, temporaryDirectory } from '@zeronaut/testkit';
import { SignJWT } from 'jose';
import { ANONYMOUS, type Flow } from '../flow.ts';
import { parseRequestHead } from '../http/request-parser.ts';
import type { HttpAccess, HttpDecision, PageOutcome, PageResponse } from '../rooms.ts';
import { routeHost } from '../router/router.ts';
import { writeFileAtomically } from '../snapshot/atomic-file.ts';
import { CurrentTables, compileTables } from '../tables.ts';
import type { SignInLink } from './access-context.ts';
import { EndedSessions } from './ended-sessions.ts';
import { AddressGrants } from './grants.ts';
import { createHttpAccess } from './http-access.ts';
import { PasskeySignIns } from './passkey-sign-ins.ts';
import type { SigningKey } from './tokens.ts';
import type { UntoldGrants } from './untold-grants.ts';

/**
 * A small world for the tests of this room: two organizations, two gateways, real keys, real tables, requests through
 * the real parser, and a console that knows passwords and mints its tokens with `jose`, the outside judge of ours.
 */
export interface KeyPair extends SigningKey {
  readonly publicKey: KeyObject;
  readonly jwk: PublicJwk;
}

export function createKey(kid: string): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const { x } = publicKey.export({ format: 'jwk' });
  return { kid, privateKey, publicKey, jwk: { kty: 'OKP', crv: 'Ed25519', x: x!, kid, alg: 'EdDSA' } };
}

export const ORGANIZATION = createId('organization');
export const OTHER_ORGANIZATION = createId('organization');
export const PORTAL = 'portal.base.test';
export const PASSWORD = 'correct horse battery staple';

export function createUser(name: string, parts: Partial<SnapshotUser> = {}): SnapshotUser {
  return {
    id: createId('user'),
    organizationId: ORGANIZATION,
    email: `${name}@example.com`,
    name,
    role: 'member',
    groups: [],
    ...parts,
  };
}

export function createResource(name: string, parts: Partial<SnapshotResource> = {}): SnapshotResource {
  return {
    id: createId('resource'),
    organizationId: ORGANIZATION,
    name,
    protocol: 'http',
    hosts: [`${name}.base.test`],
    port: null,
    access: { mode: 'login', allow: [], addresses: [], basic: [], tokens: null },
    shares: [],
    targets: [],
    proxyProtocol: 'none',
    deviceId: null,
    ...parts,
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  /** What access decided; null for our own pages. */
  readonly decision: HttpDecision | null;
  /** What one of our own pages found; null: a page for whoever asks. */
  readonly outcome: PageOutcome | null;
  header(name: string): string | null;
  cookie(name: string): string | null;
}

export interface Visit {
  method?: string;
  headers?: Record<string, string>;
  /** Header lines as they are, for what a map cannot say. */
  lines?: readonly string[];
  cookies?: Record<string, string>;
  form?: Record<string, string>;
  address?: string;
  tls?: boolean;
}

const BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8', 'sec-fetch-mode': 'navigate' };

export class AccessWorld {
  readonly clock: ManualClock = manualClock();
  readonly consoleKey = createKey('console-1');
  readonly gatewayKey = createKey('gateway-a');
  readonly otherGatewayKey = createKey('gateway-b');
  readonly gatewayId = createId('gateway');
  readonly otherGatewayId = createId('gateway');
  readonly directory = temporaryDirectory('access');
  readonly ann = createUser('ann', { groups: ['dev'] });
  readonly bob = createUser('bob', { role: 'admin', groups: ['ops'] });
  readonly eve = createUser('eve', { organizationId: OTHER_ORGANIZATION });
  readonly signedOut: string[] = [];
  /** What the console heard of sign-ins with passkeys. */
  readonly reported: EdgeSignIn[] = [];
  readonly warnings: string[] = [];
  readonly ended = new EndedSessions();
  consoleAway = false;
  snapshot: Snapshot;
  readonly tables: CurrentTables;
  grants!: AddressGrants;
  /** Null: a gateway without a console. */
  untold: UntoldGrants | null = null;
  passkeySignIns!: PasskeySignIns;
  access!: HttpAccess;

  constructor(resources: readonly SnapshotResource[], parts: Partial<Snapshot> = {}) {
    this.snapshot = {
      format: 1,
      version: 1,
      gatewayId: this.gatewayId,
      organizationId: ORGANIZATION,
      issuedAt: new Date(this.clock.now()).toISOString(),
      baseDomain: 'base.test',
      portalHost: PORTAL,
      httpsPort: 8443,
      portRange: { from: 20_000, to: 20_999 },
      certificateAuthority: '',
      consoleKeys: [this.consoleKey.jwk],
      gatewayKeys: [
        { gatewayId: this.gatewayId, key: this.gatewayKey.jwk },
        { gatewayId: this.otherGatewayId, key: this.otherGatewayKey.jwk },
      ],
      certificates: [],
      users: [this.ann, this.bob, this.eve],
      devices: [],
      revokedSessions: [],
      ...snapshotDefaults(),
      resources: [...resources],
      sites: [],
      ...parts,
    };
    this.tables = new CurrentTables(compileTables(snapshotSchema.parse(this.snapshot)));
  }

  static async create(resources: readonly SnapshotResource[], parts: Partial<Snapshot> = {}): Promise<AccessWorld> {
    const world = new AccessWorld(resources, parts);
    await world.start();
    return world;
  }

  /** Again: as after a restart. */
  async start(): Promise<void> {
    this.grants = await AddressGrants.load({
      path: join(this.directory, 'grants.json'),
      write: writeFileAtomically,
      ended: this.ended,
      untold: this.untold,
      now: this.clock.now,
      log: this.log,
    });
    this.passkeySignIns = await PasskeySignIns.load({
      path: join(this.directory, 'passkey-sign-ins.json'),
      write: writeFileAtomically,
      sync: this.console,
      now: this.clock.now,
      log: this.log,
      retryMs: 5,
    });
    this.access = createHttpAccess({
      consoleUrl: 'https://console.example.com',
      gatewayId: this.gatewayId,
      signingKey: this.gatewayKey,
      sync: this.console,
      grants: this.grants,
      ended: this.ended,
      passkeySignIns: this.passkeySignIns,
      now: this.clock.now,
      tables: this.tables,
      log: this.log,
    });
  }

  readonly log = {
    info: () => undefined,
    warn: (_details: object, message: string) => void this.warnings.push(message),
  };

  /** The code that the console asks for; null: it asks for none. */
  secondFactor: string | null = null;

  readonly console: SignInLink = {
    signIn: async ({ email, password, code }) => {
      if (this.consoleAway) return { reason: 'access.unavailable' };
      const user = [this.ann, this.bob, this.eve].find((candidate) => candidate.email === email);
      if (user === undefined || password !== PASSWORD) return { reason: 'api.credentials_invalid' };
      if (this.secondFactor !== null && code !== this.secondFactor) {
        return { reason: code === undefined ? 'factor.missing' : 'factor.invalid' };
      }
      return { token: (await this.portalToken(user)).token };
    },
    passkeySignIn: async (signIn) => {
      if (!this.consoleAway) this.reported.push(signIn);
      return !this.consoleAway;
    },
    createPasskey: async () => ({ reason: 'access.unavailable' }),
    signOut: async (sessionId) => {
      if (!this.consoleAway) this.signedOut.push(sessionId);
      return !this.consoleAway;
    },
  };

  /** A change at the console, live here. */
  change(parts: Partial<Snapshot>): void {
    this.snapshot = { ...this.snapshot, ...parts, version: this.snapshot.version + 1 };
    this.tables.swap(compileTables(snapshotSchema.parse(structuredClone(this.snapshot))));
  }

  seconds(): number {
    return Math.floor(this.clock.now() / 1000);
  }

  /** Signed with jose, as the console does. */
  async sign(typ: string, claims: Record<string, unknown>, key: KeyPair = this.consoleKey): Promise<string> {
    return new SignJWT({ iat: this.seconds(), exp: this.seconds() + 8 * 3600, ...claims })
      .setProtectedHeader({ alg: 'EdDSA', typ, kid: key.kid })
      .sign(key.privateKey);
  }

  async portalToken(user: SnapshotUser, claims: Record<string, unknown> = {}) {
    const sessionId = createId('session');
    const token = await this.sign(TOKEN_TYPE.portalSession, {
      iss: CONSOLE_ISSUER,
      aud: PORTAL_AUDIENCE,
      sub: user.id,
      sid: sessionId,
      org: user.organizationId,
      ...claims,
    });
    return { token, sessionId };
  }

  async domainToken(user: SnapshotUser, host: string, claims: Record<string, unknown> = {}, key?: KeyPair) {
    return this.sign(
      TOKEN_TYPE.domainSession,
      {
        iss: this.gatewayId,
        aud: host,
        sub: user.id,
        sid: createId('session'),
        org: user.organizationId,
        ...claims,
      },
      key ?? this.gatewayKey,
    );
  }

  async shareToken(resource: SnapshotResource, claims: Record<string, unknown> = {}, key?: KeyPair) {
    return this.sign(
      TOKEN_TYPE.share,
      { iss: CONSOLE_ISSUER, aud: resource.id, jti: resource.shares[0]?.id ?? createId('share'), ...claims },
      key,
    );
  }

  flow(resource: SnapshotResource | null, visit: Visit = {}, protocol: Flow['protocol'] = 'http'): Flow {
    return {
      requestId: createId('request'),
      protocol,
      tables: this.tables.get(),
      startedAt: this.clock.now(),
      downstream: {
        address: visit.address ?? '192.0.2.10',
        port: 50_000,
        localAddress: '192.0.2.1',
        localPort: 8443,
        tls: visit.tls ?? true,
        serverName: null,
      },
      resource,
      subject: ANONYMOUS,
      verdict: { effect: 'deny', reason: 'access.no_rule' },
      explanation: null,
      targetId: '',
      bytesIn: 0,
      bytesOut: 0,
    };
  }

  /** The bare decision: a promise only when something had to be computed. */
  decide(url: string, visit: Visit = {}): HttpDecision | Promise<HttpDecision> {
    const { head, flow } = this.#request(url, visit);
    assert.ok(typeof head !== 'string' && flow !== null);
    return this.access.decide(flow, head);
  }

  /** As the pipeline does it: parse, route, then our own pages or a decision. Status 0: passed on to the service. */
  async visit(url: string, visit: Visit = {}): Promise<Answer> {
    const { head, flow, body } = this.#request(url, visit);
    if (typeof head === 'string') return answerOf({ status: 400, headers: [], body: head }, null);
    if (flow === null) return answerOf({ status: 404, headers: [], body: 'router.no_resource' }, null);
    if (head.host === PORTAL || head.path.startsWith(RESERVED_PREFIX)) {
      return answerOf(await this.access.answer(flow, head, Buffer.from(body)), null);
    }
    const decision = await this.access.decide(flow, head);
    return answerOf(decision.response, decision);
  }

  #request(url: string, visit: Visit) {
    const [, host, target] = /^https:\/\/([^/]+)(\/.*)$/.exec(url)!;
    const body = visit.form === undefined ? '' : new URLSearchParams(visit.form).toString();
    const method = visit.method ?? (visit.form === undefined ? 'GET' : 'POST');
    const headers: Record<string, string> = { ...BROWSER };
    if (visit.form !== undefined) {
      headers['content-type'] = 'application/x-www-form-urlencoded';
      headers['content-length'] = String(Buffer.byteLength(body));
      headers.origin = `https://${host}`;
      headers['sec-fetch-site'] = 'same-origin';
    }
    const cookies = Object.entries(visit.cookies ?? {}).map(([name, value]) => `${name}=${value}`);
    if (cookies.length > 0) headers.cookie = cookies.join('; ');
    const lines = Object.entries({ ...headers, ...visit.headers })
      .filter(([, value]) => value !== '')
      .map(([name, value]) => `${name}: ${value}`);
    const text = [`${method} ${target} HTTP/1.1`, `Host: ${host}`, ...lines, ...(visit.lines ?? []), '', ''].join(
      '\r\n',
    );
    const bytes = Buffer.from(text, 'latin1');
    const head = parseRequestHead(bytes, 0, bytes.length);
    assert.ok(head !== null, 'the request is whole');
    if (typeof head === 'string') return { head, flow: null, body };
    const found = routeHost(this.tables.get(), head.host);
    return { head, body, flow: found === null ? null : this.flow(found === 'portal' ? null : found, visit) };
  }
}

function answerOf(response: PageResponse | null, decision: HttpDecision | null): Answer {
  const headers = response?.headers ?? [];
  const values = (name: string) => headers.filter(([key]) => key === name).map(([, value]) => value);
  for (const [name, value] of headers) {
    assert.match(name, /^[a-z0-9-]+$/);
    assert.match(value, /^[\x20-\x7e]*$/, `the value of ${name} cannot end its line`);
  }
  return {
    status: response?.status ?? 0,
    headers,
    body: String(response?.body ?? ''),
    decision,
    outcome: response?.outcome ?? null,
    header: (name) => values(name)[0] ?? null,
    cookie(name) {
      const line = values('set-cookie').find((value) => value.startsWith(`${name}=`));
      return line === undefined ? null : line.slice(name.length + 1, line.indexOf(';'));
    },
  };
}

/** Cookies by host, as a browser keeps them, and what it follows. */
export class TestBrowser {
  readonly jars = new Map<string, Map<string, string>>();
  readonly #world: AccessWorld;

  constructor(world: AccessWorld) {
    this.#world = world;
  }

  async visit(url: string, visit: Visit = {}): Promise<Answer> {
    const host = new URL(url).hostname;
    const jar = this.jars.get(host) ?? new Map<string, string>();
    this.jars.set(host, jar);
    const answer = await this.#world.visit(url, {
      ...visit,
      cookies: { ...Object.fromEntries(jar), ...visit.cookies },
    });
    for (const [name, value] of answer.headers) {
      if (name !== 'set-cookie') continue;
      assert.match(value, /; Path=\/; Max-Age=\d+; Secure; HttpOnly; SameSite=Lax$/);
      const [pair] = value.split(';');
      const equals = pair!.indexOf('=');
      if (value.includes('Max-Age=0;')) jar.delete(pair!.slice(0, equals));
      else jar.set(pair!.slice(0, equals), pair!.slice(equals + 1));
    }
    return answer;
  }

  /** From the service's page to the form and back, until nothing redirects any more. */
  async signIn(url: string, email: string, password: string = PASSWORD): Promise<Answer> {
    const challenged = await this.visit(url);
    assert.equal(challenged.status, 302);
    const formUrl = challenged.header('location')!;
    const form = await this.visit(formUrl);
    assert.equal(form.status, 200);
    return this.submit(formUrl, form, { email, password });
  }

  async submit(formUrl: string, form: Answer, fields: Record<string, string>): Promise<Answer> {
    const action = new URL('/sign-in', formUrl).href;
    let answer = await this.visit(action, { form: { ...hiddenFields(form.body), ...fields } });
    let at = action;
    for (let hops = 0; hops < 5; hops++) {
      const location = answer.header('location');
      if (location === null) return answer;
      at = new URL(location, at).href;
      answer = await this.visit(at);
    }
    throw new Error(`redirected without end at ${at}`);
  }
}

/** Of the first form that has them. */
export function hiddenFields(body: string): Record<string, string> {
  const form = body.slice(body.indexOf('<form'), body.indexOf('</form>'));
  return Object.fromEntries(
    [...form.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)].map(([, name, value]) => [
      name!,
      value!,
    ]),
  );
}

export function randomSecret(): string {
  return randomBytes(32).toString('base64url');
}
