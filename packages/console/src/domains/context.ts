import type { AuditEntry, DeviceTunnel, GatewayLoadPoint, Permission, Role, SyncFeature } from '@zeronaut/model';
import type { Authority } from '../authority/authority.ts';
import type { LiveFeed } from '../live/live-feed.ts';
import type { Mailer } from '../mail/mailer.ts';
import type { Outbound } from '../outbound/outbound.ts';
import type { Refusal } from '../store/refusal.ts';
import type { Store } from '../store/store.ts';
import type { GatewayLog } from '../sync/gateway-log.ts';
import type { Presence } from '../sync/presence.ts';
import type { Home } from './memberships/home.ts';
import type { RateLimit } from './sessions/rate-limit.ts';
import type { SignInLimits } from './sessions/sign-in-limits.ts';
import type { RecentTotals } from './traffic/recent-totals.ts';
import type { BreachedPasswords } from './users/breached-passwords.ts';
import type { PasswordHasher } from './users/password.ts';

/** What every domain function works with. Made once in `main.ts`. */
export interface Context {
  readonly store: Store;
  readonly authority: Authority;
  readonly passwords: PasswordHasher;
  readonly breachedPasswords: BreachedPasswords;
  readonly signInLimits: SignInLimits;
  readonly userCodeLimit: RateLimit;
  /** The only way to dial what an organization configured. */
  readonly outbound: Outbound;
  /** Null: no mail server is set up. */
  readonly mailer: Mailer | null;
  /** Tells open pages what happened; told by the audit log, the events and the sync server, not by each domain. */
  readonly live: LiveFeed;
  readonly recentTotals: RecentTotals;
  /** Wall clock, ms. */
  readonly clock: () => number;
  /** The bytes of the master key, for a backup alone: everything else is sealed and opened by `authority`. */
  readonly readMasterKey: () => Promise<Uint8Array>;
  readonly settings: {
    /** Where people and programs reach this console, without a slash at the end. */
    readonly publicUrl: () => string;
    /** `host:port` that gateways dial for sync. */
    readonly syncAddress: () => string;
    /** Where this machine's own command line speaks to this console without a sign-in; null: not for this organization, or not of this machine alone. */
    readonly commandLineOf: (organizationId: string) => CommandLine | null;
  };
  /** Which gateways have a live sync link now. */
  readonly connectedGateways: () => ReadonlySet<string>;
  /** What its connected gateways say of themselves and of the agents at them. */
  readonly presence: (organizationId: string) => Presence;
  /** How much a gateway had to do in the last hour, oldest first; whose it is was looked at before. */
  readonly loadHistory: (gatewayId: string) => readonly GatewayLoadPoint[];
  /** Whether a gateway said that it understands it; null: it is not connected to this console, and nothing is known. */
  readonly gatewayKnows: (gatewayId: string, feature: SyncFeature) => boolean | null;
  /** What a gateway says of the tunnels of a device; null: it is not connected to this console, too old, or silent. */
  readonly askTunnels: (gatewayId: string, deviceId: string) => Promise<readonly DeviceTunnel[] | null>;
  /** The log of a gateway that is connected to this console, while somebody looks; null: it is not. */
  readonly gatewayLog: (gatewayId: string) => Pick<GatewayLog, 'read'> | null;
  /** Offers the organization's newest checkpoint to its connected gateways; resolves when all answered, or after a moment. */
  readonly askWitnesses: (organizationId: string) => Promise<void>;
}

export interface CommandLine {
  readonly directory: string | null;
  readonly home: string | null;
}

export type Actor = AuditEntry['actor'];

/** Where a request came from. */
export interface Origin {
  readonly address: string;
  readonly userAgent: string;
  readonly requestId: string;
  /** What the caller shows of the machine that it is; null or absent: nothing. */
  readonly deviceProof?: DeviceProof | null;
}

/** A JWS of `deviceProofClaims`, and the call that came with it. */
export interface DeviceProof {
  readonly jws: string;
  readonly method: string;
  readonly path: string;
  /** When it came, where the call goes on for longer than a proof is good; absent: now. */
  readonly takenAtMs?: number;
}

/** Who calls, once the credential was checked. Every query of a caller is bound to `organizationId`. */
export interface Caller extends Origin {
  readonly organizationId: string;
  readonly userId: string;
  /** What this credential may do: never more than its user may. */
  readonly role: Role;
  /** All that the role allows. */
  readonly permissions: ReadonlySet<Permission>;
  /** Why the role counts as that of a member now: a policy forbids to administer. */
  readonly withheld?: Refusal;
  /** Policies in report mode that would make it so. */
  readonly wouldWithhold?: readonly { readonly id: string; readonly name: string }[];
  /** Narrows the role, see `scopesCover` of the model; null: not narrowed. */
  readonly scopes: readonly string[] | null;
  readonly credential: 'session' | 'api_key' | 'workload' | 'local';
  /** Of a linked user: whose session this one came of, and ends with. */
  readonly home: Home | null;
  /** Id of the session or API key. */
  readonly credentialId: string;
  /** The device key that a command line proved with this very call; null or absent: none. */
  readonly provedKey?: string | null;
  readonly actor: Actor;
}
