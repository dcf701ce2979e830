import { deny } from '@zeronaut/model';
import { type AccessDecision, type AccessFacts, anonymousFacts } from '@zeronaut/policy';
import type { Flow } from '../flow.ts';
import type { Tables } from '../tables.ts';
import { type AccessAttempt, decide, requestFacts, SNAPSHOT_EXPIRED } from './decide.ts';
import type { EndedSessions } from './ended-sessions.ts';
import type { AddressGrants } from './grants.ts';
import { checkTokenHash } from './personal-access-tokens.ts';

/**
 * Would a flow that is already running still be let in under these newer tables? Asked for every open connection when
 * a snapshot arrives, a session ends here, a grant is revoked, or time has passed that a policy reads, so that what was
 * taken away stops within a moment. A flow still runs on the tables it started with; this only says whether it must be cut.
 */
export function reviewFlow(
  flow: Pick<Flow, 'resource' | 'subject' | 'downstream' | 'head'>,
  tables: Tables,
  sources: { readonly grants: AddressGrants; readonly ended: EndedSessions; readonly nowMs: number },
): AccessDecision {
  if (sources.nowMs >= tables.lease.endMs) return SNAPSHOT_EXPIRED;
  const before = flow.resource;
  const resource = before === null ? undefined : tables.resources.get(before.id);
  if (before === null || resource === undefined) return { verdict: deny('router.no_resource'), explanation: null };
  const { address } = flow.downstream;
  const anonymous = anonymousFacts(resource.organizationId, address);
  const { subject } = flow;
  const { nowMs } = sources;
  const review = (facts: AccessFacts, session: AccessAttempt['session'] = null) =>
    decide(tables, { object: resource, ...requestFacts(flow.head ?? null), facts, nowMs, session });

  switch (subject.kind) {
    case 'anonymous':
      return review(anonymous);
    case 'user': {
      const revoked = tables.revokedSessions.has(subject.sessionId) || sources.ended.has(subject.sessionId);
      const user = tables.users.get(subject.user.id) ?? null;
      const expired = nowMs >= endOfFlow(flow, tables);
      const sessionState = revoked ? 'revoked' : expired ? 'expired' : 'valid';
      return review({ ...anonymous, user, sessionState }, subject.session);
    }
    case 'token_user': {
      const { fact } = checkTokenHash(subject.hash, resource, tables, nowMs);
      return review({ ...anonymous, personalAccessToken: fact });
    }
    case 'basic': {
      // The password that was right belongs to the hash of then; a new hash is a new password.
      const hashes = before.access.basic.filter(({ username }) => username === subject.username);
      const stands = resource.access.basic.some(
        (now) =>
          now.username === subject.username && hashes.some(({ passwordHash }) => passwordHash === now.passwordHash),
      );
      return review({ ...anonymous, basicTried: true, basicUser: stands ? subject.username : null });
    }
    case 'share': {
      const share = resource.shares.find(({ id }) => id === subject.shareId);
      const stands = share !== undefined && nowMs < endOfFlow(flow, tables);
      return review({
        ...anonymous,
        shareState: share === undefined ? 'invalid' : stands ? 'valid' : 'expired',
        shareId: stands ? subject.shareId : null,
      });
    }
    case 'token': {
      const stands = JSON.stringify(before.access.tokens) === JSON.stringify(resource.access.tokens);
      return review({ ...anonymous, tokenTried: true, tokenSubject: stands ? subject.subject : null });
    }
    case 'address': {
      for (const user of sources.grants.usersAt(resource, address, tables)) {
        const decision = review({ ...anonymous, addressGrant: { user } });
        if (decision.verdict.effect === 'pass') return decision;
      }
      return review(anonymous);
    }
  }
}

/** When what let the flow in ends by itself (ms), if nothing happens before; `Infinity`: never. */
export function endOfFlow({ subject, resource }: Pick<Flow, 'resource' | 'subject'>, tables: Tables): number {
  switch (subject.kind) {
    case 'user':
      return subject.expiresAtMs;
    case 'share': {
      const share = resource?.shares.find(({ id }) => id === subject.shareId);
      return share === undefined ? Number.POSITIVE_INFINITY : Date.parse(share.expiresAt);
    }
    case 'token_user': {
      const token = tables.personalAccessTokens.get(subject.hash);
      return token === undefined ? Number.POSITIVE_INFINITY : Date.parse(token.expiresAt);
    }
    default:
      return Number.POSITIVE_INFINITY;
  }
}
