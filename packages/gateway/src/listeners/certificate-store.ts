import { createSecureContext, type SecureContext } from 'node:tls';

/** Which certificate a listener shows for a server name. */
export interface CertificateStore {
  /** Exact name first, then the wildcard of one label. Null: none of ours; the handshake is refused. */
  contextFor(serverName: string): SecureContext | null;
  /** For callers that send no server name (they asked for an address). Null while there is no certificate at all. */
  defaultCertificate(): { readonly certificate: string; readonly key: string } | null;
  /** Called after every change. The result ends the subscription. */
  subscribe(listener: () => void): () => void;
}

export interface Certificate {
  /** Host names it is for; the first label may be `*`. */
  readonly hosts: readonly string[];
  /** PEM: leaf first, then its issuers. */
  readonly certificate: string;
  /** PEM private key. */
  readonly key: string;
}

export const TLS_PROFILE_HTTPS = {
  minVersion: 'TLSv1.2',
  /** AEAD with forward secrecy only. */
  ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
  ].join(':'),
  /** Hybrid post-quantum first. */
  ecdhCurve: 'X25519MLKEM768:X25519:prime256v1:secp384r1',
} as const;

interface Entry {
  readonly certificate: string;
  readonly key: string;
  context: SecureContext | null;
}

/**
 * Certificates by host. A context is made when it is first asked for: a gateway may hold thousands and need a few. After
 * an update, contexts of unchanged certificates are kept.
 */
export class MemoryCertificateStore implements CertificateStore {
  #byHost = new Map<string, Entry>();
  #default: Entry | null = null;
  readonly #listeners = new Set<() => void>();

  /**
   * Replaces everything. Earlier ones win where two name the same host, so put what the operator supplied first. The
   * first of all is the default, unless `defaultHost` has one.
   */
  update(certificates: readonly Certificate[], defaultHost?: string): void {
    const kept = new Map<string, Entry>();
    for (const entry of this.#byHost.values()) kept.set(entry.certificate + entry.key, entry);
    const byHost = new Map<string, Entry>();
    for (const { hosts, certificate, key } of certificates) {
      const entry = kept.get(certificate + key) ?? { certificate, key, context: null };
      kept.set(certificate + key, entry);
      for (const host of hosts) if (!byHost.has(host)) byHost.set(host, entry);
    }
    this.#byHost = byHost;
    const first = byHost.values().next();
    this.#default = (defaultHost === undefined ? null : this.#find(defaultHost)) ?? (first.done ? null : first.value);
    for (const listener of this.#listeners) listener();
  }

  contextFor(serverName: string): SecureContext | null {
    return load(this.#find(serverName.toLowerCase()));
  }

  defaultCertificate(): { readonly certificate: string; readonly key: string } | null {
    return this.#default;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #find(host: string): Entry | null {
    const exact = this.#byHost.get(host);
    if (exact !== undefined) return exact;
    const dot = host.indexOf('.');
    return (dot <= 0 ? undefined : this.#byHost.get(`*${host.slice(dot)}`)) ?? null;
  }
}

function load(entry: Entry | null): SecureContext | null {
  if (entry === null) return null;
  entry.context ??= createSecureContext({ cert: entry.certificate, key: entry.key, ...TLS_PROFILE_HTTPS });
  return entry.context;
}
