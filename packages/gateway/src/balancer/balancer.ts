import { deny, type Fault, type SnapshotResource, type Target, type Verdict } from '@zeronaut/model';
import type { Flow } from '../flow.ts';
import type { Balancer, Choice, Dialer } from '../rooms.ts';
import { sourceOf } from '../source-of.ts';
import type { CurrentTables, Tables } from '../tables.ts';
import { chooseBySource, chooseLeast, seedOf } from './choose-target.ts';
import { probe } from './health-probe.ts';
import { chooseSmooth } from './weighted-round-robin.ts';

/**
 * Which target gets the next flow. Stage 3, between access and targets. Active health checks take a target out and bring
 * it back; a refused connection takes one out for a while. What is known of a target survives a swap of the tables.
 */
export interface BalancerOptions {
  readonly tables: CurrentTables;
  readonly dialer: Dialer;
  /** For jitter; default `Math.random`. */
  readonly random?: () => number;
  /** Monotonic ms; default `performance.now`. */
  readonly now?: () => number;
  /** A target left or came back. */
  onHealthChange?(target: Target, healthy: boolean): void;
}

export interface HealthBalancer extends Balancer {
  /** By active checks and recent refusals. */
  healthy(targetId: string): boolean;
  /** Those that are left out now. */
  unhealthy(): { resourceId: string; targetId: string }[];
  stop(): void;
}

export function createBalancer(options: BalancerOptions): HealthBalancer {
  return new TargetBalancer(options);
}

/** Consecutive refusals until a target is left out, and for how long: doubling up to the longest. */
const EJECT_AFTER = 2;
const EJECT_MS = 2_000;
const LONGEST_EJECT_MS = 30_000;
const NO_TARGET: Verdict = Object.freeze(deny('balancer.no_target'));
const AGENT_AWAY: Verdict = Object.freeze(deny('balancer.agent_away'));

class TargetState implements Choice {
  target: Target;
  resourceId: string;
  /** Health checks go with them. */
  headers: SnapshotResource['headers'];
  balance = 0;
  /** Flows that go to it now. */
  open = 0;
  readonly seed: number;
  /** By active checks alone. */
  up = true;
  streak = 0;
  refusals = 0;
  ejections = 0;
  ejectedUntil = 0;
  timer: NodeJS.Timeout | null = null;

  constructor(target: Target, resourceId: string) {
    this.target = target;
    this.resourceId = resourceId;
    this.seed = seedOf(target.id);
  }

  left(): void {
    this.open--;
  }

  get weight(): number {
    return this.target.weight;
  }
}

class TargetBalancer implements HealthBalancer {
  readonly #options: BalancerOptions;
  readonly #random: () => number;
  readonly #now: () => number;
  #states = new Map<string, TargetState>();
  /** Spares looking up every target of a resource by id for every flow. */
  #byResource = new WeakMap<SnapshotResource, readonly TargetState[]>();
  readonly #unsubscribe: () => void;
  #stopped = false;

  constructor(options: BalancerOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#now = options.now ?? (() => performance.now());
    this.#adopt(options.tables.get());
    this.#unsubscribe = options.tables.subscribe((next) => this.#adopt(next));
  }

  choose(flow: Flow, exclude: ReadonlySet<string>): Choice | { target: null; verdict: Verdict } {
    const choice = this.#choose(flow, exclude);
    if (choice instanceof TargetState) choice.open++;
    return choice;
  }

