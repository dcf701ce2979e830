import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { formatHostPort, LOCAL_CREDENTIAL_FILE } from '@zeronaut/model';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { isLoopback } from './api/guards.ts';
import { createApi } from './api/server.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { loadAuthority } from './authority/authority.ts';
import { loadMasterKey, MASTER_KEY_FILE } from './authority/master-key.ts';
import { commandLine, servesThisMachineAlone } from './command-line.ts';
import type { Context } from './domains/context.ts';
import { createUserCodeLimit } from './domains/device-authorizations/device-authorizations.ts';
import { ensureFirstOrganization } from './domains/organizations/organizations.ts';
import { createSignInLimits } from './domains/sessions/sign-in-limits.ts';
import { ensureLocalCredential } from './domains/setup/local-user.ts';
import { createSetupToken } from './domains/setup/setup.ts';
import { createRecentTotals } from './domains/traffic/recent-totals.ts';
import { type BreachedPasswords, openBreachedPasswords } from './domains/users/breached-passwords.ts';
import { createPasswordHasher } from './domains/users/password.ts';
import { type Ipv6Loopback, listenAtIpv6Loopback } from './ipv6-loopback.ts';
import { LiveFeed } from './live/live-feed.ts';
import { startLiveRelay } from './live/live-relay.ts';
import { createMailer, type Mailer } from './mail/mailer.ts';
import { createOutbound } from './outbound/outbound.ts';
import { registerPages } from './pages/register-pages.ts';
import { isWebBuilt } from './pages/web-console.ts';
import { type ReadyInfo, type Settings, SettingsError } from './settings.ts';
import { openStore, type Store } from './store/store.ts';
import { NOBODY_PRESENT } from './sync/presence.ts';
import { type SyncServer, startSyncServer } from './sync/sync-server.ts';
import { startAlarms } from './workers/alarms.ts';
import { startCheckpoints } from './workers/audit-checkpoints.ts';
import { startExports } from './workers/audit-exports.ts';
import { startHousekeeping } from './workers/housekeeping.ts';
import { startOpenidLogouts } from './workers/openid-logouts.ts';
import { startRecentTotals } from './workers/recent-totals.ts';

export interface RunningConsole {
  readonly info: ReadyInfo;
  stop(): Promise<void>;
}

/**
 * Composition: store, authority, domains, sync, api, in this order, each handed to the next. What was started is
 * stopped again when a later part cannot start.
 */
