import type { SnapshotPolicy, SnapshotResource, SnapshotSite } from '@zeronaut/model';
import { type CompiledPolicy, compilePolicy } from './cedar/policy.ts';
import type { Entity } from './cedar/values.ts';
import { type Circumstances, factText, momentOf, readsTime } from './circumstances.ts';
import { ACTION_ENTITIES, objectEntity } from './entities.ts';
import type { PolicyAction } from './policy-schema.ts';

/**
 * The policies of an organization, compiled; and what they say, remembered. Without policies nothing here is asked.
 *
 * A decision depends on the policies whose head fits, on the principal and the object (immutable, compared by identity),
 * and on the facts that those policies read. Exactly that is its key, so nothing has to be thrown away when a snapshot
 * comes: what did not change is found again, what did is asked again.
 */
export interface PolicyDecision {
  readonly effect: 'permit' | 'forbid' | 'none';
  /** What decided: the forbids that hold, or else the permits that hold. */
  readonly policies: readonly LoadedPolicy[];
  /** Policies whose evaluation failed. A forbid among them forbids. */
  readonly errors: readonly { readonly policy: LoadedPolicy; readonly message: string }[];
  /** What it would be if the policies in report mode were enforced; null: the same, or there are none. */
  readonly reported: { readonly effect: PolicyDecision['effect']; readonly policies: readonly LoadedPolicy[] } | null;
}

export interface LoadedPolicy extends CompiledPolicy {
  readonly id: string;
  readonly name: string;
  readonly mode: 'enforce' | 'report';
}

/** Throws an `UnsupportedPolicyError` when it cannot be run: then none of its set may be used. */
export function loadPolicy({ id, name, mode, json }: SnapshotPolicy): LoadedPolicy {
  return { ...compilePolicy(json), id, name, mode };
}

/** The same of what `read` gives, each time: it need not be held as an object until somebody is asked about. */
export function loadPolicyLater(read: () => SnapshotPolicy): LoadedPolicy {
  const { id, name, mode, json } = read();
  return { ...compilePolicy(json, () => read().json), id, name, mode };
}

export interface PolicyRequest {
  readonly principal: Entity;
  readonly action: PolicyAction;
  readonly object: SnapshotResource | SnapshotSite;
  readonly circumstances: Circumstances;
}

/** Policies whose head fits one principal, action and object, with what they read. */
interface Plan {
  readonly policies: readonly LoadedPolicy[];
  readonly facts: readonly string[];
  readonly known: Map<string, PolicyDecision>;
}

/** Remembered decisions of one plan, and plans of all objects; beyond it all are forgotten, which costs time alone. */
const MAX_KNOWN = 256;
const MAX_PLANS = 50_000;

const NOTHING: PolicyDecision = Object.freeze({ effect: 'none', policies: [], errors: [], reported: null });

export class PolicySet {
  readonly policies: readonly LoadedPolicy[];
  /** Some policy can change its mind by the passing of time alone. */
  readonly readsTime: boolean;
  #byObject = new WeakMap<object, Map<PolicyAction, readonly LoadedPolicy[]>>();
  #plans = new WeakMap<object, WeakMap<Entity, Map<PolicyAction, Plan>>>();
  #planCount = 0;

  constructor(policies: readonly LoadedPolicy[]) {
    this.policies = policies;
    this.readsTime = this.policies.some(({ facts }) => readsTime(facts));
  }

  /** Whether some policy reads this fact, such as `country`. */
  reads(fact: string): boolean {
    return this.policies.some(({ facts }) => facts.has(fact) || facts.has('*'));
  }

  get empty(): boolean {
    return this.policies.length === 0;
  }

  /** The remembered decision, or a fresh one. */
  decide(request: PolicyRequest): PolicyDecision {
    if (this.policies.length === 0) return NOTHING;
    const plan = this.#plan(request);
    if (plan.policies.length === 0) return NOTHING;
    let key = '';
    for (const fact of plan.facts) key += `${factText(fact, request.circumstances)}\u0000`;
    const known = plan.known.get(key);
    if (known !== undefined) return known;
    const decision = decideFresh(plan.policies, request);
    if (plan.known.size >= MAX_KNOWN) plan.known.clear();
    plan.known.set(key, decision);
    return decision;
  }

