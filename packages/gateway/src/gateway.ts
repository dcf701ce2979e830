import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type GatewayFile, type Snapshot, snapshotDefaults } from '@zeronaut/model';
import { localTime } from '@zeronaut/policy';
import type { Logger } from 'pino';
import type { Configuration, Loaded } from './config/load.ts';
import { formatProblem } from './config/problem.ts';
import { STANDALONE_GATEWAY, standaloneSnapshot } from './config/standalone.ts';
import { watchFiles } from './config/watch.ts';
import { ConsoleLink } from './console-link.ts';
import { CountryFile } from './country-file.ts';
import { DataPath, type ListenerStatus, splitAddress } from './data-path.ts';
import { type ManagementServer, startManagement } from './management/server.ts';
import type { LogRing } from './observe/log-ring.ts';
import { FlowCounters, Metrics, type Reading } from './observe/metrics.ts';
import { AccessObserver } from './observe/observer.ts';
import { Spool } from './observe/spool.ts';
import { writeFileAtomically } from './snapshot/atomic-file.ts';
import { SnapshotLease } from './snapshot/lease.ts';
import { type Credentials, type Identity, loadCredentials, saveCredentials } from './sync/identity.ts';
import { findFreePort } from './sync/ports.ts';
import { createSigningKey, describeSigningKey, type GatewaySigningKey } from './sync/signing-key.ts';
import { Witness } from './sync/witness.ts';
import { CurrentTables, compileTables, type Tables } from './tables.ts';

/**
 * One running gateway: decides which tables there are (from a console or from a file alone), starts the data path on
 * them, and changes what may change while it runs. Before it: `main.ts`, which has the process. It never waits for the
 * console, except for the very first enrolment.
 */
export interface GatewayOptions {
  readonly configuration: Configuration;
  /** Reads the configuration again. */
  readonly load: () => Promise<Loaded>;
  readonly directory: string;
  readonly softwareVersion: string;
  readonly log: Logger;
  /** What the console is shown of it. */
  readonly logRing: LogRing;
  /** Ends waiting for an enrolment. */
  readonly signal: AbortSignal;
}

export interface GatewayInfo {
  readonly gatewayId: string;
  readonly snapshotVersion: number;
  readonly listeners: readonly ListenerStatus[];
  readonly tunnelPort: number | null;
  readonly managementPort: number;
}

/** How long open flows have when the gateway stops (ms). */
const DRAIN_MS = 5_000;
const SIGNING_KEY_FILE = 'signing.key';

/** What is common to both ways of running. */
interface Source {
  readonly gatewayId: string;
  readonly signingKey: GatewaySigningKey;
  readonly tables: CurrentTables;
  readonly spool: Spool | null;
  readonly console: {
    readonly link: ConsoleLink;
    readonly credentials: Credentials;
    readonly lease: SnapshotLease;
  } | null;
}

