import { createPublicKey, type KeyObject } from 'node:crypto';
import { COOKIE, pass, RESERVED_PREFIX, type Reason, type SnapshotResource } from '@zeronaut/model';
import { anonymousFacts } from '@zeronaut/policy';
import { ANONYMOUS, type Flow } from '../flow.ts';
import type { RequestHead } from '../http/request-head.ts';
import type { PageOutcome, PageResponse } from '../rooms.ts';
import type { Tables } from '../tables.ts';
import { type AccessContext, endSession } from './access-context.ts';
import { chooseLanguage } from './choose-language.ts';
import { clearCookie, setCookie } from './cookies.ts';
import { decide } from './decide.ts';
import { parseFields, parseForm } from './forms.ts';
import { html } from './html.ts';
import { isSameOriginPost, localPath, originOf } from './origins.ts';
import { signedOutPage, signOutPage } from './pages.ts';
import { LANGUAGE_PATH, readerOf } from './reader.ts';
import { refusalResponse } from './refusal-response.ts';
import { pageResponse, redirect } from './responses.ts';
import { openCode } from './sign-in-state.ts';
import { mintToken, TOKEN_LEEWAY_SECONDS } from './tokens.ts';

/**
 * `/.zeronaut/*` on the hosts of services: where a sign-in comes back, share links open the door, sessions end, and
 * services find the keys for assertions. Paths are compared whole; everything else under the prefix is 404 and never
 * reaches a service.
 */
const SHARE_PREFIX = `${RESERVED_PREFIX}share/`;

const FOR_ANYBODY: PageOutcome = Object.freeze({
  verdict: pass('access.portal'),
  subject: ANONYMOUS,
  resource: null,
  explanation: null,
});

export class DomainPages {
  readonly #context: AccessContext;

  constructor(context: AccessContext) {
    this.#context = context;
  }

  answer(flow: Flow, head: RequestHead, body: Buffer): PageResponse | Promise<PageResponse> {
    const { resource } = flow;
    if (resource === null) return refuse(flow, head, 'router.no_resource');
    const method = head.method === 'HEAD' ? 'GET' : head.method;
    switch (`${method} ${head.path}`) {
      case `GET ${RESERVED_PREFIX}callback`:
        return this.#callback(flow, head, resource);
      case `GET ${RESERVED_PREFIX}sign-out`:
        return this.#showSignOut(flow, head);
      case `POST ${RESERVED_PREFIX}sign-out`:
        return this.#signOut(flow, head, resource, body);
      case `GET ${RESERVED_PREFIX}jwks.json`:
        return this.#jwks(flow.tables);
      case `POST ${RESERVED_PREFIX}${LANGUAGE_PATH}`:
        return chooseLanguage(flow, head, body) ?? refuse(flow, head, 'access.csrf');
    }
    if (method === 'GET' && head.path.startsWith(SHARE_PREFIX)) {
      return this.#openShare(flow, head, resource, head.path.slice(SHARE_PREFIX.length));
    }
    return { ...refuse(flow, head, 'router.no_resource'), outcome: FOR_ANYBODY };
  }

  #callback(flow: Flow, head: RequestHead, resource: SnapshotResource): PageResponse {
    const { verifier, codes, sessions, gatewayId, signingKey } = this.#context;
    const nowMs = this.#context.now();
    const text = parseFields(head.query)?.get('code') ?? null;
    const code = text === null ? null : openCode(text, flow, head, verifier, nowMs);
    if (code === null) return refuse(flow, head, 'access.state_invalid');
    // Last, so that only the browser that began can use a code up.
    if (!codes.use(code.jti, (code.exp + TOKEN_LEEWAY_SECONDS) * 1000, nowMs)) {
      return refuse(flow, head, 'access.state_invalid');
    }
    const user = flow.tables.users.get(code.sub);
    if (user === undefined || user.organizationId !== code.org) return refuse(flow, head, 'access.user_disabled');
    if (sessions.revoked(code.sid, flow.tables)) return refuse(flow, head, 'access.session_revoked');
    if (user.organizationId !== resource.organizationId) return refuse(flow, head, 'access.not_allowed');

