import {
  type AccessRule,
  challenge,
  deny,
  type Explanation,
  pass,
  type SnapshotResource,
  type SnapshotSite,
  type SnapshotUser,
  type Verdict,
} from '@zeronaut/model';
import type { Entity } from './cedar/values.ts';
import { type Circumstances, factShown } from './circumstances.ts';
import { guestEntity, isGuest, userEntity } from './entities.ts';
import { type AccessFacts, evaluateAccess } from './evaluate-access.ts';
import type { PolicyAction } from './policy-schema.ts';
import type { LoadedPolicy, PolicyDecision, PolicySet } from './policy-set.ts';

/**
 * The whole access decision. First the object's own rule: which door is open, and for whom. Then the policies of the
 * organization: a `forbid` that holds closes every door, a `permit` that holds opens one for a user whom the rule alone
 * would not let in. Everything starts at deny, and nobody who has not shown who they are is let in by a permit.
 */
export interface AccessQuestion {
  readonly object: SnapshotResource | SnapshotSite;
  readonly action: PolicyAction;
  readonly facts: AccessFacts;
  /** What is known of the moment; only asked for when some policy has to be. */
  circumstances(by: string): Circumstances;
}

export interface AccessDecision {
  readonly verdict: Verdict;
  /** What policies had to do with it; null: nothing. */
  readonly explanation: Explanation | null;
}

/** A policy with this annotation asks for a fresh sign-in with more factors instead of refusing for good. */
const STEP_UP = 'step_up';
const ADVICE = 'advice';
const MAX_ADVICE = 300;

/** `by` of circumstances, from the reason why the rule lets somebody in. */
const DOORS: Readonly<Partial<Record<Verdict['reason'], string>>> = {
  'access.public': 'public',
  'access.session': 'session',
  'access.personal_access_token': 'personal_access_token',
  'access.basic': 'basic',
  'access.token': 'token',
  'access.share': 'share',
  'access.address_authorised': 'address',
  'access.address': 'address',
};

const SEGMENTS_APART = deny('access.segments_apart');

/**
 * Between segments the default is deny: from a device of some segment into a site of others, who the rule lets in is not enough; a permit or
 * an approved request says it. What is in no segment is apart from nothing.
 */
export function areApart(ones: readonly string[] = [], others: readonly string[] = []): boolean {
  return ones.length > 0 && others.length > 0 && !ones.some((segment) => others.includes(segment));
}

export function decideAccess(policies: PolicySet, question: AccessQuestion): AccessDecision {
  const rule: AccessRule = question.object.access;
  const base = evaluateAccess(rule, question.facts);
  const { object, action } = question;
  const mayBeApart = action === 'forward' && base.effect === 'pass' && base.reason !== 'access.public';
  if (policies.empty && base.reason !== 'access.not_allowed' && !mayBeApart) {
    return { verdict: base, explanation: null };
  }
  const caller = callerOf(base, question.facts);
  if (caller === null) return { verdict: base, explanation: null };
  const circumstances = question.circumstances(caller.by);
  const ruled = mayBeApart && areApart(circumstances.device?.segments, object.segments) ? SEGMENTS_APART : base;
  const ask = (moment: Circumstances) =>
    policies.decide({ principal: caller.entity, action, object, circumstances: moment });
  const decision = ask(circumstances);
  const own = ruled.effect !== 'pass' && circumstances.granted ? pass('access.granted') : ruled;
  const verdict = combine(own, decision, caller.by);
  // Told apart, so that nobody is sent to ask for what would not let them in.
  const approvalHelps =
    verdict.reason === 'access.policy_forbids' &&
    !circumstances.granted &&
    !isGuest(caller.entity) &&
    decision.policies.some(({ facts }) => facts.has('granted') || facts.has('*')) &&
    combine(pass('access.granted'), ask({ ...circumstances, granted: true }), caller.by).effect !== 'deny';
  return {
    verdict: approvalHelps ? deny('access.approval_required') : verdict,
    explanation: explain(own, decision, circumstances),
  };
}

/** Who the policies are asked about; null: nobody yet, so that the rule's own answer (sign in first) stands. */
export function callerOf(base: Verdict, facts: AccessFacts): { entity: Entity; by: string } | null {
  const by = DOORS[base.reason] ?? '';
  switch (base.reason) {
    case 'access.session':
      return { entity: userEntity(facts.user!), by };
    case 'access.personal_access_token':
      return { entity: userEntity(facts.personalAccessToken!.user!), by };
    case 'access.address_authorised':
      return { entity: userEntity(facts.addressGrant!.user), by };
    case 'access.basic':
      return { entity: guestEntity({ kind: 'basic', name: facts.basicUser! }), by };
    case 'access.token':
      return { entity: guestEntity({ kind: 'token', name: facts.tokenSubject! }), by };
    case 'access.share':
      return { entity: guestEntity({ kind: 'share', name: facts.shareId! }), by };
    case 'access.address':
      return { entity: guestEntity({ kind: 'address', name: '' }), by };
    case 'access.public':
      return { entity: guestEntity({ kind: 'anonymous', name: '' }), by };
    case 'access.not_allowed': {
      const { user, by: door } = whoAsked(facts);
      // Users of another organization are nobody here, whatever a policy says.
      if (user === null || user.organizationId !== facts.organizationId) return null;
      return { entity: userEntity(user), by: door };
    }
    default:
      return null;
  }
}

/** Whom the rule alone does not let in. */
function whoAsked({ personalAccessToken, sessionState, user, addressGrant }: AccessFacts): {
  user: SnapshotUser | null;
  by: string;
} {
  if (personalAccessToken !== null) return { user: personalAccessToken.user, by: 'personal_access_token' };
  if (sessionState === 'valid') return { user, by: 'session' };
  return { user: addressGrant?.user ?? null, by: 'address' };
}

function combine(own: Verdict, decision: PolicyDecision, by: string): Verdict {
  if (decision.effect === 'forbid') {
    const stepUpHelps = by === 'session' && decision.policies.every(({ annotations }) => annotations.has(STEP_UP));
    return stepUpHelps ? challenge('access.step_up_required') : deny('access.policy_forbids');
  }
  if (own.effect === 'pass') return own;
  return decision.effect === 'permit' ? pass('access.policy') : own;
}

function explain(own: Verdict, decision: PolicyDecision, circumstances: Circumstances): Explanation | null {
  const { reported } = decision;
  const would = reported === null ? null : effectOf(own, reported.effect);
  const is = effectOf(own, decision.effect);
  const changes = would !== null && would !== is;
  // A permit that adds nothing to what the rule allows anyway decided nothing.
  const decided = decision.effect === 'forbid' || own.effect !== 'pass' ? decision.policies : [];
  if (decided.length === 0 && !changes) return null;
  return {
    policies: decided.map(({ id }) => id),
    facts: factsOf(decided, circumstances),
    reported: changes ? { effect: would, policies: reported!.policies.map(({ id }) => id) } : null,
    advice: decided[0]?.annotations.get(ADVICE)?.slice(0, MAX_ADVICE) ?? '',
  };
}

function effectOf(own: Verdict, effect: PolicyDecision['effect']): 'pass' | 'deny' {
  if (effect === 'forbid') return 'deny';
  return effect === 'permit' || own.effect === 'pass' ? 'pass' : 'deny';
}

function factsOf(policies: readonly LoadedPolicy[], circumstances: Circumstances): Record<string, string> {
  const facts: Record<string, string> = {};
  for (const policy of policies) {
    for (const fact of policy.facts) facts[fact] = factShown(fact, circumstances).slice(0, 300);
  }
  return facts;
}
