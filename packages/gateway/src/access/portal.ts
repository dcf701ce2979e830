import {
  COOKIE,
  email as emailSchema,
  formatHostPort,
  isReason,
  PORTAL_AUDIENCE,
  pass,
  REASONS,
  type Reason,
  type SnapshotResource,
  type SnapshotUser,
  type Verdict,
} from '@zeronaut/model';
import { type AccessDecision, anonymousFacts } from '@zeronaut/policy';
import { AttemptLimiter } from '../attempt-limiter.ts';
import { ANONYMOUS, type Flow } from '../flow.ts';
import { headerValue, type RequestHead } from '../http/request-head.ts';
import type { PageOutcome, PageResponse } from '../rooms.ts';
import { sourceOf } from '../source-of.ts';
import { type AccessContext, endSession } from './access-context.ts';
import { chooseLanguage } from './choose-language.ts';
import { clearCookie, setCookie } from './cookies.ts';
import { decide } from './decide.ts';
import { isOwnForm, parseFields, parseForm } from './forms.ts';
import { html } from './html.ts';
import { originOf, resourceOfHost } from './origins.ts';
import { askForAccess, GRANT_HOURS, homePage, signedOutPage, signInPage, signOutForm, signOutPage } from './pages.ts';
import { passkeyAddedPage, passkeysPage } from './passkey-pages.ts';
import { PortalPasskeys } from './portal-passkeys.ts';
import { LANGUAGE_PATH, readerOf } from './reader.ts';
import { refusalResponse } from './refusal-response.ts';
import { pageResponse, redirect, retryAfter } from './responses.ts';
import { type SessionProof, userSubject } from './sessions.ts';
import { createSecret, mintCode, readSecretCookie } from './sign-in-state.ts';
import type { Texts } from './texts.en.ts';
import type { ClaimsOf } from './tokens.ts';

/** Failed sign-ins of one source at once, and how long until one more is allowed. The console has limits of its own. */
const SIGN_IN_FAILURES = 10;
const SIGN_IN_FAILURE_INTERVAL_MS = 10_000;

/** Where a sign-in returns to: as it is carried through the form, and what it says. */
interface SignInState {
  readonly token: string;
  readonly claims: ClaimsOf<'state'>;
}

/**
 * The gateway's own host: sign-in for all services, and the visitor's services, ports and authorised addresses.
 * Passwords go to the console over the sync link and nowhere else. Where a sign-in returns to comes only from a state
 * that a gateway signed, and must be a host of the current tables.
 */
export class Portal {
  readonly #context: AccessContext;
  readonly #passkeys: PortalPasskeys;
  readonly #attempts = new AttemptLimiter({ burst: SIGN_IN_FAILURES, intervalMs: SIGN_IN_FAILURE_INTERVAL_MS });

  constructor(context: AccessContext) {
    this.#context = context;
    this.#passkeys = new PortalPasskeys(context);
  }

  answer(flow: Flow, head: RequestHead, body: Buffer): PageResponse | Promise<PageResponse> {
    const response = this.#answer(flow, head, body);
    return response instanceof Promise
      ? response.then((made) => this.#known(flow, head, made))
      : this.#known(flow, head, response);
  }

  /** The event of a page names who opened it. */
  #known(flow: Flow, head: RequestHead, response: PageResponse): PageResponse {
    if (response.outcome !== undefined) return response;
    const proof = this.#proof(flow, head);
    return proof.user === null ? response : { ...response, outcome: outcomeFor(proof) };
  }

