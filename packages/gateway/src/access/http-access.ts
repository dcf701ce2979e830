import {
  challenge,
  DENY_BY_DEFAULT,
  deny,
  pass,
  REASONS,
  RESERVED_PREFIX,
  type Reason,
  type Verdict,
} from '@zeronaut/model';
import { type AccessDecision, type AccessFacts, anonymousFacts } from '@zeronaut/policy';
import { ANONYMOUS, type Flow, type Subject } from '../flow.ts';
import { headerValue, type RequestHead } from '../http/request-head.ts';
import type { HttpAccess, HttpDecision, LocalResponse, PageResponse } from '../rooms.ts';
import { type AccessContext, createAccessContext, type HttpAccessDeps } from './access-context.ts';
import { BasicCredentials, parseBasic } from './basic-credentials.ts';
import { BearerTokens } from './bearer-tokens.ts';
import { decide, requestFacts, SNAPSHOT_EXPIRED } from './decide.ts';
import { DomainPages } from './domain-pages.ts';
import { html } from './html.ts';
import { Identity } from './identity.ts';
import { originOf } from './origins.ts';
import { askForAccess, refusalPage } from './pages.ts';
import {
  checkPersonalAccessToken,
  type PersonalAccessTokenProof,
  readPersonalAccessToken,
} from './personal-access-tokens.ts';
import { Portal } from './portal.ts';
import { readerOf } from './reader.ts';
import { refusalResponse } from './refusal-response.ts';
import { isNavigation, pageResponse, problemResponse, redirect, retryAfter } from './responses.ts';
import { NO_SESSION, type SessionProof, type ShareProof, userSubject } from './sessions.ts';
import { beginSignIn } from './sign-in-state.ts';

/**
 * Access for HTTP. It comes after the router and the firewall and before the balancer: it verifies what the request
 * proves, lets `evaluateAccess` decide on that, and turns a "no" into the answer that helps the caller most. It never
 * asks another machine, and answers at once unless a password must be hashed or a foreign token verified.
 */
const SHARE_HEADER = 'x-zeronaut-share';

const PUBLIC: HttpDecision = Object.freeze({
  verdict: Object.freeze(pass('access.public')),
  subject: ANONYMOUS,
  explanation: null,
  response: null,
  identity: Object.freeze([]),
  consumeAuthorization: false,
});
const PUBLIC_WITH_TOKEN: HttpDecision = Object.freeze({ ...PUBLIC, consumeAuthorization: true });

/** The `Authorization` header, as far as the resource's rule asks for it. */
type Credentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string }
  /** Meant for us, and not to be understood. */
  | { readonly kind: 'malformed'; readonly scheme: 'basic' | 'bearer' };

/** Our own pages that let nobody in. */
const TAKES_AWAY: ReadonlySet<string> = new Set(['/sign-out', `${RESERVED_PREFIX}sign-out`]);

const NO_CREDENTIALS = Object.freeze({ kind: 'none' } as const);

export function createHttpAccess(deps: HttpAccessDeps): HttpAccess {
  const context = createAccessContext(deps);
  const decision = new Decision(context);
  const portal = new Portal(context);
  const domainPages = new DomainPages(context);
  return {
    decide: (flow, head) => decision.decide(flow, head),
    answer(flow, head, body) {
      if (context.now() >= flow.tables.lease.endMs && !TAKES_AWAY.has(head.path)) return expired(flow, head);
      if (head.host !== flow.tables.portalHost) return domainPages.answer(flow, head, body);
      return context.sync === null ? problemResponse(flow, 'router.no_resource') : portal.answer(flow, head, body);
    },
  };
}

class Decision {
  readonly #context: AccessContext;
  readonly #identity: Identity;
  readonly #basic = new BasicCredentials();
  readonly #bearer = new BearerTokens();

  constructor(context: AccessContext) {
    this.#context = context;
    this.#identity = new Identity(context.gatewayId, context.signingKey);
  }