export async function startConsole(settings: Settings, log: Logger): Promise<RunningConsole> {
  mkdirSync(settings.dataDirectory, { recursive: true, mode: 0o700 });
  mkdirSync(settings.homeDirectory, { recursive: true, mode: 0o700 });
  const masterKeyFile = join(settings.dataDirectory, MASTER_KEY_FILE);
  const sealer = loadMasterKey(masterKeyFile);

  let firstOrganizationId: string | null = null;
  let store: Store | null = null;
  let sync: SyncServer | null = null;
  let api: FastifyInstance | null = null;
  let stopHousekeeping: (() => Promise<void>) | null = null;
  let mailer: Mailer | null = null;
  let stopRelay: (() => void) | null = null;
  let stopCheckpoints: (() => Promise<void>) | null = null;
  let stopExports: (() => Promise<void>) | null = null;
  let stopAlarms: (() => Promise<void>) | null = null;
  let stopLogouts: (() => Promise<void>) | null = null;
  let stopTotals: (() => Promise<void>) | null = null;
  let breachedPasswords: BreachedPasswords | null = null;
  let beside: Ipv6Loopback | null = null;
  async function stop(): Promise<void> {
    const noMore = beside?.close();
    await api?.close();
    await noMore;
    mailer?.close();
    stopRelay?.();
    await sync?.stop();
    await stopHousekeeping?.();
    await stopCheckpoints?.();
    await stopExports?.();
    await stopAlarms?.();
    await stopLogouts?.();
    await stopTotals?.();
    await breachedPasswords?.close();
    await store?.close();
  }
  try {
    breachedPasswords = await openBreached(settings.breachedPasswords);
    store = await openStore(settings.databaseUrl, {
      log,
      onMigrating: (migrations) =>
        log.warn({ migrations }, 'the database is brought up to date; with millions of access events it takes minutes'),
    });
    const clock = Date.now;
    // Both are known only when the listeners are up; nobody asks before.
    let publicUrl = settings.publicUrl ?? '';
    let syncAddress = settings.syncAddress ?? '';
    mailer = settings.mail === null ? null : createMailer(settings.mail.url, settings.mail.from, log);
    const live = new LiveFeed();
    stopRelay = startLiveRelay(live, store.notices);
    const context: Context = {
      store,
      authority: await loadAuthority(store, sealer, clock),
      passwords: createPasswordHasher(),
      breachedPasswords,
      signInLimits: createSignInLimits(),
      recentTotals: createRecentTotals(),
      userCodeLimit: createUserCodeLimit(),
      outbound: createOutbound({ allow: settings.outboundAllow, dnsServers: settings.dnsServers }),
      mailer,
      live,
      clock,
      readMasterKey: () => readFile(masterKeyFile),
      settings: {
        publicUrl: () => publicUrl,
        syncAddress: () => syncAddress,
        commandLineOf: (organization) =>
          organization === firstOrganizationId && servesThisMachineAlone(settings) ? commandLine(settings) : null,
      },
      connectedGateways: () => sync?.connectedGateways() ?? new Set(),
      presence: (organizationId) => sync?.presence(organizationId) ?? NOBODY_PRESENT,
      loadHistory: (gatewayId) => sync?.loadHistory(gatewayId) ?? [],
      gatewayKnows: (gatewayId, feature) => sync?.knows(gatewayId, feature) ?? null,
      askTunnels: async (gatewayId, deviceId) => (await sync?.askTunnels(gatewayId, deviceId)) ?? null,
      gatewayLog: (gatewayId) => sync?.logOf(gatewayId) ?? null,
      askWitnesses: async (organizationId) => sync?.askWitnesses(organizationId),
    };
    const organizationId = await ensureFirstOrganization(context);
    firstOrganizationId = organizationId;

    sync = await startSyncServer(context, { host: settings.syncHost, port: settings.syncPort, log });
    api = await createApi(context, {
      log,
      loopbackOnly: isLoopback(settings.host),
      trustedProxies: settings.trustedProxies,
      register: (app, all) => registerPages(app, all),
    });
    await api.listen({ host: settings.host, port: settings.port });
    const { port } = api.server.address() as AddressInfo;
    if (publicUrl === '' && settings.host === '127.0.0.1') beside = await listenAtIpv6Loopback(api.server, port);
    const host = reachable(settings.host);
    const localUrl = publicUrl || `http://${formatHostPort(host, port)}`;
    syncAddress ||= formatHostPort(new URL(localUrl).hostname.replace(/^\[|\]$/g, ''), sync.port);
    // Of this machine alone: people and the services they come from get a name, since no browser makes a passkey for an address.
    publicUrl ||= isLoopback(host) && beside?.state !== 'taken' ? `http://localhost:${port}` : localUrl;
    if (beside?.state === 'taken') {
      log.warn(
        { address: `[::1]:${port}` },
        'another program listens where browsers look for localhost: this console is at 127.0.0.1 alone, where no passkey can be set up',
      );
    }

    await writeForThisUser(context, organizationId, settings.homeDirectory, localUrl);
    stopHousekeeping = startHousekeeping(context, log);
    stopCheckpoints = startCheckpoints(context, log);
    stopExports = startExports(context, log);
    stopAlarms = startAlarms(context, log);
    stopLogouts = startOpenidLogouts(context, log);
    stopTotals = startRecentTotals(context, log);
    const setupToken = await createSetupToken(context, organizationId);
    return {
      info: {
        url: publicUrl,
        port,
        syncPort: sync.port,
        organizationId,
        setupUrl: setupToken === null ? null : `${publicUrl}/setup?token=${setupToken}`,
        webBuilt: isWebBuilt(),
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function openBreached(file: string | null): Promise<BreachedPasswords> {
  try {
    return await openBreachedPasswords(file);
  } catch (error) {
    throw new SettingsError(`the list of breached passwords ${file} cannot be used: ${(error as Error).message}`);
  }
}

/** Where this machine reaches a listener that is bound to every address. */
function reachable(host: string): string {
  return host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
}

async function writeForThisUser(
  context: Context,
  organizationId: string,
  directory: string,
  url: string,
): Promise<void> {
  const file = join(directory, LOCAL_CREDENTIAL_FILE);
  const credential = await ensureLocalCredential(context, organizationId, url, await readJson(file));
  await writeFileAtomically(file, `${JSON.stringify({ ...credential, organizationId }, null, 2)}\n`, 0o600);
  await writeFileAtomically(join(directory, 'ca.pem'), context.authority.certificates.certificate, 0o644);
}

/** Null when the file is missing or no JSON: then a new one is written. */
async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
