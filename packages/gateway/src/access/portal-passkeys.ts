import { randomBytes } from 'node:crypto';
import {
  createId,
  isReason,
  PORTAL_AUDIENCE,
  parseJson,
  passkeyAssertion,
  passkeyAttestation,
  type Reason,
  routes,
  type SnapshotUser,
} from '@zeronaut/model';
import {
  createChallenge,
  creationOptions,
  openChallenge,
  readClientData,
  requestOptions,
  verifyAssertion,
} from '@zeronaut/passkeys';
import type { Flow } from '../flow.ts';
import { headerValue, type RequestHead } from '../http/request-head.ts';
import type { AccessContext } from './access-context.ts';
import { originOf } from './origins.ts';
import type { SessionProof } from './sessions.ts';
import { mintToken } from './tokens.ts';

/**
 * Passkeys on the portal. Signing in needs no console: public keys are in the snapshot, the session is signed by this
 * gateway, and the console hears of it when it is there again. Making one needs the console, which alone stores them.
 * A passkey of the portal is bound to the portal's own host, so that no service beside it can ask for it.
 */
export class PortalPasskeys {
  readonly #context: AccessContext;
  /** Of this process: what was asked before a restart cannot be answered after it, and so not a second time. */
  readonly #challengeKey = randomBytes(32);

  constructor(context: AccessContext) {
    this.#context = context;
  }

  /** For the form of a browser with this CSRF secret; null where nobody has a passkey. */
  requestOptions(flow: Flow, csrf: string): object | null {
    if (flow.tables.passkeys.size === 0 || this.#context.passkeySignIns === null) return null;
    return requestOptions(flow.tables.portalHost, this.#challenge(`sign in\n${csrf}`));
  }

  creationOptions(flow: Flow, user: SnapshotUser, sessionId: string): object {
    const known = passkeysOf(flow, user);
    const { portalHost, snapshot } = flow.tables;
    const challenge = this.#challenge(`create\n${sessionId}`);
    return creationOptions(portalHost, user, known, challenge, snapshot.passkeyAttestation ?? 'none');
  }

  countOf(flow: Flow, user: SnapshotUser): number {
    return passkeysOf(flow, user).length;
  }

  /** The token of a session, or why not. One hash and one signature at most, for known passkeys alone. */
  async signIn(
    flow: Flow,
    head: RequestHead,
    csrf: string,
    credential: string,
  ): Promise<{ token: string; lifetimeSeconds: number } | Reason> {
    const { passkeySignIns, codes, signingKey, gatewayId, now } = this.#context;
    const assertion = passkeyAssertion.safeParse(parseJson(credential));
    if (!assertion.success) return 'passkey.malformed';
    if (passkeySignIns === null) return 'access.unavailable';
    const { portalHost } = flow.tables;
    const origin = originOf(portalHost, flow, head);
    const client = readClientData(assertion.data.response.clientDataJSON, { type: 'webauthn.get', origin });
    if (typeof client === 'string') return client;
    const { challenge } = client;
    const open = openChallenge(this.#challengeKey, `sign in\n${csrf}`, challenge, now());
    if (open === null) return 'passkey.challenge';
    const before = flow.tables.passkeys.get(assertion.data.id);
    if (before === undefined) return 'passkey.unknown';
    const known = { ...before, signCount: passkeySignIns.countOf(before) };
    const proved = await verifyAssertion(assertion.data, known, { origin, rpId: portalHost, challenge });
    if (typeof proved === 'string') return proved;

    // From here to `record` nothing waits, so that of two answers at once one comes too late. The tables are those of now: it
    // may have been removed, and its owner disabled, meanwhile.
    const tables = this.#context.tables.get();
    const passkey = tables.passkeys.get(assertion.data.id);
    const user = tables.users.get(known.userId);
    if (passkey === undefined || passkey.userId !== known.userId) return 'passkey.unknown';
    if (user === undefined) return 'access.user_disabled';
    if (!codes.use(`passkey ${challenge}`, open.expiresAtMs, now())) return 'passkey.replayed';
    if (proved.signCount > 0 && proved.signCount <= passkeySignIns.countOf(passkey)) return 'passkey.count';
    const nowMs = now();
    const issuedAt = Math.floor(nowMs / 1000);
    const lifetimeSeconds = tables.snapshot.portalSessionSeconds;
    const sessionId = createId('session', nowMs);
    const recorded = await passkeySignIns.record(
      {
        sessionId,
        userId: user.id,
        credentialId: passkey.credentialId,
        signCount: proved.signCount,
        at: new Date(nowMs).toISOString(),
        expiresAt: new Date((issuedAt + lifetimeSeconds) * 1000).toISOString(),
        ended: false,
        address: flow.downstream.address,
        userAgent: userAgentOf(head),
      },
      tables,
    );
    // A session of which nobody would ever hear is none.
    if (!recorded) return 'access.unavailable';
    this.#context.log.info({ sessionId, userId: user.id }, 'signed in with a passkey');
    const claims = {
      iss: gatewayId,
      aud: PORTAL_AUDIENCE,
      sub: user.id,
      sid: sessionId,
      org: user.organizationId,
      amr: ['passkey'],
      auth_time: issuedAt,
      iat: issuedAt,
      exp: issuedAt + lifetimeSeconds,
    };
    return { token: mintToken('edgeSession', claims, signingKey), lifetimeSeconds };
  }

  /** Recovery codes to show, or why it was not added. */
  async create(
    flow: Flow,
    head: RequestHead,
    proof: SessionProof,
    input: { readonly name: string; readonly credential: string },
  ): Promise<{ recoveryCodes: readonly string[] } | Reason> {
    const { sync, codes, now } = this.#context;
    const name = routes['passkeys.create'].body.shape.name.safeParse(input.name.trim());
    const credential = passkeyAttestation.safeParse(parseJson(input.credential));
    if (!name.success || !credential.success) return 'passkey.malformed';
    if (sync === null || proof.user === null) return 'access.unavailable';
    const origin = originOf(flow.tables.portalHost, flow, head);
    const client = readClientData(credential.data.response.clientDataJSON, { type: 'webauthn.create', origin });
    if (typeof client === 'string') return client;
    const { challenge } = client;
    const open = openChallenge(this.#challengeKey, `create\n${proof.sessionId}`, challenge, now());
    if (open === null) return 'passkey.challenge';
    if (!codes.use(`passkey ${challenge}`, open.expiresAtMs, now())) return 'passkey.replayed';
    const result = await sync.createPasskey({
      sessionId: proof.sessionId,
      userId: proof.user.id,
      name: name.data,
      credential: credential.data,
      challenge,
      origin,
      address: flow.downstream.address,
      userAgent: userAgentOf(head),
    });
    if (!('reason' in result)) return result;
    return isReason(result.reason) ? result.reason : 'access.unavailable';
  }

  #challenge(binding: string): string {
    return createChallenge(this.#challengeKey, binding, this.#context.now());
  }
}

function passkeysOf(flow: Flow, user: SnapshotUser): string[] {
  return flow.tables.snapshot.passkeys.filter(({ userId }) => userId === user.id).map((one) => one.credentialId);
}

function userAgentOf(head: RequestHead): string {
  return (headerValue(head.headers, 'user-agent') ?? '').slice(0, 300);
}