    const issuedAt = Math.floor(nowMs / 1000);
    const session = mintToken(
      'domainSession',
      {
        iss: gatewayId,
        aud: head.host,
        sub: user.id,
        sid: code.sid,
        org: user.organizationId,
        ...(code.amr === undefined ? {} : { amr: code.amr, auth_time: code.auth_time }),
        iat: issuedAt,
        exp: code.sexp,
      },
      signingKey,
    );
    // The nonce cookie stays until it ends by itself: other tabs of this browser may still be on their way back.
    return {
      ...redirect(302, originOf(head.host, flow, head) + localPath(code.path), [
        setCookie(COOKIE.session, session, code.sexp - issuedAt),
      ]),
      outcome: {
        ...FOR_ANYBODY,
        subject: { kind: 'user', user, sessionId: code.sid, session: null, expiresAtMs: code.sexp * 1000 },
      },
    };
  }

  #openShare(flow: Flow, head: RequestHead, resource: SnapshotResource, text: string): PageResponse {
    const { sessions, gatewayId, signingKey } = this.#context;
    const nowMs = this.#context.now();
    const target = originOf(head.host, flow, head) + shareTarget(head);
    if (resource.access.mode === 'public') return redirect(303, target);

    const share = sessions.share(text, resource, flow.tables, nowMs);
    if (share.state !== 'valid') {
      return refuse(flow, head, share.state === 'expired' ? 'access.share_expired' : 'access.share_invalid');
    }
    // Who is signed in and may come in anyway must not become a guest by opening a link.
    const proof = sessions.ofDomain(head.headers, head.host, resource, flow.tables, nowMs);
    const facts = { ...anonymousFacts(resource.organizationId, flow.downstream.address), ...proof };
    const { verdict } = decide(flow.tables, { object: resource, action: 'read', facts, nowMs, session: proof.session });
    if (verdict.effect === 'pass' && verdict.reason !== 'access.address') return redirect(303, target);

    const issuedAt = Math.floor(nowMs / 1000);
    const session = mintToken(
      'domainSession',
      {
        iss: gatewayId,
        aud: head.host,
        sub: `share:${share.shareId}`,
        sid: share.shareId,
        org: resource.organizationId,
        iat: issuedAt,
        exp: share.expiresAtSeconds,
        share: share.shareId,
      },
      signingKey,
    );
    return redirect(303, target, [setCookie(COOKIE.session, session, share.expiresAtSeconds - issuedAt)]);
  }

  #showSignOut(flow: Flow, head: RequestHead): PageResponse {
    const reader = readerOf(flow, head);
    return pageResponse(flow, reader, 200, signOutPage(reader.t, `${RESERVED_PREFIX}sign-out`, null));
  }

  async #signOut(flow: Flow, head: RequestHead, resource: SnapshotResource, body: Buffer): Promise<PageResponse> {
    const reader = readerOf(flow, head);
    // A service shares this origin with us, so a hidden field would guard nothing that Origin does not.
    if (parseForm(head, body) === null || !isSameOriginPost(flow, head)) return refuse(flow, head, 'access.csrf');
    const nowMs = this.#context.now();
    const proof = this.#context.sessions.ofDomain(head.headers, head.host, resource, flow.tables, nowMs);
    if (proof.sessionState === 'valid') await endSession(this.#context, proof.sessionId, proof.expiresAtSeconds);
    return pageResponse(flow, reader, 200, signedOutPage(reader.t), [clearCookie(COOKIE.session)]);
  }

  /** The keys of all gateways that may sign assertions for this host. */
  #jwks(tables: Tables): PageResponse {
    const { kid, privateKey } = this.#context.signingKey;
    const keys = new Map([[kid, publicJwk(kid, createPublicKey(privateKey))]]);
    for (const [otherKid, { key }] of tables.gatewayKeys) keys.set(otherKid, publicJwk(otherKid, key));
    return {
      status: 200,
      headers: [
        ['content-type', 'application/jwk-set+json'],
        // Public keys: services may keep them, and new ones are there before they are used.
        ['cache-control', 'public, max-age=300'],
        ['x-content-type-options', 'nosniff'],
      ],
      body: JSON.stringify({ keys: [...keys.values()] }),
    };
  }
}

function publicJwk(kid: string, key: KeyObject) {
  const { kty, crv, x } = key.export({ format: 'jwk' });
  return { kty, crv, x, kid, alg: 'EdDSA', use: 'sig' };
}

/** `?to=/path`: a path of this host, and nothing that could be read as another one. */
function shareTarget(head: RequestHead): string {
  const to = parseFields(head.query)?.get('to') ?? '/';
  return /^\/(?![/\\])/.test(to) ? localPath(to) : '/';
}

function refuse(flow: Flow, head: RequestHead, reason: Reason): PageResponse {
  const actions = [html`<a href="/">${readerOf(flow, head).t.refusal.open(head.host)}</a>`];
  return refusalResponse(flow, head, reason, { actions });
}