  #answer(flow: Flow, head: RequestHead, body: Buffer): PageResponse | Promise<PageResponse> {
    const method = head.method === 'HEAD' ? 'GET' : head.method;
    switch (`${method} ${head.path}`) {
      case 'GET /':
        return this.#home(flow, head);
      case 'GET /sign-in':
        return this.#showSignIn(flow, head);
      case 'POST /sign-in':
        return this.#signIn(flow, head, body);
      case 'POST /sign-in/passkey':
        return this.#signInWithPasskey(flow, head, body);
      case 'GET /passkeys':
        return this.#showPasskeys(flow, head, null);
      case 'POST /passkeys':
        return this.#createPasskey(flow, head, body);
      case 'GET /sign-out':
        return this.#showSignOut(flow, head);
      case 'POST /sign-out':
        return this.#signOut(flow, head, body);
      case 'POST /grants':
        return this.#createGrant(flow, head, body);
      case 'POST /grants/revoke':
        return this.#revokeGrant(flow, head, body);
      case `POST /${LANGUAGE_PATH}`:
        return chooseLanguage(flow, head, body) ?? refuse(flow, head, 'access.csrf');
      default:
        return refuse(flow, head, 'router.no_resource', { verdict: pass('access.portal') });
    }
  }

  #home(flow: Flow, head: RequestHead): PageResponse {
    const reader = readerOf(flow, head);
    const proof = this.#proof(flow, head);
    if (proof.user === null) return redirect(303, '/sign-in');
    const { user } = proof;
    const nowMs = this.#context.now();
    const { baseDomain } = flow.tables.snapshot;
    const services = [];
    const ports = [];
    for (const resource of flow.tables.resources.values()) {
      if (resource.organizationId !== user.organizationId) continue;
      if (!opens(askedFor(user, resource, flow, this.#context.now()).verdict)) continue;
      const { id, name, port } = resource;
      if (resource.protocol === 'http') {
        const host = resource.hosts.find((candidate) => !candidate.startsWith('*.')) ?? null;
        const url = host === null ? null : `${originOf(host, flow, head)}/`;
        services.push({ name, host: host ?? resource.hosts[0] ?? '', url });
      } else if (port !== null) {
        const endpoint = `${formatHostPort(baseDomain, port)} ${resource.protocol}`;
        ports.push({ id, name, endpoint, open: resource.access.mode === 'public' });
      }
    }
    const grants = this.#context.grants.ofUser(user.id).map((grant) => ({
      id: grant.id,
      name: flow.tables.resources.get(grant.resourceId)?.name ?? grant.resourceId,
      address: grant.address,
      expiresAt: grant.expiresAt,
      leftMs: Date.parse(grant.expiresAt) - nowMs,
    }));
    const csrf = csrfOf(head);
    return pageResponse(
      flow,
      reader,
      200,
      homePage(reader.t, {
        user,
        csrf: csrf.value,
        address: flow.downstream.address,
        notice: noticeOf(reader.t, head),
        services: services.sort(byName),
        ports: ports.sort(byName),
        grants,
      }),
      csrf.headers,
    );
  }

  #showSignIn(flow: Flow, head: RequestHead): PageResponse {
    const fields = parseFields(head.query);
    const state = fields === null ? 'invalid' : this.#readState(flow, fields);
    if (fields === null || state === 'invalid') return refuse(flow, head, 'access.state_invalid');

    const proof = this.#proof(flow, head);
    const again = fields.get('again') === '1' && proof.user !== null;
    if (proof.user !== null && !again) return this.#goOn(flow, head, proof, state, []);
    const csrf = csrfOf(head);
    return this.#signInPage(
      flow,
      head,
      {
        state,
        csrf: csrf.value,
        email: again ? proof.user!.email : '',
        failure: again ? 'access.step_up_required' : null,
      },
      csrf.headers,
    );
  }

  #signInPage(
    flow: Flow,
    head: RequestHead,
    view: {
      readonly state: SignInState | null;
      readonly csrf: string;
      readonly email: string;
      readonly failure: Reason | null;
    },
    headers: readonly (readonly [string, string])[],
  ): PageResponse {
    const reader = readerOf(flow, head);
    const { state, csrf, email, failure } = view;
    const isAskedForFactor = failure === 'access.step_up_required' && this.#proof(flow, head).user !== null;
    const page = signInPage(reader.t, {
      csrf,
      email,
      failure,
      state: state?.token ?? null,
      destination: state?.claims.host ?? null,
      passkey: this.#passkeys.requestOptions(flow, csrf),
      setUp: isAskedForFactor ? { consoleUrl: this.#context.consoleUrl } : null,
      requestId: failure === null ? null : (state?.claims.req ?? null),
    });
    // Whoever is asked for more has done nothing wrong by following the redirect.
    const status = failure === null || isAskedForFactor ? 200 : REASONS[failure].status;
    return pageResponse(flow, reader, status, page, headers);
  }

  async #signIn(flow: Flow, head: RequestHead, body: Buffer): Promise<PageResponse> {
    const fields = parseForm(head, body);
    if (fields === null || !isOwnForm(flow, head, fields)) return refuse(flow, head, 'access.csrf');
    const state = this.#readState(flow, fields);
    if (state === 'invalid') return refuse(flow, head, 'access.state_invalid');

    const { sync } = this.#context;
    const email = fields.get('email')?.trim() ?? '';
    const again = (reason: Reason, headers: readonly (readonly [string, string])[] = []) =>
      this.#signInPage(
        flow,
        head,
        { state, csrf: fields.get('csrf')!, email: email.slice(0, 254), failure: reason },
        headers,
      );
    if (sync === null) return again('access.unavailable');

    const address = flow.downstream.address;
    const source = sourceOf(address);
    const waitMs = this.#attempts.take(source, this.#context.now());
    if (waitMs > 0) return again('access.rate_limited', [retryAfter(waitMs)]);

    const parsedEmail = emailSchema.safeParse(email);
    const password = fields.get('password') ?? '';
    if (!parsedEmail.success || password.length < 1 || password.length > 1024) return again('api.credentials_invalid');

    const userAgent = (headerValue(head.headers, 'user-agent') ?? '').slice(0, 300);
    const code = (fields.get('code') ?? '').trim().slice(0, 40);
    const factor = code === '' ? {} : { code };
    const result = await sync.signIn({ email: parsedEmail.data, password, ...factor, address, userAgent });
    if ('reason' in result) return again(isReason(result.reason) ? result.reason : 'access.unavailable');

    // The tables of now, not of the flow: the console may just have told us of this user.
    const proof = this.#context.sessions.ofPortalToken(result.token, this.#context.tables.get(), this.#context.now());
    if (proof.sessionState !== 'valid') {
      this.#context.log.warn(
        { sessionState: proof.sessionState },
        'the console answered a session that does not verify',
      );
      return again('access.unavailable');
    }
    if (proof.user === null) return again('access.user_disabled');
    this.#attempts.giveBack(source);
    const age = proof.expiresAtSeconds - this.#context.now() / 1000;
    return this.#goOn(flow, head, proof, state, [setCookie(COOKIE.portal, result.token, age)]);
  }

  /** Needs no console: the snapshot says whose passkey it is. */
  async #signInWithPasskey(flow: Flow, head: RequestHead, body: Buffer): Promise<PageResponse> {
    const fields = parseForm(head, body);
    if (fields === null || !isOwnForm(flow, head, fields)) return refuse(flow, head, 'access.csrf');
    const state = this.#readState(flow, fields);
    if (state === 'invalid') return refuse(flow, head, 'access.state_invalid');
    const csrf = fields.get('csrf')!;
    const source = sourceOf(flow.downstream.address);
    const waitMs = this.#attempts.take(source, this.#context.now());
    const token =
      waitMs > 0
        ? 'access.rate_limited'
        : await this.#passkeys.signIn(flow, head, csrf, fields.get('credential') ?? '');
    if (typeof token === 'string') {
      return this.#signInPage(
        flow,
        head,
        { state, csrf, email: '', failure: token },
        waitMs > 0 ? [retryAfter(waitMs)] : [],
      );
    }
    this.#attempts.giveBack(source);
    const { sessions, tables, now } = this.#context;
    const proof = sessions.ofPortalToken(token.token, tables.get(), now());
    if (proof.user === null) return refuse(flow, head, 'access.user_disabled');
    return this.#goOn(flow, head, proof, state, [setCookie(COOKIE.portal, token.token, token.lifetimeSeconds)]);
  }

  #showPasskeys(flow: Flow, head: RequestHead, failure: Reason | null): PageResponse {
    const reader = readerOf(flow, head);
    const proof = this.#proof(flow, head);
    if (proof.user === null) return redirect(303, '/sign-in');
    const csrf = csrfOf(head);
    const options = this.#passkeys.creationOptions(flow, proof.user, proof.sessionId);
    const count = this.#passkeys.countOf(flow, proof.user);
    const page = passkeysPage(reader.t, { user: proof.user, csrf: csrf.value, options, count, failure });
    return pageResponse(flow, reader, failure === null ? 200 : REASONS[failure].status, page, csrf.headers);
  }

  async #createPasskey(flow: Flow, head: RequestHead, body: Buffer): Promise<PageResponse> {
    const reader = readerOf(flow, head);
    const fields = parseForm(head, body);
    if (fields === null || !isOwnForm(flow, head, fields)) return refuse(flow, head, 'access.csrf');
    const proof = this.#proof(flow, head);
    if (proof.user === null) return redirect(303, '/sign-in');
    const input = { name: fields.get('name') ?? '', credential: fields.get('credential') ?? '' };
    const created = await this.#passkeys.create(flow, head, proof, input);
    if (typeof created === 'string') return this.#showPasskeys(flow, head, created);
    return pageResponse(flow, reader, 200, passkeyAddedPage(reader.t, created.recoveryCodes));
  }

  /** Signed in: back to the service, where the request itself is decided, or to the portal's home. */
  #goOn(
    flow: Flow,
    head: RequestHead,
    proof: SessionProof,
    state: SignInState | null,
    headers: readonly (readonly [string, string])[],
  ): PageResponse {
    const outcome = outcomeFor(proof);
    if (state === null) return { ...redirect(303, '/', headers), outcome };
    const { user } = proof;
    const resource = resourceOfHost(flow.tables, state.claims.host);
    if (resource === null || user === null) return refuse(flow, head, 'access.state_invalid', { headers });
    // People of another organization are nobody there, and get no session on its hosts.
    if (user.organizationId !== resource.organizationId) {
      const reader = readerOf(flow, head);
      const csrf = csrfOf(head);
      return refuse(flow, head, 'access.not_allowed', {
        host: state.claims.host,
        user,
        resource,
        headers: [...headers, ...csrf.headers],
        actions: [
          signOutForm('/sign-out', csrf.value, reader.t.signOut.other),
          html`<a href="/">${reader.t.services}</a>`,
        ],
      });
    }
    const { signingKey, gatewayId } = this.#context;
    const code = mintCode(state.claims, proof, signingKey, gatewayId, this.#context.now());
    const back = `${originOf(state.claims.host, flow, head)}/.zeronaut/callback?code=${code}`;
    return { ...redirect(head.method === 'POST' ? 303 : 302, back, headers), outcome };
  }

  #showSignOut(flow: Flow, head: RequestHead): PageResponse {
    const reader = readerOf(flow, head);
    const csrf = csrfOf(head);
    return pageResponse(flow, reader, 200, signOutPage(reader.t, '/sign-out', csrf.value), csrf.headers);
  }

  async #signOut(flow: Flow, head: RequestHead, body: Buffer): Promise<PageResponse> {
    const reader = readerOf(flow, head);
    const fields = parseForm(head, body);
    if (fields === null || !isOwnForm(flow, head, fields)) return refuse(flow, head, 'access.csrf');
    const proof = this.#proof(flow, head);
    if (proof.sessionState === 'valid') await endSession(this.#context, proof.sessionId, proof.expiresAtSeconds);
    return pageResponse(flow, reader, 200, signedOutPage(reader.t), [clearCookie(COOKIE.portal)]);
  }

  async #createGrant(flow: Flow, head: RequestHead, body: Buffer): Promise<PageResponse> {
    const fields = parseForm(head, body);
    if (fields === null || !isOwnForm(flow, head, fields)) return refuse(flow, head, 'access.csrf');
    const proof = this.#proof(flow, head);
    if (proof.user === null) return redirect(303, '/sign-in');
    const { user, sessionId, expiresAtSeconds } = proof;
    const resource = flow.tables.resources.get(fields.get('resource') ?? '');
    const hours = GRANT_HOURS.find((choice) => String(choice) === fields.get('hours'));
    // The same answer for what is not there and for what is another organization's.
    if (resource === undefined || resource.organizationId !== user.organizationId || resource.protocol === 'http') {
      return refuse(flow, head, 'router.no_resource', { user, subject: userSubject(proof) });
    }
    const { verdict, explanation } = askedFor(user, resource, flow, this.#context.now());
    if (hours === undefined || !opens(verdict)) {
      return refuse(flow, head, hours === undefined ? 'access.not_allowed' : verdict.reason, {
        user,
        subject: userSubject(proof),
        resource,
        explanation,
        actions: [
          ...askForAccess(readerOf(flow, head).t, this.#context.consoleUrl, verdict.reason, user, resource),
          html`<a href="/">${readerOf(flow, head).t.services}</a>`,
        ],
      });
    }
    const grant = this.#context.grants.create({
      resource,
      user,
      sessionId,
      sessionExpiresAtSeconds: expiresAtSeconds,
      address: flow.downstream.address,
      hours,
    });
    if (typeof grant === 'string') return refuse(flow, head, grant, { user, subject: userSubject(proof), resource });
    await this.#context.grants.flush();
    this.#context.log.info({ grant }, 'address authorised');
    return redirect(303, '/?done=authorised');
  }

  async #revokeGrant(flow: Flow, head: RequestHead, body: Buffer): Promise<PageResponse> {
    const fields = parseForm(head, body);
    if (fields === null || !isOwnForm(flow, head, fields)) return refuse(flow, head, 'access.csrf');
    const proof = this.#proof(flow, head);
    if (proof.user === null) return redirect(303, '/sign-in');
    // Gone already is as good as revoked.
    this.#context.grants.revoke(fields.get('grant') ?? '', proof.user.id);
    await this.#context.grants.flush();
    return redirect(303, '/?done=revoked');
  }

  #proof(flow: Flow, head: RequestHead): SessionProof {
    return this.#context.sessions.ofPortal(head.headers, flow.tables, this.#context.now());
  }

  /** Null: the portal itself was opened. */
  #readState(flow: Flow, fields: ReadonlyMap<string, string>): SignInState | null | 'invalid' {
    const text = fields.get('state');
    if (text === undefined) return null;
    const expected = { tables: flow.tables, audience: PORTAL_AUDIENCE, nowMs: this.#context.now() };
    const token = this.#context.verifier.verify('state', text, expected);
    if (token.state !== 'valid' || resourceOfHost(flow.tables, token.claims.host) === null) return 'invalid';
    return { token: text, claims: token.claims };
  }
}

