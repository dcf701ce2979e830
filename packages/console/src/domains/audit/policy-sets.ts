/** Sets of policies that get a class of their own in an hour, of what is one class otherwise. */
const MAX_POLICY_SETS = 64;
const HOUR_MS = 3_600_000;

/**
 * Bounds how many classes of access decisions the policies make of one: with a dozen policies that read the path or the method, any
 * visitor could otherwise choose thousands of combinations of them, each an entry that stays in the audit log.
 */
export class PolicySets {
  #hour = 0;
  readonly #known = new Map<string, Set<string>>();

  /** Whether decisions by this set are told apart from others of the class. */
  isOwn(classWithout: string, policies: readonly string[], nowMs: number): boolean {
    if (policies.length === 0) return true;
    const hour = Math.floor(nowMs / HOUR_MS);
    if (hour !== this.#hour) {
      this.#hour = hour;
      this.#known.clear();
    }
    let sets = this.#known.get(classWithout);
    if (sets === undefined) {
      sets = new Set();
      this.#known.set(classWithout, sets);
    }
    const set = policies.join();
    if (sets.size >= MAX_POLICY_SETS) return sets.has(set);
    sets.add(set);
    return true;
  }
}