  /** Without memory: for tests, simulation, and whatever asks once. */
  decideFresh(request: PolicyRequest): PolicyDecision {
    return decideFresh(this.#fitting(request), request);
  }

  /** Facts that the decision would depend on, such as `risk`. */
  factsFor(request: PolicyRequest): readonly string[] {
    return this.#plan(request).facts;
  }

  #plan(request: PolicyRequest): Plan {
    const { principal, action, object } = request;
    let ofObject = this.#plans.get(object);
    if (ofObject === undefined) {
      ofObject = new WeakMap();
      this.#plans.set(object, ofObject);
    }
    let ofPrincipal = ofObject.get(principal);
    if (ofPrincipal === undefined) {
      ofPrincipal = new Map();
      ofObject.set(principal, ofPrincipal);
    }
    let plan = ofPrincipal.get(action);
    if (plan === undefined) {
      const policies = this.#fitting(request);
      plan = { policies, facts: [...new Set(policies.flatMap(({ facts }) => [...facts]))].sort(), known: new Map() };
      ofPrincipal.set(action, plan);
      if (++this.#planCount > MAX_PLANS) {
        this.#plans = new WeakMap();
        this.#planCount = 0;
      }
    }
    return plan;
  }

  #fitting({ principal, action, object }: PolicyRequest): readonly LoadedPolicy[] {
    let byAction = this.#byObject.get(object);
    if (byAction === undefined) {
      byAction = new Map();
      this.#byObject.set(object, byAction);
    }
    let candidates = byAction.get(action);
    if (candidates === undefined) {
      const [wanted, does] = [objectEntity(object), ACTION_ENTITIES[action]];
      candidates = this.policies.filter((policy) => policy.matchesAction(does) && policy.matchesResource(wanted));
      byAction.set(action, candidates);
    }
    return candidates.filter((policy) => policy.matchesPrincipal(principal));
  }
}

function decideFresh(policies: readonly LoadedPolicy[], request: PolicyRequest): PolicyDecision {
  if (policies.length === 0) return NOTHING;
  const environment = {
    principal: request.principal,
    action: ACTION_ENTITIES[request.action],
    resource: objectEntity(request.object),
    ...momentOf(request.circumstances),
  };
  const held: LoadedPolicy[] = [];
  const errors: { policy: LoadedPolicy; message: string }[] = [];
  for (const policy of policies) {
    try {
      if (policy.holds(environment)) held.push(policy);
    } catch (error) {
      // Also a bug of ours: whatever goes wrong inside a policy must let nobody in.
      errors.push({ policy, message: error instanceof Error ? error.message : String(error) });
    }
  }
  const enforced = conclude(held, errors, ({ mode }) => mode === 'enforce');
  const reporting = policies.some(({ mode }) => mode === 'report');
  const all = reporting ? conclude(held, errors, () => true) : enforced;
  return { ...enforced, errors, reported: all.effect === enforced.effect ? null : all };
}

function conclude(
  held: readonly LoadedPolicy[],
  errors: PolicyDecision['errors'],
  counts: (policy: LoadedPolicy) => boolean,
): { effect: PolicyDecision['effect']; policies: readonly LoadedPolicy[] } {
  const forbids = held.filter((policy) => policy.effect === 'forbid' && counts(policy));
  // Cedar skips a policy that errs. A forbid that cannot be evaluated forbids here: closed on error.
  const failed = errors.map(({ policy }) => policy).filter((policy) => policy.effect === 'forbid' && counts(policy));
  if (forbids.length + failed.length > 0) return { effect: 'forbid', policies: [...forbids, ...failed] };
  const permits = held.filter((policy) => policy.effect === 'permit' && counts(policy));
  return permits.length > 0 ? { effect: 'permit', policies: permits } : { effect: 'none', policies: [] };
}
