import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Reason } from '@zeronaut/model';
import type { Logger } from 'pino';
import { EventSender } from './observe/event-sender.ts';
import type { LogRing } from './observe/log-ring.ts';
import { LogTail } from './observe/log-tail.ts';
import type { Spool } from './observe/spool.ts';
import type { ReceivedSnapshot } from './received-snapshot.ts';
import { writeFileAtomically } from './snapshot/atomic-file.ts';
import { createSnapshotTrust } from './snapshot/check.ts';
import { LEASE_TICK_MS, type SnapshotLease } from './snapshot/lease.ts';
import { SnapshotStore } from './snapshot/store.ts';
import { type AddressGrantSource, AddressReports } from './sync/address-reports.ts';
import { type Credentials, fits, saveIdentity } from './sync/identity.ts';
import { LeaseRenewal } from './sync/lease-renewal.ts';
import { SyncLink } from './sync/link.ts';
import { CertificateRenewal } from './sync/renewal.ts';
import { StatusReports, type StatusSource } from './sync/status-reports.ts';
import type { Witness } from './sync/witness.ts';
import { type CurrentTables, compileTables, compileTablesInTurns, runningElements, type Tables } from './tables.ts';

/**
 * All that a gateway has to do with its console: snapshots come in and go live, events go out, sign-ins are asked.
 * The data path knows nothing of it but the tables that it swaps, and misses nothing when it is away.
 * docs/life-of-a-change.md is written along this file.
 */
export interface ConsoleLinkOptions {
  readonly directory: string;
  readonly credentials: Credentials;
  readonly lease: SnapshotLease;
  readonly spool: Spool;
  readonly witness?: Witness;
  readonly softwareVersion: string;
  readonly log: Logger;
  readonly logRing: LogRing;
}

/** How long the first snapshot that bounds how long it may be used waits for the console to confirm it (ms). */
const CONFIRM_PATIENCE_MS = 200;
/** How long a snapshot waits for its file (ms): an fsync takes a few, and a change has 200 to be live. */
const DISK_PATIENCE_MS = 100;

export class ConsoleLink {
  readonly link: SyncLink;
  readonly #store: SnapshotStore;
  readonly #sender: EventSender;
  readonly #renewal: CertificateRenewal;
  readonly #status: StatusReports;
  readonly #addresses: AddressReports;
  readonly #logTail: LogTail;
  readonly #lease: SnapshotLease;
  readonly #leaseRenewal: LeaseRenewal;
  #leaseClock: NodeJS.Timeout | null = null;
  readonly #log: Logger;
  #tables: CurrentTables | null = null;
  /** The newest snapshot that waits while another one is being checked; older ones in between are of no use. */
  #waiting: ReceivedSnapshot | null = null;
  #applying = false;
  #stopped = false;
  onApplied: () => void = () => undefined;
  /** Nothing may be decided by the running snapshot any more: what is open has to end. */
  onExpired: () => void = () => undefined;

