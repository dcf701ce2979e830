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
 * and on the facts that those policies read. Exactly that is its key. What the set of before remembered goes on with the next one: where a
 * policy that was changed, added or removed has no say, the decision is found again; where it has, and there alone, it is asked again.
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
  /** The change up to which this is known to be right. */
  changes: number;
  readonly policies: readonly LoadedPolicy[];
  readonly facts: readonly string[];
  readonly known: Map<string, PolicyDecision>;
}

/** Remembered decisions of one plan, and plans of all objects; beyond it all are forgotten, which costs time alone. */
const MAX_KNOWN = 256;
const MAX_PLANS = 50_000;
/** Changed policies that a plan of before is held against; one from before more changes is made again. */
const MAX_CHANGED = 256;

/** What one set has that the one before has not, and the other way round; a changed policy is in both. */
export interface PolicyChange {
  readonly removed: ReadonlySet<LoadedPolicy>;
  readonly added: readonly LoadedPolicy[];
}

/**
 * What sets that follow each other remember together. It belongs to the newest that was asked: an older one, which flows may still hold, asks
 * without memory, so that nothing of two sets is ever mixed.
 */
class Memory {
  owner: PolicySet;
  plans = new WeakMap<object, WeakMap<Entity, Map<PolicyAction, Plan>>>();
  planCount = 0;
  /** How many changes there have been; the newest of them in their order. */
  changes = 0;
  readonly kept: PolicyChange[] = [];
  #keptSize = 0;
  #sets = 0;

  constructor(owner: PolicySet) {
    this.owner = owner;
  }

  /** Tells sets apart by their age. */
  next(): number {
    return this.#sets++;
  }

  forget(): void {
    this.plans = new WeakMap();
    this.planCount = 0;
  }

  /** Nothing is looked through: each plan is held against the change when it is asked for. */
  change(owner: PolicySet): void {
    const [before, after] = [new Set(this.owner.policies), new Set(owner.policies)];
    const change = {
      removed: new Set(this.owner.policies.filter((policy) => !after.has(policy))),
      added: owner.policies.filter((policy) => !before.has(policy)),
    };
    this.owner = owner;
    this.changes++;
    this.kept.push(change);
    this.#keptSize += sizeOf(change);
    while (this.#keptSize > MAX_CHANGED) this.#keptSize -= sizeOf(this.kept.shift()!);
  }
}

function sizeOf({ removed, added }: PolicyChange): number {
  // One that is empty counts as well: it is kept, too.
  return 1 + removed.size + added.length;
}

const NOTHING: PolicyDecision = Object.freeze({ effect: 'none', policies: [], errors: [], reported: null });

export class PolicySet {
  readonly policies: readonly LoadedPolicy[];
  /** Some policy can change its mind by the passing of time alone. */
  readonly readsTime: boolean;
  readonly #byObject = new WeakMap<object, Map<PolicyAction, readonly LoadedPolicy[]>>();
  readonly #memory: Memory;
  readonly #age: number;

  /** `previous`: the set whose place this one takes. Policies that are the same in both are the same objects. */
  constructor(policies: readonly LoadedPolicy[], previous: PolicySet | null = null) {
    this.policies = policies;
    this.readsTime = this.policies.some(({ facts }) => readsTime(facts));
    this.#memory = previous === null ? new Memory(this) : previous.#memory;
    this.#age = this.#memory.next();
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

  /** Whether a change of policies has a say in what these policies were found to have for the request. */
  protected concerns(change: PolicyChange, policies: readonly LoadedPolicy[], request: PolicyRequest): boolean {
    if (change.removed.size > 0 && policies.some((policy) => change.removed.has(policy))) return true;
    if (change.added.length === 0) return false;
    const [object, action] = [objectEntity(request.object), ACTION_ENTITIES[request.action]];
    return change.added.some(
      (policy) =>
        policy.matchesAction(action) && policy.matchesResource(object) && policy.matchesPrincipal(request.principal),
    );
  }

  #plan(request: PolicyRequest): Plan {
    const memory = this.#memory;
    if (memory.owner !== this) {
      if (memory.owner.#age > this.#age) return this.#makePlan(request);
      memory.change(this);
    }
    const { principal, action, object } = request;
    let ofObject = memory.plans.get(object);
    if (ofObject === undefined) {
      ofObject = new WeakMap();
      memory.plans.set(object, ofObject);
    }
    let ofPrincipal = ofObject.get(principal);
    if (ofPrincipal === undefined) {
      ofPrincipal = new Map();
      ofObject.set(principal, ofPrincipal);
    }
    const known = ofPrincipal.get(action);
    if (known !== undefined && this.#isCurrent(known, request)) return known;
    const plan = this.#makePlan(request);
    ofPrincipal.set(action, plan);
    if (known === undefined && ++memory.planCount > MAX_PLANS) memory.forget();
    return plan;
  }

  #isCurrent(plan: Plan, request: PolicyRequest): boolean {
    const { changes, kept } = this.#memory;
    const missed = changes - plan.changes;
    if (missed === 0) return true;
    if (missed > kept.length) return false;
    for (let index = kept.length - missed; index < kept.length; index++) {
      if (this.concerns(kept[index]!, plan.policies, request)) return false;
    }
    plan.changes = changes;
    return true;
  }

  #makePlan(request: PolicyRequest): Plan {
    const policies = this.#fitting(request);
    const facts = [...new Set(policies.flatMap(({ facts: read }) => [...read]))].sort();
    return { changes: this.#memory.changes, policies, facts, known: new Map() };
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
