import {
  type AccessRule,
  challenge,
  DENY_BY_DEFAULT,
  deny,
  type Network,
  networkContains,
  parseNetwork,
  pass,
  type SnapshotUser,
  type Verdict,
} from '@zeronaut/model';
import { matchesPrincipal } from './principal.ts';

/**
 * The one access decision: an access rule and checked facts in, a verdict out. It comes after the gateway's access
 * room has verified every signature, hash and revocation; it never reads a token, a header or a clock.
 */

/** What the caller has verified. What is absent opens nothing. */
export interface AccessFacts {
  /** Owner of the resource or site. Users of any other organization never match. */
  readonly organizationId: string;
  /** Normalised source address. */
  readonly address: string;
  /** The active user of the session; null without session, or when that user is no longer active. */
  readonly user: SnapshotUser | null;
  readonly sessionState: 'none' | 'valid' | 'expired' | 'revoked' | 'invalid';
  /** Name of the resource's credential whose password was right. */
  readonly basicUser: string | null;
  /** Credentials for the resource were presented, right or wrong. */
  readonly basicTried: boolean;
  /** A share of this very resource, when `shareState` is `valid`. */
  readonly shareId: string | null;
  readonly shareState: 'none' | 'valid' | 'expired' | 'invalid';
  /** Subject of a bearer token that the rule's own keys verified. May be empty. */
  readonly tokenSubject: string | null;
  readonly tokenTried: boolean;
  /**
   * A personal access token was presented. With `valid` it names this resource, and `user` is whom it belongs to; null
   * when that user is no longer active.
   */
  readonly personalAccessToken: {
    readonly state: 'valid' | 'expired' | 'invalid' | 'elsewhere';
    readonly user: SnapshotUser | null;
  } | null;
  /** Who authorised the source address for this resource, if that still stands. The user must still match the rule. */
  readonly addressGrant: { readonly user: SnapshotUser } | null;
}

/** A caller of whom nothing is known but the address. */
export function anonymousFacts(organizationId: string, address: string): AccessFacts {
  return {
    organizationId,
    address,
    user: null,
    sessionState: 'none',
    basicUser: null,
    basicTried: false,
    shareId: null,
    shareState: 'none',
    tokenSubject: null,
    tokenTried: false,
    personalAccessToken: null,
    addressGrant: null,
  };
}

/**
 * Any open door is enough; the door that says most about who it is comes first, because its name goes into the
 * verdict. With none open, the reason names what the caller tried last and can mend.
 */
export function evaluateAccess(rule: AccessRule, facts: AccessFacts): Verdict {
  if (rule.mode === 'public') return pass('access.public');
  if (rule.mode !== 'login' && rule.mode !== 'policy') return DENY_BY_DEFAULT;

  if (facts.sessionState === 'valid' && facts.user !== null && userMayEnter(rule, facts.user, facts.organizationId)) {
    return pass('access.session');
  }
  const personal = facts.personalAccessToken;
  if (
    personal?.state === 'valid' &&
    personal.user !== null &&
    userMayEnter(rule, personal.user, facts.organizationId)
  ) {
    return pass('access.personal_access_token');
  }
  if (basicOpens(rule, facts)) return pass('access.basic');
  if (rule.tokens !== null && facts.tokenTried && facts.tokenSubject !== null) return pass('access.token');
  if (facts.shareState === 'valid' && facts.shareId !== null) return pass('access.share');
  if (facts.addressGrant !== null && userMayEnter(rule, facts.addressGrant.user, facts.organizationId)) {
    return pass('access.address_authorised');
  }
  if (rule.addresses.length > 0 && addressListed(rule.addresses, facts.address)) return pass('access.address');

  switch (personal?.state) {
    case 'expired':
      return challenge('access.personal_access_token_expired');
    case 'invalid':
      return challenge('access.personal_access_token_invalid');
    case 'elsewhere':
      return deny('access.personal_access_token_elsewhere');
    case 'valid':
      return deny(personal.user === null ? 'access.user_disabled' : 'access.not_allowed');
    case undefined:
  }
  if (rule.basic.length > 0 && facts.basicTried) return challenge('access.basic_invalid');
  if (rule.tokens !== null && facts.tokenTried) return challenge('access.token_invalid');
  switch (facts.shareState) {
    case 'expired':
      return challenge('access.share_expired');
    case 'invalid':
      return challenge('access.share_invalid');
    case 'none':
    case 'valid':
  }
  switch (facts.sessionState) {
    case 'none':
      // Somebody is known behind the address, whom the rule does not name: policies may.
      if (facts.addressGrant?.user.organizationId === facts.organizationId) return deny('access.not_allowed');
      return challenge('access.session_missing');
    case 'expired':
      return challenge('access.session_expired');
    case 'revoked':
      return challenge('access.session_revoked');
    case 'invalid':
      return challenge('access.session_invalid');
    case 'valid':
      return deny(facts.user === null ? 'access.user_disabled' : 'access.not_allowed');
  }
  return DENY_BY_DEFAULT;
}

/** An active user of the owning organization whom `allow` names; an empty `allow` names all of them, with `policy` nobody. */
function userMayEnter(rule: AccessRule, user: SnapshotUser, organizationId: string): boolean {
  if (user.organizationId !== organizationId) return false;
  if (rule.mode === 'policy') return false;
  return rule.allow.length === 0 || rule.allow.some((principal) => matchesPrincipal(principal, user));
}

function basicOpens(rule: AccessRule, facts: AccessFacts): boolean {
  return (
    facts.basicTried &&
    facts.basicUser !== null &&
    rule.basic.some((credential) => credential.username === facts.basicUser)
  );
}

// Rules are immutable and asked per request; parsing their networks each time would dominate the decision.
const parsedNetworks = new WeakMap<readonly string[], readonly Network[]>();

function addressListed(addresses: readonly string[], address: string): boolean {
  let networks = parsedNetworks.get(addresses);
  if (networks === undefined) {
    networks = addresses.map(parseNetwork).filter((network) => network !== null);
    parsedNetworks.set(addresses, networks);
  }
  return networks.some((network) => networkContains(network, address));
}