  constructor(options: ConsoleLinkOptions) {
    const { directory, credentials, spool, log } = options;
    const { identity } = credentials;
    const trust = createSnapshotTrust(identity.snapshotKey, identity.gatewayId, identity.organizationId);
    this.#log = log;
    this.#lease = options.lease;
    this.#store = new SnapshotStore({
      directory: join(directory, 'snapshots'),
      trust,
      log,
    });
    this.link = new SyncLink({
      address: identity.syncAddress,
      credentials: () => ({
        key: this.#renewal.identity.clientKey,
        certificate: this.#renewal.identity.clientCertificate,
        authority: this.#renewal.identity.certificateAuthority,
      }),
      softwareVersion: options.softwareVersion,
      snapshotVersion: () => this.#store.version,
      log,
      onUp: () => {
        this.#sender.linkUp();
        this.#status.linkUp();
        this.#addresses.linkUp();
        if (this.#lease.bounded) void this.#leaseRenewal.ask();
        void this.#renewal.check();
      },
      onDown: () => {
        this.#sender.linkDown();
        this.#logTail.stop();
      },
      onAway: () => this.#addresses.linkDown(),
      onListTunnels: (rpcId, deviceId) => this.#status.tellTunnels(rpcId, deviceId),
      onTailLog: (level) => this.#logTail.follow(level),
      onSnapshot: (snapshot) => this.#receive(snapshot),
      onEventsStored: (epoch, seq) => this.#sender.stored(epoch, seq),
      ...(options.witness !== undefined && { witness: options.witness }),
    });
    this.#leaseRenewal = new LeaseRenewal({ trust, link: this.link, lease: this.#lease, log });
    this.#sender = new EventSender({
      spool,
      send: (json) => this.link.sendEvents(json),
      restartLink: () => this.link.restart(),
    });
    this.#logTail = new LogTail(options.logRing, (message) => this.link.send(message));
    this.#addresses = new AddressReports((grants, open) => this.link.tellAddressGrants(grants, open));
    this.#status = new StatusReports((message) => this.link.send(message));
    this.#renewal = new CertificateRenewal({
      identity,
      link: this.link,
      save: (changed) => saveIdentity(directory, changed, (path, content) => writeFileAtomically(path, content)),
      log,
    });
  }

  get snapshotUnsaved(): boolean {
    return this.#store.unsaved;
  }

  /** The tables of the newest valid snapshot on disk, or null before the first one ever. */
  async loadTables(): Promise<Tables | null> {
    const snapshot = await this.#store.load();
    if (snapshot === null) return null;
    this.#lease.run(snapshot);
    return compileTables(snapshot);
  }

  /** Dials, and swaps `tables` from now on. `status` and `addresses`: what the console is told of this gateway. */
  start(tables: CurrentTables, status: StatusSource, addresses: AddressGrantSource): void {
    this.#tables = tables;
    const { clientCertificate, clientKey, certificateAuthority } = this.#renewal.identity;
    if (!fits(clientCertificate, clientKey, certificateAuthority, Date.now())) {
      this.#log.error(
        'the certificate towards the console is not valid now: compare the clocks; if it has expired, move identity.json away and enrol again',
      );
    }
    this.#status.start(status);
    this.#addresses.start(addresses);
    this.link.start();
    this.#renewal.start();
    this.#leaseClock = setInterval(() => {
      if (this.#lease.tick()) this.onExpired();
      this.#leaseRenewal.check();
    }, LEASE_TICK_MS);
    this.#leaseClock.unref();
  }

  /** Resolves when what must be on disk is there. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#leaseClock !== null) clearInterval(this.#leaseClock);
    this.#sender.linkDown();
    this.#renewal.stop();
    this.#status.stop();
    this.#addresses.stop();
    this.link.stop();
    this.#store.stop();
    await this.#lease.stop();
  }

  #receive(signed: ReceivedSnapshot): void {
    this.#waiting = signed;
    if (this.#applying) return;
    this.#applying = true;
    void this.#applyWaiting().finally(() => {
      this.#applying = false;
    });
  }

  async #applyWaiting(): Promise<void> {
    for (let signed = this.#waiting; signed !== null && !this.#stopped; signed = this.#waiting) {
      this.#waiting = null;
      await this.#apply(signed);
    }
  }

  /**
   * To disk, live, acknowledged: what once ran here is not forgotten by a restart. But a revocation does not wait for a
   * disk that stalls or is full: after a moment it goes live without it.
   */
  async #apply(signed: ReceivedSnapshot): Promise<void> {
    const startedAt = performance.now();
    const accepted = await this.#store.accept(signed, runningElements(this.#tables!.get()));
    if (!accepted.ok) {
      this.#refuse(versionOf(signed), accepted.reason, accepted.detail);
      return;
    }
    const { version } = accepted.snapshot;
    const tables = this.#tables!;
    if (version !== tables.get().version) {
      // A bound where there was none: the console was not asked yet. While the tables are compiled it mostly has answered.
      const confirmed = this.#lease.wouldRefuse(accepted.snapshot) ? this.#leaseRenewal.ask() : null;
      let next: Tables;
      try {
        next = await compileTablesInTurns(accepted.snapshot, tables.get());
      } catch (error) {
        // A key or a policy in it is none: signed by the console all the same, so say it there and run on.
        this.#store.forget(version, tables.get().version);
        this.#refuse(version, 'sync.invalid', (error as Error).message);
        return;
      }
      const saved = this.#store.save(version, signed);
      await Promise.race([saved, delay(DISK_PATIENCE_MS, undefined, { ref: false })]);
      if (confirmed !== null) await Promise.race([confirmed, delay(CONFIRM_PATIENCE_MS, undefined, { ref: false })]);
      if (this.#stopped) return;
      this.#lease.run(accepted.snapshot);
      tables.swap(next);
      const tookMs = Math.round((performance.now() - startedAt) * 10) / 10;
      this.#log.info({ version, resources: next.resources.size, tookMs }, 'snapshot applied');
      this.onApplied();
    }
    this.link.send({ type: 'applied', version });
  }

  #refuse(version: number, reason: Reason, detail: string): void {
    this.#log.error({ version, reason, detail }, 'snapshot refused, the running one stays');
    this.link.send({ type: 'refused', version, reason, detail: detail.slice(0, 500) });
  }
}

/** Only to name it in a refusal: nothing else may be read from a payload that was not verified. */
function versionOf(signed: ReceivedSnapshot): number {
  const match = /"version":(\d{1,15})[,}]/.exec(signed.payload.toString('latin1', 0, 200));
  return match === null ? 0 : Number(match[1]);
}
