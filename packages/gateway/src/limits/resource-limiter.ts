import { AttemptLimiter } from '../attempt-limiter.ts';
import type { Flow } from '../flow.ts';
import type { ResourceLimiter } from '../rooms.ts';
import { sourceOf } from '../source-of.ts';

/**
 * What resources take of this gateway, by bounds of their own: how much at the same time, and how fast from one source. What is counted
 * outlives a swap of the tables; the bounds are those of the flow's own snapshot. A resource without any never comes here.
 */
export class LimitsOfResources implements ResourceLimiter {
  /** Flows by resource; absent: none. */
  readonly #open = new Map<string, number>();
  readonly #sources = new AttemptLimiter({ burst: 1, intervalMs: 1 });
  readonly #now: () => number;

  /** `now`: monotonic ms. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  take(flow: Flow): number {
    const { id, limits } = flow.resource!;
    const rate = limits?.rate ?? null;
    if (rate === null) return 0;
    const intervalMs = (rate.perSeconds * 1000) / rate.requests;
    return this.#sources.take(`${id} ${sourceOf(flow.downstream.address)}`, this.#now(), rate.requests, intervalMs);
  }

  enter(flow: Flow): boolean {
    const { id, limits } = flow.resource!;
    const open = this.#open.get(id) ?? 0;
    if (open >= (limits?.concurrent ?? Number.POSITIVE_INFINITY)) return false;
    this.#open.set(id, open + 1);
    return true;
  }

  leave(flow: Flow): void {
    const { id } = flow.resource!;
    const left = this.#open.get(id)! - 1;
    if (left === 0) this.#open.delete(id);
    else this.#open.set(id, left);
  }
}
