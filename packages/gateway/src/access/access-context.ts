import type { EdgeSignIn, PasskeyAttestation } from '@zeronaut/model';
import type { CurrentTables } from '../tables.ts';
import type { EndedSessions } from './ended-sessions.ts';
import type { AddressGrants } from './grants.ts';
import { OneTimeCodes } from './one-time-codes.ts';
import type { PasskeySignIns } from './passkey-sign-ins.ts';
import { Sessions } from './sessions.ts';
import { SignOutReports } from './sign-out-reports.ts';
import { type SigningKey, TokenVerifier } from './tokens.ts';

/** The sync link, as far as the portal needs it. Neither call rejects; both end by themselves when the console is away. */
export interface SignInLink {
  /** A portal session of the console, or a reason of it; `access.unavailable` while it is away. */
  signIn(request: {
    email: string;
    password: string;
    /** Second factor, when the visitor gave one. */
    code?: string;
    address: string;
    userAgent: string;
  }): Promise<{ token: string } | { reason: string }>;
  /** True when the console has it, or will never take it. */
  passkeySignIn(signIn: EdgeSignIn): Promise<boolean>;
  createPasskey(request: {
    sessionId: string;
    userId: string;
    name: string;
    credential: PasskeyAttestation;
    challenge: string;
    origin: string;
    address: string;
    userAgent: string;
  }): Promise<{ recoveryCodes: readonly string[] } | { reason: string }>;
  /** True when the console has revoked the session. */
  signOut(sessionId: string): Promise<boolean>;
}

export interface AccessLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

export interface HttpAccessDeps {
  /** Where people ask for access when they were refused; null: nowhere. */
  readonly consoleUrl: string | null;
  readonly gatewayId: string;
  readonly signingKey: SigningKey;
  /** Null: this gateway runs from a file alone; it has no portal, and nobody can sign in. */
  readonly sync: SignInLink | null;
  readonly grants: AddressGrants;
  /** The same ones that `grants` asks. */
  readonly ended: EndedSessions;
  /** Null exactly where `sync` is. */
  readonly passkeySignIns: PasskeySignIns | null;
  /** Wall clock, ms. */
  readonly now: () => number;
  readonly tables: Pick<CurrentTables, 'get'>;
  readonly log: AccessLog;
}

/** What the parts of this room share. */
export interface AccessContext extends HttpAccessDeps {
  readonly verifier: TokenVerifier;
  readonly sessions: Sessions;
  readonly codes: OneTimeCodes;
  readonly signOuts: SignOutReports | null;
}

export function createAccessContext(deps: HttpAccessDeps): AccessContext {
  const verifier = new TokenVerifier();
  const signOuts = deps.sync === null ? null : new SignOutReports({ sync: deps.sync, now: deps.now, log: deps.log });
  // Before a restart the console may not have heard of them.
  const { revokedSessions } = deps.tables.get();
  for (const [sessionId, expiresAtMs] of deps.ended.all()) {
    if (!revokedSessions.has(sessionId)) signOuts?.report(sessionId, expiresAtMs);
  }
  return {
    ...deps,
    verifier,
    sessions: new Sessions(verifier, deps.ended),
    codes: new OneTimeCodes(),
    signOuts,
  };
}

/** Ends a session here at once, and everywhere as soon as the console hears of it. Resolves when it outlives a restart. */
export async function endSession(context: AccessContext, sessionId: string, expiresAtSeconds: number): Promise<void> {
  const expiresAtMs = expiresAtSeconds * 1000;
  context.ended.end(sessionId, expiresAtMs, context.now());
  context.grants.endSession(sessionId);
  context.passkeySignIns?.end(sessionId);
  context.signOuts?.report(sessionId, expiresAtMs);
  await Promise.all([context.ended.flush(), context.grants.flush()]);
}