  decide(flow: Flow, head: RequestHead): HttpDecision | Promise<HttpDecision> {
    const { resource, tables } = flow;
    if (resource === null) {
      return this.#refuse(flow, head, { verdict: DENY_BY_DEFAULT, explanation: null }, NO_SESSION);
    }
    const rule = resource.access;
    const { authorization } = head;
    const personalToken = authorization === null ? null : readPersonalAccessToken(authorization);
    const nowMs = this.#context.now();
    // Before all that takes a hash or reads a token, and for public resources, too.
    if (nowMs >= tables.lease.endMs) return this.#refuse(flow, head, SNAPSHOT_EXPIRED, NO_SESSION);
    if (rule.mode === 'public') return this.#public(flow, head, personalToken !== null);

    const proof = this.#context.sessions.ofDomain(head.headers, head.host, resource, tables, nowMs);
    const facts = withShareHeader(
      { ...anonymousFacts(resource.organizationId, flow.downstream.address), ...factsOf(proof) },
      head,
      (text) => this.#context.sessions.share(text, resource, tables, nowMs),
    );
    if (personalToken !== null) {
      const token = checkPersonalAccessToken(personalToken, resource, tables, nowMs);
      const known = { ...facts, personalAccessToken: token.fact };
      return this.#conclude(flow, head, this.#decide(flow, head, known, proof), known, proof, token);
    }
    const credentials = readCredentials(flow, authorization);
    const decision = this.#decide(flow, head, facts, proof);
    if (decision.verdict.effect === 'pass' || credentials.kind === 'none') {
      return this.#conclude(flow, head, decision, facts, proof);
    }

    switch (credentials.kind) {
      case 'malformed': {
        const tried = { ...facts, [credentials.scheme === 'basic' ? 'basicTried' : 'tokenTried']: true };
        return this.#conclude(flow, head, this.#decide(flow, head, tried, proof), tried, proof);
      }
      case 'basic':
        return this.#withPassword(flow, head, facts, proof, credentials);
      case 'bearer':
        return this.#withToken(flow, head, facts, proof, credentials.token);
    }
  }