/** Only as a signed-in user: an address or a password of the resource says nothing about who may see it listed. */
function askedFor(user: SnapshotUser, resource: SnapshotResource, flow: Flow, nowMs: number): AccessDecision {
  const facts = {
    ...anonymousFacts(resource.organizationId, flow.downstream.address),
    user,
    sessionState: 'valid',
  } as const;
  // Its own address opens nothing here, and what a policy says of a request is said when that comes.
  const object = resource.access.addresses.length === 0 ? resource : withoutAddresses(resource);
  const action = resource.protocol === 'http' ? 'read' : 'connect';
  return decide(flow.tables, { object, action, facts, nowMs });
}

/** Also where one more factor is asked for, which is said when the request comes. */
function opens(verdict: Verdict): boolean {
  return verdict.effect === 'pass' || verdict.reason === 'access.step_up_required';
}

const addressless = new WeakMap<SnapshotResource, SnapshotResource>();

function withoutAddresses(resource: SnapshotResource): SnapshotResource {
  let made = addressless.get(resource);
  if (made === undefined) {
    made = { ...resource, access: { ...resource.access, addresses: [] } };
    addressless.set(resource, made);
  }
  return made;
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/** The double-submit value of this browser, made when there is none yet. */
function csrfOf(head: RequestHead): { value: string; headers: readonly (readonly [string, string])[] } {
  const known = readSecretCookie(head, COOKIE.csrf);
  const value = known ?? createSecret();
  return { value, headers: known === null ? [setCookie(COOKIE.csrf, value, 86_400)] : [] };
}

function noticeOf(t: Texts, head: RequestHead): string | null {
  switch (head.query) {
    case 'done=authorised':
      return t.home.authorised;
    case 'done=revoked':
      return t.home.revoked;
    default:
      return null;
  }
}

/** A page of the portal that somebody who is signed in got. */
function outcomeFor(proof: SessionProof): PageOutcome {
  const subject = proof.user === null ? ANONYMOUS : userSubject(proof);
  return { verdict: pass('access.portal'), subject, resource: null, explanation: null };
}

function refuse(
  flow: Flow,
  head: RequestHead,
  reason: Reason,
  options: Partial<Parameters<typeof refusalResponse>[3]> = {},
): PageResponse {
  const actions = options.actions ?? [html`<a href="/">${readerOf(flow, head).t.services}</a>`];
  return refusalResponse(flow, head, reason, { ...options, actions });
}