  #choose(flow: Flow, exclude: ReadonlySet<string>): TargetState | { target: null; verdict: Verdict } {
    const resource = flow.resource!;
    const states = this.#statesOf(resource);
    const { dialer } = this.#options;
    if (states.length === 1) {
      const only = states[0]!;
      if (only.weight === 0 || !only.up || (exclude.size > 0 && exclude.has(only.target.id))) return NOTHING_LEFT;
      return dialer.reachable(only.target, resource.id) ? only : AWAY;
    }
    const now = this.#now();
    const candidates: TargetState[] = [];
    const ejected: TargetState[] = [];
    let away = 0;
    for (let i = 0; i < states.length; i++) {
      const state = states[i]!;
      if (state.weight === 0 || exclude.has(state.target.id)) continue;
      if (!dialer.reachable(state.target, resource.id)) away++;
      else if (!state.up) continue;
      else if (state.ejectedUntil > now) ejected.push(state);
      else candidates.push(state);
    }
    // Refusals never take the last ones out: then trying is better than a sure no.
    const chosen = chooseAmong(candidates, flow) ?? chooseAmong(ejected, flow);
    if (chosen !== null) return chosen;
    return away > 0 ? AWAY : NOTHING_LEFT;
  }

  report(target: Target, fault: Fault | null): void {
    const state = this.#states.get(target.id);
    if (state === undefined) return;
    if (fault === null) {
      if (state.refusals > 0 || state.ejections > 0) {
        if (state.ejectedUntil > 0) this.#options.onHealthChange?.(state.target, true);
        state.refusals = state.ejections = state.ejectedUntil = 0;
      }
      return;
    }
    // Our own lack of descriptors is nothing that the target did.
    if (fault.side === 'local' || ++state.refusals < EJECT_AFTER) return;
    state.refusals = 0;
    state.ejectedUntil = this.#now() + Math.min(LONGEST_EJECT_MS, EJECT_MS * 2 ** state.ejections);
    state.ejections = Math.min(state.ejections + 1, 10);
    this.#options.onHealthChange?.(state.target, false);
  }

  healthy(targetId: string): boolean {
    const state = this.#states.get(targetId);
    return state?.up === true && state.ejectedUntil <= this.#now();
  }

  unhealthy(): { resourceId: string; targetId: string }[] {
    const now = this.#now();
    const found = [];
    for (const [targetId, { up, ejectedUntil, resourceId }] of this.#states) {
      if (!up || ejectedUntil > now) found.push({ resourceId, targetId });
    }
    return found;
  }

  stop(): void {
    this.#stopped = true;
    this.#unsubscribe();
    for (const state of this.#states.values()) this.#silence(state);
  }

  #statesOf(resource: SnapshotResource): readonly TargetState[] {
    const known = this.#byResource.get(resource);
    if (known !== undefined) return known;
    // A flow may still run on tables before the last swap; what those targets were is not kept.
    const states = resource.targets.map(
      (target) => this.#states.get(target.id) ?? new TargetState(target, resource.id),
    );
    this.#byResource.set(resource, states);
    return states;
  }

  /** Takes over a table: targets that stay keep their state, new ones start well, gone ones are no longer asked. */
  #adopt(tables: Tables): void {
    const next = new Map<string, TargetState>();
    for (const resource of tables.resources.values()) {
      for (const target of resource.targets) {
        const state = this.#states.get(target.id) ?? new TargetState(target, resource.id);
        const changed = state.target.address !== target.address || state.timer === null;
        const checkChanged = JSON.stringify(state.target.healthCheck) !== JSON.stringify(target.healthCheck);
        state.target = target;
        state.resourceId = resource.id;
        state.headers = resource.headers;
        next.set(target.id, state);
        if (changed || checkChanged) {
          this.#silence(state);
          if (target.healthCheck === null) state.up = true;
          // Soon, not at once: thousands of checks that start together would stay together.
          else this.#schedule(state, Math.min(target.healthCheck.intervalMs, 500) * this.#random());
        }
      }
    }
    for (const [id, state] of this.#states) if (!next.has(id)) this.#silence(state);
    this.#states = next;
    this.#byResource = new WeakMap();
  }

  #schedule(state: TargetState, delayMs: number): void {
    const timer = setTimeout(() => {
      this.#check(state, timer).catch((error: unknown) => {
        throw error;
      });
    }, delayMs);
    timer.unref();
    state.timer = timer;
  }

  #silence(state: TargetState): void {
    if (state.timer !== null) clearTimeout(state.timer);
    state.timer = null;
  }

  async #check(state: TargetState, timer: NodeJS.Timeout): Promise<void> {
    const { target, resourceId } = state;
    const check = target.healthCheck;
    if (check === null) return;
    const { dialer } = this.#options;
    // An agent that is away is no failure of the target; `choose` leaves it out by itself.
    if (dialer.reachable(target, resourceId)) {
      const well = await probe(dialer, target, resourceId, check, state.headers);
      // Gone, or replaced by another check, while we waited.
      if (this.#stopped || state.timer !== timer) return;
      this.#learn(state, well, check.healthyAfter, check.unhealthyAfter);
    }
    this.#schedule(state, check.intervalMs * (0.9 + 0.2 * this.#random()));
  }

  #learn(state: TargetState, well: boolean, healthyAfter: number, unhealthyAfter: number): void {
    if (well === state.up) {
      state.streak = 0;
      if (well) state.refusals = state.ejections = state.ejectedUntil = 0;
      return;
    }
    if (++state.streak < (well ? healthyAfter : unhealthyAfter)) return;
    state.streak = 0;
    state.up = well;
    if (well) state.refusals = state.ejections = state.ejectedUntil = 0;
    this.#options.onHealthChange?.(state.target, well);
  }
}

function chooseAmong(candidates: readonly TargetState[], { resource, downstream }: Flow): TargetState | null {
  switch (resource!.balancing) {
    case 'least-connections':
      return chooseLeast(candidates);
    case 'source':
      return chooseBySource(candidates, sourceOf(downstream.address));
    default:
      return chooseSmooth(candidates);
  }
}

const NOTHING_LEFT = Object.freeze({ target: null, verdict: NO_TARGET });
const AWAY = Object.freeze({ target: null, verdict: AGENT_AWAY });
