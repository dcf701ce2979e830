import { X509Certificate } from 'node:crypto';
import type { Logger } from 'pino';
import { fits, type Identity } from './identity.ts';
import type { SyncLink } from './link.ts';

/**
 * Keeps the client certificate of the sync link fresh: asks for a new one when two thirds of its life are over, for
 * the same key, and keeps asking. What comes back is used from the next dial on.
 */
const CHECK_INTERVAL_MS = 60_000;

export class CertificateRenewal {
  /** Puts the changed identity on disk. */
  readonly #save: (identity: Identity) => Promise<void>;
  readonly #link: Pick<SyncLink, 'renew'>;
  readonly #log: Pick<Logger, 'info' | 'warn' | 'error'>;
  #identity: Identity;
  #timer: NodeJS.Timeout | null = null;
  #asking = false;

  constructor(options: {
    save: (identity: Identity) => Promise<void>;
    identity: Identity;
    link: Pick<SyncLink, 'renew'>;
    log: Pick<Logger, 'info' | 'warn' | 'error'>;
  }) {
    this.#save = options.save;
    this.#identity = options.identity;
    this.#link = options.link;
    this.#log = options.log;
  }

  get identity(): Identity {
    return this.#identity;
  }

  /** A look once a minute costs nothing, and stands a wall clock that jumps or a machine that slept. */
  start(): void {
    this.#timer = setInterval(() => void this.check(), CHECK_INTERVAL_MS);
    this.#timer.unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Renews if it is time; resolves true when a new certificate is in use. Also called when the link comes up. */
  async check(now: number = Date.now()): Promise<boolean> {
    if (this.#asking || !isDue(this.#identity.clientCertificate, now)) return false;
    this.#asking = true;
    try {
      const { clientKey, certificateAuthority, name } = this.#identity;
      const { createCertificateRequest } = await import('./certificate-request.ts');
      const certificate = await this.#link.renew(await createCertificateRequest(clientKey, name));
      if (certificate === null) return false;
      if (!fits(certificate, clientKey, certificateAuthority, now) || !sameName(certificate, this.#identity)) {
        this.#log.error('the renewed certificate is not for this gateway and was not taken');
        return false;
      }
      const renewed = { ...this.#identity, clientCertificate: certificate };
      await this.#save(renewed);
      this.#identity = renewed;
      this.#log.info({ notAfter: new X509Certificate(certificate).validTo }, 'client certificate renewed');
      return true;
    } catch (error) {
      this.#log.error({ err: error }, 'client certificate could not be renewed');
      return false;
    } finally {
      this.#asking = false;
    }
  }
}

function isDue(certificate: string, now: number): boolean {
  const { validFrom, validTo } = new X509Certificate(certificate);
  const from = Date.parse(validFrom);
  return now >= from + ((Date.parse(validTo) - from) * 2) / 3;
}

function sameName(certificate: string, identity: Identity): boolean {
  return (
    new X509Certificate(certificate).subjectAltName === new X509Certificate(identity.clientCertificate).subjectAltName
  );
}