export class Gateway {
  /** Resolves once it listens and has tables to decide by. */
  readonly ready: Promise<GatewayInfo>;
  readonly #options: GatewayOptions;
  readonly #log: Logger;
  readonly #counters = new FlowCounters();
  #configuration: Configuration;
  #source: Source | null = null;
  #dataPath: DataPath | null = null;
  #management: ManagementServer | null = null;
  #watcher: { stop(): void } | null = null;
  #reloading: Promise<unknown> = Promise.resolve();
  #resolveReady: (info: GatewayInfo) => void = () => undefined;
  #stopped = false;
  readonly #countries: CountryFile;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#configuration = options.configuration;
    this.#countries = new CountryFile({
      path: geoFileOf(options.configuration),
      log: options.log,
      watch: watchFiles,
      onChange: () => this.#dataPath?.reevaluate(),
    });
    this.ready = new Promise((resolve) => {
      this.#resolveReady = resolve;
    });
  }

  /** Resolves when everything listens. Rejects when it cannot; `stop` then cleans up. */
  async start(): Promise<void> {
    // The first time of day that anything asks for takes up to 25 ms: not when somebody waits for a decision.
    localTime(Date.now(), 'UTC');
    const { file } = this.#configuration;
    this.#management = await this.#startManagement(file.management.address);
    this.#source = file.console === undefined ? await this.#fromFile() : await this.#fromConsole(file.console);
    const { gatewayId, signingKey, tables, spool, console } = this.#source;
    const observer = new AccessObserver({
      ...{ gatewayId, spool, countries: this.#countries },
      ...{ counters: this.#counters, log: this.#log },
    });
    const identity = console?.credentials.identity;
    this.#dataPath = await DataPath.start({
      configuration: this.#configuration,
      directory: this.#options.directory,
      gatewayId,
      signingKey,
      console:
        console === null
          ? null
          : {
              credentials: console.credentials,
              tunnelPort: splitAddress(file.tunnel.address).port || identity!.tunnelPort,
              url: identity!.consoleUrl,
              signIn: console.link.link,
            },
      tables,
      observer,
      log: this.#log,
      httpsPort: identity?.httpsPort ?? 0,
    });
    this.#openCountries(tables);
    const dataPath = this.#dataPath;
    console?.link.start(
      tables,
      {
        load: () => ({
          ...dataPath.openCounts(),
          spoolBytes: spool?.sizeBytes ?? 0,
          eventsWaiting: Math.max(0, (spool?.lastSeq ?? 0) - (spool?.acknowledged ?? 0)),
          eventsDropped: spool?.dropped ?? 0,
          countries: this.#countries.state,
        }),
        presence: () => dataPath.presence(),
        unhealthy: () => dataPath.unhealthy(),
        tunnelsOf: (deviceId) => dataPath.tunnelsOf(deviceId),
      },
      dataPath.addressGrants,
    );
    this.#watch();
    this.#checkReady();
  }

  /** Reads the file again and applies what may change. A file with mistakes changes nothing. */
  reload(): Promise<{ ok: boolean; problems: readonly string[] }> {
    const next = this.#reloading.then(() => this.#reload());
    this.#reloading = next;
    return next;
  }

  /** What was recorded reaches the disk, now: for a process that is about to end without order. */
  flush(): void {
    this.#source?.spool?.flush();
  }

  /** Drains for up to 5 s. Everything that was recorded is on disk afterwards. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#watcher?.stop();
    this.#countries.stop();
    await this.#dataPath?.stop(DRAIN_MS);
    await this.#source?.console?.link.stop();
    this.#source?.spool?.close();
    await this.#management?.stop();
  }

  /** Before a policy or the first event asks, so that nobody waits for it. */
  #openCountries(tables: CurrentTables): void {
    const open = ({ policies }: Tables) => {
      if (this.#source?.spool !== null || policies.reads('country')) this.#countries.open();
    };
    tables.subscribe(open);
    open(tables.get());
  }

  async #fromFile(): Promise<Source> {
    const signingKey = await this.#loadSigningKey();
    const snapshot = standaloneSnapshot(this.#configuration, { version: 1, signingKey: signingKey.publicJwk });
    const https = this.#configuration.file.listeners.some((listener) => listener.protocol === 'https');
    if (https && this.#configuration.certificates.length === 0) {
      this.#log.warn('no certificates in the file: https listeners refuse every handshake');
    }
    return {
      gatewayId: STANDALONE_GATEWAY,
      signingKey,
      tables: new CurrentTables(compileTables(snapshot), this.#countries),
      spool: null,
      console: null,
    };
  }

  async #fromConsole(console: NonNullable<GatewayFile['console']>): Promise<Source> {
    const { directory, softwareVersion } = this.#options;
    const credentials = (await loadCredentials(directory)) ?? (await this.#enrol(console));
    const { identity } = credentials;
    const spool = new Spool({ directory: join(directory, 'spool'), gatewayId: identity.gatewayId, log: this.#log });
    const witness = await this.#loadWitness(directory, identity);
    const lease = await SnapshotLease.load({
      path: join(directory, 'lease.json'),
      write: (path, content) => writeFileAtomically(path, content),
      log: this.#log,
    });
    const link = new ConsoleLink({
      ...{ directory, credentials, lease, spool, witness, softwareVersion, log: this.#log },
      logRing: this.#options.logRing,
    });
    link.onApplied = () => this.#checkReady();
    link.onExpired = () => this.#dataPath?.reevaluate();
    const tables = (await link.loadTables()) ?? compileTables(emptySnapshot(credentials));
    if (tables.version === 0) this.#log.info('no snapshot yet: everything is refused until the console sends one');
    return {
      gatewayId: identity.gatewayId,
      signingKey: describeSigningKey(identity.signingKey),
      tables: new CurrentTables(tables, this.#countries, lease),
      spool,
      console: { link, credentials, lease },
    };
  }

  /** A gateway serves whatever becomes of its witness: without one it co-signs nothing, and says so. */
  async #loadWitness(directory: string, { gatewayId, organizationId }: Identity): Promise<Witness | undefined> {
    const write = (path: string, content: string) => writeFileAtomically(path, content);
    try {
      const witness = await Witness.load({ directory, gatewayId, organizationId, write, log: this.#log });
      this.#log.info({ witnessKey: witness.verifierKey, vouchedFor: witness.size }, 'witness of the audit log');
      return witness;
    } catch (error) {
      this.#log.error({ err: error }, 'no witness of the audit log');
      return undefined;
    }
  }

  async #enrol(console: NonNullable<GatewayFile['console']>): Promise<Credentials> {
    const token = this.#configuration.enrolmentToken ?? process.env.ZERONAUT_ENROLMENT_TOKEN ?? '';
    if (token === '') {
      throw new Error(
        'this gateway is not enrolled: give it a token (console.token, console.tokenFile or ZERONAUT_ENROLMENT_TOKEN)',
      );
    }
    const { file } = this.#configuration;
    const https = splitAddress(file.listeners.find(({ protocol }) => protocol === 'https')?.address ?? '0.0.0.0:443');
    const tunnel = splitAddress(file.tunnel.address);
    const { enrolWhenReachable } = await import('./sync/enrolment.ts');
    const credentials = await enrolWhenReachable(
      {
        console,
        token,
        httpsPort: https.port || (await findFreePort(https.host)),
        tunnelPort: tunnel.port || (await findFreePort(tunnel.host)),
        signal: this.#options.signal,
      },
      this.#log,
    );
    await saveCredentials(this.#options.directory, credentials, (path, content) => writeFileAtomically(path, content));
    this.#log.info({ gatewayId: credentials.identity.gatewayId, console: console.url }, 'enrolled');
    return credentials;
  }

  /** Services may pin it, so it outlives a restart. */
  async #loadSigningKey(): Promise<GatewaySigningKey> {
    const path = join(this.#options.directory, SIGNING_KEY_FILE);
    try {
      return describeSigningKey(await readFile(path, 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    const created = createSigningKey();
    await writeFileAtomically(path, created.privateKey);
    return created;
  }

  async #reload(): Promise<{ ok: boolean; problems: readonly string[] }> {
    if (this.#source === null || this.#dataPath === null || this.#stopped) {
      return { ok: false, problems: ['the gateway is starting or stopping'] };
    }
    const loaded = await this.#options.load();
    if (!loaded.ok) {
      const problems = loaded.problems.map(formatProblem);
      for (const problem of problems) this.#log.error({ reason: 'config.invalid' }, problem);
      this.#log.error({ problems: problems.length }, 'configuration refused, the running one stays');
      return { ok: false, problems };
    }
    const { configuration } = loaded;
    for (const name of unchangeable(this.#configuration.file, configuration.file)) {
      this.#log.warn({ setting: name }, 'this change takes effect at the next start');
    }
    try {
      await this.#dataPath.reload(configuration);
    } catch (error) {
      this.#log.error({ err: error }, 'configuration refused, the running one stays');
      return { ok: false, problems: [(error as Error).message] };
    }
    this.#configuration = configuration;
    const { tables, console, signingKey } = this.#source;
    if (console === null) {
      const version = tables.get().version + 1;
      tables.swap(compileTables(standaloneSnapshot(configuration, { version, signingKey: signingKey.publicJwk })));
    }
    this.#watch();
    this.#log.info({ snapshotVersion: tables.get().version }, 'configuration reloaded');
    return { ok: true, problems: [] };
  }

  #watch(): void {
    this.#watcher?.stop();
    const { sources } = this.#configuration;
    if (sources.size === 0) return;
    this.#watcher = watchFiles([...sources.keys()], () => void this.reload(), this.#log, sources);
  }

  #info(): GatewayInfo | null {
    if (this.#source === null || this.#dataPath === null || this.#management === null) return null;
    const { listeners, tunnelPort } = this.#dataPath.status();
    return {
      gatewayId: this.#source.gatewayId,
      snapshotVersion: this.#source.tables.get().version,
      listeners,
      tunnelPort,
      managementPort: this.#management.port,
    };
  }

  #checkReady(): void {
    const info = this.#info();
    if (info !== null && info.snapshotVersion > 0) this.#resolveReady(info);
  }

  #startManagement(address: string): Promise<ManagementServer> {
    const metrics = new Metrics(this.#counters, this.#readings());
    return startManagement({
      ...splitAddress(address),
      readiness: () => {
        const info = this.#info();
        const status = this.#dataPath?.status();
        const lease = this.#source?.console?.lease.state() ?? null;
        const working = !this.#stopped && this.#dataPath?.draining !== true && lease?.expired !== true;
        return {
          ready: info !== null && info.snapshotVersion > 0 && working,
          ...info,
          lease: lease && {
            maxAgeSeconds: lease.maxAgeSeconds,
            endsAt: lease.endsAtMs === null ? null : new Date(lease.endsAtMs).toISOString(),
            expired: lease.expired,
          },
          draining: this.#stopped || this.#dataPath?.draining === true,
          syncConnected: this.#source?.console?.link.link.up ?? null,
          tunnels: status?.tunnels ?? 0,
          rawPorts: status?.rawPorts ?? [],
        };
      },
      metrics: () => metrics.render(),
      reload: () => this.reload(),
    });
  }

  #readings(): Reading[] {
    const spool = () => this.#source?.spool;
    const status = () => this.#dataPath?.status();
    const link = () => this.#source?.console?.link;
    const lease = () => this.#source?.console?.lease;
    const gauge = (name: string, help: string, read: () => number): Reading => ({ name, help, kind: 'gauge', read });
    return [
      gauge('snapshot_version', 'Version of the running snapshot', () => this.#source?.tables.get().version ?? 0),
      gauge('snapshot_unsaved', '1 while the running snapshot is not on disk', () =>
        Number(link()?.snapshotUnsaved ?? false),
      ),
      gauge('snapshot_expired', '1 while everything is refused, because the console was not heard for too long', () =>
        Number(lease()?.expired ?? false),
      ),
      gauge(
        'snapshot_expires_seconds',
        'From when on everything is refused if the console is not heard until then; 0: never, or it is already',
        () => Math.floor((lease()?.state().endsAtMs ?? 0) / 1_000),
      ),
      gauge('sync_up', '1 while the link to the console is up', () => Number(link()?.link.up ?? false)),
      gauge('connections', 'Open connections of visitors (HTTP)', () => status()?.connections ?? 0),
      gauge('draining', '1 while nothing new is taken', () => Number(this.#dataPath?.draining ?? false)),
      gauge('tunnels', 'Open tunnels of devices', () => status()?.tunnels ?? 0),
      gauge('tunnel_streams', 'Open streams in tunnels', () => status()?.streams ?? 0),
      gauge('spool_bytes', 'Size of the event spool on disk', () => spool()?.sizeBytes ?? 0),
      gauge('geo_file_failing', '1 while the newest file of countries cannot be used', () =>
        Number(this.#countries.failing),
      ),
      gauge(
        'geo_file_built_seconds',
        'When the file of countries in use was made; 0: none is in use',
        () => this.#countries.builtAtSeconds,
      ),
      gauge('spool_failing', '1 while events cannot be written to disk', () => Number(spool()?.failing ?? false)),
      gauge('spool_last_seq', 'Number of the newest event', () => spool()?.lastSeq ?? 0),
      gauge(
        'spool_acknowledged_seq',
        'Number up to which the console has stored events',
        () => spool()?.acknowledged ?? 0,
      ),
      {
        name: 'events_dropped_total',
        help: 'Events lost to a full disk or a full spool',
        kind: 'counter',
        read: () => spool()?.dropped ?? 0,
      },
      {
        name: 'events_damaged_total',
        help: 'Spooled lines that were no events any more',
        kind: 'counter',
        read: () => spool()?.damaged ?? 0,
      },
    ];
  }
}

/** Before the first snapshot: a gateway that knows nobody and nothing, and therefore refuses. Version 0 exists nowhere else. */
function emptySnapshot({ identity }: Credentials): Snapshot {
  return {
    format: 1,
    version: 0,
    gatewayId: identity.gatewayId,
    organizationId: identity.organizationId,
    issuedAt: new Date(0).toISOString(),
    baseDomain: identity.baseDomain,
    portalHost: `portal.${identity.baseDomain}`,
    httpsPort: identity.httpsPort,
    portRange: { from: 1, to: 1 },
    certificateAuthority: identity.certificateAuthority,
    consoleKeys: [],
    gatewayKeys: [],
    certificates: [],
    users: [],
    devices: [],
    revokedSessions: [],
    ...snapshotDefaults(),
    resources: [],
    sites: [],
  };
}

/** Null: the one that comes with us. */
function geoFileOf({ file, path }: Configuration): string | null {
  if (file.geoFile !== undefined) return resolve(path === '' ? '.' : dirname(path), file.geoFile);
  const { ZERONAUT_GATEWAY_GEO_FILE: named } = process.env;
  return named === undefined || named === '' ? null : resolve(named);
}

/** Settings that differ and are only read at start. */
function unchangeable(before: GatewayFile, after: GatewayFile): string[] {
  const pick = (file: GatewayFile): Record<string, unknown> => ({
    console: file.console,
    dataDirectory: file.dataDirectory,
    management: file.management,
    rawAddress: file.rawAddress,
    trustedProxies: file.trustedProxies,
    tunnel: file.tunnel,
    geoFile: file.geoFile,
    'limits.maxConnections': file.limits.maxConnections,
    'limits.tcpIdleTimeoutMs': file.limits.tcpIdleTimeoutMs,
    'limits.udpIdleTimeoutMs': file.limits.udpIdleTimeoutMs,
    'limits.upstreamConnectTimeoutMs': file.limits.upstreamConnectTimeoutMs,
  });
  const old = pick(before);
  return Object.entries(pick(after))
    .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(old[name]))
    .map(([name]) => name);
}
