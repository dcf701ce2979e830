import { gatewayServerName } from '@zeronaut/model';
import type { Issued } from '../authority/certificate-authority.ts';
import { RENEW_AFTER_MS } from '../authority/certificate-authority.ts';
import type { Context } from '../domains/context.ts';
import type { GatewayRow } from '../domains/gateways/gateways.ts';

interface HostCertificate extends Issued {
  readonly renewAtMs: number;
}

/** New certificates that are made at once; signing runs in libuv's threads. */
const ISSUE_BATCH = 16;
/** New certificates for one snapshot. With more, the rest follows in the next: a revocation must not wait for them. */
const ISSUE_BUDGET = 128;

/**
 * The certificates of every host of a gateway, made when a host first appears and again at two thirds of their life.
 * They are kept in the store, so that a restart of the console sends no gateway new ones.
 */
export class HostCertificates {
  readonly #context: Context;
  /** By gateway: what the store holds. One console writes it. */
  readonly #known = new Map<string, Map<string, HostCertificate>>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** In the order of `hosts`; the tunnel listener's own name comes first. Not complete: ask again at once. */
  async of(
    gateway: GatewayRow,
    hosts: readonly string[],
  ): Promise<{ certificates: { host: string; pem: string; notAfter: string }[]; complete: boolean }> {
    const known = await this.#load(gateway);
    const wanted = [gatewayServerName(gateway.id), ...hosts];
    const nowMs = this.#context.clock();
    const missing = wanted.filter((host) => (known.get(host)?.renewAtMs ?? 0) <= nowMs);
    const now = missing.slice(0, ISSUE_BUDGET);
    for (let i = 0; i < now.length; i += ISSUE_BATCH) {
      await this.#issue(gateway, now.slice(i, i + ISSUE_BATCH), known, nowMs);
    }
    return {
      // One that is due for renewal is good until then.
      certificates: wanted.flatMap((host) => {
        const certificate = known.get(host);
        if (certificate === undefined) return [];
        return [{ host, pem: certificate.pem, notAfter: new Date(certificate.notAfterMs).toISOString() }];
      }),
      complete: now.length === missing.length,
    };
  }

  forget(gatewayId: string): void {
    this.#known.delete(gatewayId);
  }

  async #load(gateway: GatewayRow): Promise<Map<string, HostCertificate>> {
    const cached = this.#known.get(gateway.id);
    if (cached !== undefined) return cached;
    const rows = await this.#context.store.db
      .selectFrom('gateway_certificates')
      .selectAll()
      .where('organization_id', '=', gateway.organization_id)
      .where('gateway_id', '=', gateway.id)
      .execute();
    const known = new Map(
      rows.map((row) => [row.host, { pem: row.pem, notAfterMs: row.not_after, renewAtMs: row.renew_at }]),
    );
    this.#known.set(gateway.id, known);
    return known;
  }

  async #issue(
    gateway: GatewayRow,
    hosts: readonly string[],
    known: Map<string, HostCertificate>,
    nowMs: number,
  ): Promise<void> {
    const spki = Buffer.from(gateway.tls_public_key, 'base64url');
    const rows = await Promise.all(
      hosts.map(async (host) => {
        const { pem, notAfterMs } = await this.#context.authority.certificates.host(spki, host);
        known.set(host, { pem, notAfterMs, renewAtMs: nowMs + RENEW_AFTER_MS });
        return {
          organization_id: gateway.organization_id,
          gateway_id: gateway.id,
          host,
          pem,
          not_after: notAfterMs,
          renew_at: nowMs + RENEW_AFTER_MS,
        };
      }),
    );
    await this.#context.store.db
      .insertInto('gateway_certificates')
      .values(rows)
      .onConflict((conflict) =>
        conflict.columns(['gateway_id', 'host']).doUpdateSet((eb) => ({
          pem: eb.ref('excluded.pem'),
          not_after: eb.ref('excluded.not_after'),
          renew_at: eb.ref('excluded.renew_at'),
        })),
      )
      .execute();
  }
}
