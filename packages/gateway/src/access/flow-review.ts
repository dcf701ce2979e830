import { deny, type Verdict } from '@zeronaut/model';
import { type AccessFacts, anonymousFacts, evaluateAccess } from '@zeronaut/policy';
import type { Flow } from '../flow.ts';
import type { Tables } from '../tables.ts';
import type { EndedSessions } from './ended-sessions.ts';
import type { AddressGrants } from './grants.ts';
import { checkTokenHash } from './personal-access-tokens.ts';

/**
 * Would a flow that is already running still be let in under these newer tables? Asked for every open connection when
 * a snapshot arrives, a session ends here, or a grant is revoked, so that what was taken away stops within a moment.
 * A flow still runs on the tables it started with; this only says whether it must be cut.
 */
export function reviewFlow(
  flow: Pick<Flow, 'resource' | 'subject' | 'downstream'>,
  tables: Tables,
  sources: { readonly grants: AddressGrants; readonly ended: EndedSessions; readonly nowMs: number },
): Verdict {
  const before = flow.resource;
  const resource = before === null ? undefined : tables.resources.get(before.id);
  if (before === null || resource === undefined) return deny('router.no_resource');
  const { address } = flow.downstream;
  const anonymous = anonymousFacts(resource.organizationId, address);
  const { subject } = flow;

  switch (subject.kind) {
    case 'anonymous':
      return evaluateAccess(resource.access, anonymous);
    case 'user': {
      const revoked = tables.revokedSessions.has(subject.sessionId) || sources.ended.has(subject.sessionId);
      const user = tables.users.get(subject.user.id) ?? null;
      const facts: AccessFacts = { ...anonymous, user, sessionState: revoked ? 'revoked' : 'valid' };
      return evaluateAccess(resource.access, facts);
    }
    case 'token_user': {
      const { fact } = checkTokenHash(subject.hash, resource, tables, sources.nowMs);
      return evaluateAccess(resource.access, { ...anonymous, personalAccessToken: fact });
    }
    case 'basic': {
      // The password that was right belongs to the hash of then; a new hash is a new password.
      const hashes = before.access.basic.filter(({ username }) => username === subject.username);
      const stands = resource.access.basic.some(
        (now) =>
          now.username === subject.username && hashes.some(({ passwordHash }) => passwordHash === now.passwordHash),
      );
      const basicUser = stands ? subject.username : null;
      return evaluateAccess(resource.access, { ...anonymous, basicTried: true, basicUser });
    }
    case 'share': {
      const share = resource.shares.find(({ id }) => id === subject.shareId);
      const stands = share !== undefined && Date.parse(share.expiresAt) > sources.nowMs;
      return evaluateAccess(resource.access, {
        ...anonymous,
        shareState: share === undefined ? 'invalid' : stands ? 'valid' : 'expired',
        shareId: stands ? subject.shareId : null,
      });
    }
    case 'token': {
      const stands = JSON.stringify(before.access.tokens) === JSON.stringify(resource.access.tokens);
      const tokenSubject = stands ? subject.subject : null;
      return evaluateAccess(resource.access, { ...anonymous, tokenTried: true, tokenSubject });
    }
    case 'address': {
      for (const user of sources.grants.usersAt(resource, address, tables)) {
        const verdict = evaluateAccess(resource.access, { ...anonymous, addressGrant: { user } });
        if (verdict.effect === 'pass') return verdict;
      }
      return evaluateAccess(resource.access, anonymous);
    }
  }
}
