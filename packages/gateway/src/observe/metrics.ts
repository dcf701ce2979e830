import { createHistogram } from 'node:perf_hooks';
import type { UnnumberedEvent } from './event-line.ts';

/** A day: what lasts longer counts as a day. */
const LONGEST_US = 86_400_000_000;

interface FlowCount {
  readonly protocol: string;
  readonly effect: string;
  readonly reason: string;
  count: number;
}

/** Flows by how they ended. Plain numbers in the hot path; Prometheus gets them when it asks. */
export class FlowCounters {
  readonly #counts = new Map<string, FlowCount>();
  /** Where the last flow was counted: the next one mostly ends the same way, and needs no key. */
  #last: FlowCount | null = null;
  bytesIn = 0;
  bytesOut = 0;
  readonly #durations = createHistogram({ lowest: 1, highest: LONGEST_US, figures: 2 });

  add(event: UnnumberedEvent): void {
    this.#countOf(event).count++;
    this.bytesIn += event.bytesIn;
    this.bytesOut += event.bytesOut;
    // In microseconds; the histogram takes nothing below 1.
    this.#durations.record(Math.max(1, Math.min(LONGEST_US, Math.round(event.durationMs * 1000))));
  }

  #countOf({ protocol, effect, reason }: UnnumberedEvent): FlowCount {
    let found = this.#last;
    if (found?.reason === reason && found.effect === effect && found.protocol === protocol) return found;
    const key = `${protocol} ${effect} ${reason}`;
    found = this.#counts.get(key) ?? { protocol, effect, reason, count: 0 };
    this.#counts.set(key, found);
    this.#last = found;
    return found;
  }

  rows(): Iterable<FlowCount> {
    return this.#counts.values();
  }

  durationSeconds(percentile: number): number {
    return this.#durations.count === 0 ? 0 : this.#durations.percentile(percentile) / 1e6;
  }
}

/** One number of another room, read when Prometheus asks. */
export interface Reading {
  readonly name: string;
  readonly help: string;
  readonly kind: 'gauge' | 'counter';
  readonly read: () => number;
}

/**
 * What `/metrics` answers. The library is loaded at the first scrape: a gateway that nobody scrapes pays nothing for it.
 */
export class Metrics {
  readonly #flows: FlowCounters;
  readonly #readings: readonly Reading[];
  #registry: Promise<{ metrics(): Promise<string>; contentType: string }> | null = null;

  constructor(flows: FlowCounters, readings: readonly Reading[]) {
    this.#flows = flows;
    this.#readings = readings;
  }

  async render(): Promise<{ contentType: string; body: string }> {
    this.#registry ??= this.#build();
    const registry = await this.#registry;
    return { contentType: registry.contentType, body: await registry.metrics() };
  }

  async #build(): Promise<{ metrics(): Promise<string>; contentType: string }> {
    const { Counter, collectDefaultMetrics, Gauge, Registry } = await import('prom-client');
    const registry = new Registry();
    const flows = this.#flows;
    const registers = [registry];
    // Event-loop lag, memory, garbage collection.
    collectDefaultMetrics({ register: registry });
    new Counter({
      name: 'zeronaut_gateway_flows_total',
      help: 'Requests, connections and UDP sessions by how they ended',
      labelNames: ['protocol', 'effect', 'reason'],
      registers,
      collect() {
        this.reset();
        for (const { count, ...labels } of flows.rows()) this.inc(labels, count);
      },
    });
    new Gauge({
      name: 'zeronaut_gateway_flow_duration_seconds',
      help: 'Duration of flows since start, by quantile',
      labelNames: ['quantile'],
      registers,
      collect() {
        for (const quantile of [0.5, 0.9, 0.99]) {
          this.set({ quantile: String(quantile) }, flows.durationSeconds(quantile * 100));
        }
      },
    });
    const own: Reading[] = [
      { name: 'bytes_in_total', help: 'Payload bytes from callers', kind: 'counter', read: () => flows.bytesIn },
      { name: 'bytes_out_total', help: 'Payload bytes to callers', kind: 'counter', read: () => flows.bytesOut },
    ];
    for (const { name, help, kind, read } of [...own, ...this.#readings]) {
      const base = { name: `zeronaut_gateway_${name}`, help, registers };
      if (kind === 'gauge') {
        new Gauge({
          ...base,
          collect() {
            this.set(read());
          },
        });
      } else {
        new Counter({
          ...base,
          collect() {
            this.reset();
            this.inc(read());
          },
        });
      }
    }
    return registry;
  }
}