  /** Nobody is asked who they are; with policies they may still be refused, for where they come from or when. */
  #public(flow: Flow, head: RequestHead, consumeAuthorization: boolean): HttpDecision {
    if (flow.tables.policies.empty) return consumeAuthorization ? PUBLIC_WITH_TOKEN : PUBLIC;
    const facts = anonymousFacts(flow.resource!.organizationId, flow.downstream.address);
    const decision = this.#decide(flow, head, facts, NO_SESSION);
    if (decision.verdict.effect !== 'pass') return this.#refuse(flow, head, decision, NO_SESSION);
    return { ...(consumeAuthorization ? PUBLIC_WITH_TOKEN : PUBLIC), explanation: decision.explanation };
  }

  #decide(flow: Flow, head: RequestHead, facts: AccessFacts, proof: SessionProof): AccessDecision {
    const nowMs = this.#context.now();
    const object = flow.resource!;
    return decide(flow.tables, { object, ...requestFacts(head), facts, nowMs, session: proof.session });
  }

  #withPassword(
    flow: Flow,
    head: RequestHead,
    facts: AccessFacts,
    proof: SessionProof,
    credentials: { readonly username: string; readonly password: string },
  ): HttpDecision | Promise<HttpDecision> {
    const resource = flow.resource!;
    const attempt = {
      credentials: resource.access.basic,
      resourceId: resource.id,
      address: flow.downstream.address,
      username: credentials.username,
      password: credentials.password,
    };
    const nowMs = this.#context.now();
    const conclude = (result: Awaited<ReturnType<BasicCredentials['verify']>>) => {
      if (result.state === 'limited') {
        const limited = { verdict: challenge('access.rate_limited'), explanation: null };
        return this.#refuse(flow, head, limited, proof, [retryAfter(result.waitMs)]);
      }
      const known = { ...facts, basicTried: true, basicUser: result.state === 'valid' ? result.username : null };
      return this.#conclude(flow, head, this.#decide(flow, head, known, proof), known, proof);
    };
    const recalled = this.#basic.recall(attempt, nowMs);
    return recalled === null ? this.#basic.verify(attempt, nowMs).then(conclude) : conclude(recalled);
  }

  #withToken(
    flow: Flow,
    head: RequestHead,
    facts: AccessFacts,
    proof: SessionProof,
    token: string,
  ): HttpDecision | Promise<HttpDecision> {
    const { access } = flow.resource!;
    const verification = access.tokens!;
    const nowMs = this.#context.now();
    const conclude = (result: Awaited<ReturnType<BearerTokens['verify']>>) => {
      const known = { ...facts, tokenTried: true, tokenSubject: result.state === 'valid' ? result.subject : null };
      return this.#conclude(flow, head, this.#decide(flow, head, known, proof), known, proof);
    };
    const recalled = this.#bearer.recall(verification, token, nowMs);
    return recalled === null ? this.#bearer.verify(verification, token, nowMs).then(conclude) : conclude(recalled);
  }

  #conclude(
    flow: Flow,
    head: RequestHead,
    { verdict, explanation }: AccessDecision,
    facts: AccessFacts,
    proof: SessionProof,
    token: PersonalAccessTokenProof | null = null,
  ): HttpDecision {
    if (verdict.effect !== 'pass') return this.#refuse(flow, head, { verdict, explanation }, proof);
    const subject = subjectOf(verdict.reason, facts, proof, token);
    return {
      verdict,
      subject,
      explanation,
      response: null,
      identity: this.#identity.headers(subject, head.host, this.#context.now()),
      consumeAuthorization: token !== null || verdict.reason === 'access.basic' || verdict.reason === 'access.token',
    };
  }

  #refuse(
    flow: Flow,
    head: RequestHead,
    { verdict, explanation }: AccessDecision,
    proof: SessionProof,
    headers: readonly (readonly [string, string])[] = [],
  ): HttpDecision {
    const final = this.#context.sync === null ? withoutPortal(verdict, flow) : verdict;
    return {
      verdict: final,
      // Who was refused belongs into the event, too.
      subject: proof.user === null ? ANONYMOUS : userSubject(proof),
      explanation,
      response: this.#answer(flow, head, final, proof, headers, explanation?.advice ?? ''),
      identity: [],
      consumeAuthorization: false,
    };
  }

  #answer(
    flow: Flow,
    head: RequestHead,
    verdict: Verdict,
    proof: SessionProof,
    headers: readonly (readonly [string, string])[],
    advice: string,
  ): LocalResponse {
    const { reason } = verdict;
    const isSignedIn = proof.sessionState === 'valid';
    // Of somebody who is signed in, another sign-in shows more of a factor, and nothing else: they would be sent in circles.
    const signInHelps =
      verdict.effect === 'challenge' &&
      (isSignedIn ? reason === 'access.step_up_required' : reason !== 'access.rate_limited');
    const navigation = isNavigation(head);
    if (navigation && signInHelps && this.#context.sync !== null) {
      const { signingKey, gatewayId } = this.#context;
      const { state, cookie } = beginSignIn(head, flow.requestId, signingKey, gatewayId, this.#context.now());
      const portal = originOf(flow.tables.portalHost, flow, head);
      // Whoever is signed in already would be sent back at once; a step-up needs the form.
      const again = reason === 'access.step_up_required' ? '&again=1' : '';
      return redirect(302, `${portal}/sign-in?state=${state}${again}`, [cookie]);
    }
    const all = REASONS[reason].status === 401 ? [...headers, ...challengesOf(flow, head, reason)] : headers;
    if (!navigation) return problemResponse(flow, reason, all, advice);
    const reader = readerOf(flow, head);
    const page = refusalPage(reader.t, {
      reason,
      requestId: flow.requestId,
      host: head.host,
      advice,
      user: proof.user,
      actions: [
        ...askForAccess(reader.t, this.#context.consoleUrl, reason, proof.user, flow.resource),
        ...(isSignedIn
          ? [
              html`<a href="${originOf(flow.tables.portalHost, flow, head)}/">${reader.t.services}</a>`,
              html`<a href="/.zeronaut/sign-out">${reader.t.signOut.toUseOther}</a>`,
            ]
          : []),
      ],
    });
    return pageResponse(flow, reader, REASONS[reason].status, page, all);
  }
}

/** Our own pages, once nothing is decided any more: a session that opens now, or an address that is let in, would be. */
function expired(flow: Flow, head: RequestHead): PageResponse {
  const outcome = { ...SNAPSHOT_EXPIRED, subject: ANONYMOUS, resource: null };
  const { reason } = outcome.verdict;
  return isNavigation(head)
    ? refusalResponse(flow, head, reason, { ...outcome, actions: [] })
    : { ...problemResponse(flow, reason), outcome };
}

/** Without a portal there is no sign-in to ask for; only credentials in the request itself can help. */
function withoutPortal(verdict: Verdict, flow: Flow): Verdict {
  const access = flow.resource?.access;
  const takesCredentials = access !== undefined && (access.basic.length > 0 || access.tokens !== null);
  return verdict.effect === 'challenge' && !takesCredentials ? deny('access.no_rule') : verdict;
}

function factsOf(proof: SessionProof) {
  const { user, sessionState, shareState, shareId } = proof;
  return { user, sessionState, shareState, shareId };
}

function withShareHeader(facts: AccessFacts, head: RequestHead, open: (text: string) => ShareProof): AccessFacts {
  const values = valuesOf(head, SHARE_HEADER);
  if (values.length === 0) return facts;
  const share = values.length === 1 ? open(values[0]!) : null;
  return { ...facts, shareState: share?.state ?? 'invalid', shareId: share?.shareId ?? null };
}

function valuesOf(head: RequestHead, name: string): readonly string[] {
  return head.headers.values.filter((_, index) => head.headers.names[index] === name);
}

/** `Authorization` belongs to the service unless the rule asks for that very scheme. */
function readCredentials(flow: Flow, value: string | null): Credentials {
  const { basic, tokens } = flow.resource!.access;
  if (value === null || (basic.length === 0 && tokens === null)) return NO_CREDENTIALS;
  const scheme = value.slice(0, value.indexOf(' ') === -1 ? undefined : value.indexOf(' ')).toLowerCase();
  if (scheme === 'basic' && basic.length > 0) {
    const parsed = parseBasic(value);
    return parsed === null ? { kind: 'malformed', scheme } : { kind: 'basic', ...parsed };
  }
  if (scheme === 'bearer' && tokens !== null) {
    const token = value.slice('bearer '.length).trim();
    const plausible = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/.test(token);
    return plausible ? { kind: 'bearer', token } : { kind: 'malformed', scheme };
  }
  return NO_CREDENTIALS;
}

function subjectOf(
  reason: Reason,
  facts: AccessFacts,
  proof: SessionProof,
  token: PersonalAccessTokenProof | null,
): Subject {
  switch (reason) {
    case 'access.session':
      return userSubject(proof);
    case 'access.personal_access_token':
      return tokenSubject(token!);
    // Either may have shown who it is; a policy or an approved request then let them in.
    case 'access.policy':
    case 'access.granted':
      return token === null ? userSubject(proof) : tokenSubject(token);
    case 'access.basic':
      return { kind: 'basic', username: facts.basicUser! };
    case 'access.share':
      return { kind: 'share', shareId: facts.shareId! };
    case 'access.token':
      return { kind: 'token', subject: facts.tokenSubject! };
    case 'access.address':
      return { kind: 'address', userId: null };
    default:
      return ANONYMOUS;
  }
}

function tokenSubject({ fact, tokenId, hash }: PersonalAccessTokenProof): Subject {
  return { kind: 'token_user', user: fact.user!, tokenId, hash };
}

/** RFC 9110, 11.6.1: a 401 names what would help. */
function challengesOf(flow: Flow, head: RequestHead, reason: Reason): readonly (readonly [string, string])[] {
  const resource = flow.resource;
  const realm = `realm="${resource?.name ?? 'zeronaut'}"`;
  const list: [string, string][] = [];
  // A browser would open its password window for a script's request, in front of somebody who is signed in elsewhere.
  const fromScript = headerValue(head.headers, 'sec-fetch-mode') !== null && !isNavigation(head);
  // Programs such as git send a password only where Basic is asked for; a personal access token comes as one.
  const takesPasswords =
    resource !== null && (resource.access.basic.length > 0 || flow.tables.tokenResources.has(resource.id));
  if (takesPasswords && !fromScript) {
    list.push(['www-authenticate', `Basic ${realm}, charset="UTF-8"`]);
  }
  if (resource !== null && resource.access.tokens !== null) {
    const error = reason === 'access.token_invalid' ? ', error="invalid_token"' : '';
    list.push(['www-authenticate', `Bearer ${realm}${error}`]);
  }
  return list.length > 0 ? list : [['www-authenticate', `Zeronaut ${realm}`]];
}
