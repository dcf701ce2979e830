/**
 * Passkeys of people: made, listed with the other factors, removed. Where one works is part of it: the host of the page
 * that made it (its RP ID). What one proves at a sign-in is in `passkey-sign-in.ts`.
 */

import { verifyRegistrationResponse } from '@simplewebauthn/server';
import { decodeAttestationObject, isoCBOR } from '@simplewebauthn/server/helpers';
import { createId, type Factor, type PasskeyAttestation, type User } from '@zeronaut/model';
import {
  type AttestationDemand,
  createChallenge,
  creationOptions,
  openChallenge,
  PASSKEY_ALGORITHMS,
  parseRoots,
  readClientData,
  verifyStatement,
} from '@zeronaut/passkeys';
import { Refusal } from '../../store/refusal.ts';
import { isUniqueViolation, type Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { personOf } from '../factors/factors.ts';
import { insertRecoveryCodes } from '../factors/recovery-codes.ts';
import { isoTime } from '../page.ts';
import { getSignInPolicy } from '../sessions/sign-in-policy.ts';
import { useChallenge } from './challenges.ts';

const MAX_PASSKEYS_PER_USER = 20;

/** Where a passkey is made and used: the host that it is bound to, and the one page origin that may ask. */
export interface RelyingSite {
  readonly rpId: string;
  readonly origin: string;
}

/** The console's own pages. A passkey belongs to a name, so that on this machine alone it is `localhost`. */
export function consoleSite(context: Context): RelyingSite {
  const url = new URL(context.settings.publicUrl());
  if (url.hostname === '[::1]' || url.hostname.startsWith('127.')) url.hostname = 'localhost';
  return { rpId: url.hostname, origin: url.origin };
}

/** What the browser needs to make one. Bound to the caller's session. */
export async function startPasskey(context: Context, caller: Caller): Promise<Record<string, unknown> | Refusal> {
  const user = await personOf(context, caller);
  if (user instanceof Refusal) return user;
  const challenge = createChallenge(context.authority.challengeKey, bindingOf(caller), context.clock());
  const { rpId } = consoleSite(context);
  const known = await context.store.db
    .selectFrom('passkeys')
    .select('credential_id')
    .where('user_id', '=', user.id)
    .where('rp_id', '=', rpId)
    .execute();
  const ids = known.map((row) => row.credential_id);
  const { passkeyAttestation } = await getSignInPolicy(context.store.db, user.organizationId);
  return creationOptions(rpId, user, ids, challenge, passkeyAttestation);
}

/** Adds the one that the browser made. Recovery codes come with a person's first factor, and are shown once. */
export async function createPasskey(
  context: Context,
  caller: Caller,
  name: string,
  attestation: PasskeyAttestation,
): Promise<{ factor: Factor; recoveryCodes: string[] } | Refusal> {
  const user = await personOf(context, caller);
  if (user instanceof Refusal) return user;
  const site = consoleSite(context);
  const open = (challenge: string) =>
    openChallenge(context.authority.challengeKey, bindingOf(caller), challenge, context.clock());
  const demand = await attestationDemand(context, user.organizationId);
  const made = await verifyAttestation(attestation, site, demand, open);
  if (made instanceof Refusal) return made;
  return await insertPasskey(context, caller, user, name, site, made);
}

/** Null: the organization asks for nobody's word. */
export async function attestationDemand(context: Context, organizationId: string): Promise<AttestationDemand | null> {
  const policy = await getSignInPolicy(context.store.db, organizationId);
  if (policy.passkeyAttestation === 'none') return null;
  return { roots: parseRoots(policy.passkeyRoots) ?? [], models: policy.passkeyModels, nowMs: context.clock() };
}

function bindingOf(caller: Caller): string {
  return `create\n${caller.credentialId}`;
}

export interface MadePasskey {
  readonly credentialId: string;
  readonly publicKey: string;
  readonly signCount: number;
  readonly challenge: string;
  readonly expiresAtMs: number;
  /** AAGUID, where its maker vouched for it. */
  readonly model: string | null;
}

/** Whether it was made on this site, for this challenge, with its owner verified, and by a maker that the organization knows. */
export async function verifyAttestation(
  attestation: PasskeyAttestation,
  site: RelyingSite,
  demand: AttestationDemand | null,
  openChallengeOf: (challenge: string) => { expiresAtMs: number } | null,
): Promise<MadePasskey | Refusal> {
  const expected = { type: 'webauthn.create', origin: site.origin } as const;
  const client = readClientData(attestation.response.clientDataJSON, expected);
  if (typeof client === 'string') return new Refusal(client);
  const { challenge } = client;
  const open = openChallengeOf(challenge);
  if (open === null) return new Refusal('passkey.challenge');
  try {
    const object = decodeAttestationObject(
      new Uint8Array(Buffer.from(attestation.response.attestationObject, 'base64url')),
    );
    const authenticatorData = object.get('authData');
    const statement = verifyStatement(
      {
        format: object.get('fmt'),
        statement: object.get('attStmt'),
        authenticatorData,
        clientDataJson: Buffer.from(attestation.response.clientDataJSON, 'base64url'),
      },
      demand,
    );
    if (typeof statement === 'string') return new Refusal(statement);
    // What is left to look at is no statement: the library would ask addresses in its certificates.
    const plain = isoCBOR.encode(
      new Map<string, string | Uint8Array | Map<string, string>>([
        ['fmt', 'none'],
        ['attStmt', new Map()],
        ['authData', authenticatorData],
      ]),
    );
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: {
        id: attestation.id,
        rawId: attestation.id,
        type: attestation.type,
        response: {
          clientDataJSON: attestation.response.clientDataJSON,
          attestationObject: Buffer.from(plain).toString('base64url'),
        },
        clientExtensionResults: {},
      },
      expectedChallenge: challenge,
      expectedOrigin: site.origin,
      expectedRPID: site.rpId,
      requireUserVerification: false,
      supportedAlgorithmIDs: [...PASSKEY_ALGORITHMS],
    });
    if (!verified) return new Refusal('passkey.malformed');
    if (!registrationInfo.userVerified) return new Refusal('passkey.user_not_verified');
    const { credential } = registrationInfo;
    if (credential.id !== attestation.id) return new Refusal('passkey.malformed');
    return {
      credentialId: credential.id,
      publicKey: Buffer.from(credential.publicKey).toString('base64url'),
      signCount: credential.counter,
      challenge,
      expiresAtMs: open.expiresAtMs,
      model: statement.model,
    };
  } catch (error) {
    // The library says by throwing what does not fit; the one thing that people can do something about has its own word.
    const elsewhere = error instanceof Error && error.name === 'UnexpectedRPIDHash';
    return new Refusal(elsewhere ? 'passkey.rp_id' : 'passkey.malformed');
  }
}

export async function insertPasskey(
  context: Context,
  by: Pick<Caller, 'actor' | 'organizationId' | 'requestId'>,
  user: User,
  name: string,
  site: RelyingSite,
  made: MadePasskey,
): Promise<{ factor: Factor; recoveryCodes: string[] } | Refusal> {
  const nowMs = context.clock();
  const id = createId('factor', nowMs);
  try {
    return await context.store.change(user.organizationId, async (queries) => {
      if (!(await useChallenge(queries, made.challenge, made.expiresAtMs))) return new Refusal('passkey.replayed');
      const { count } = await queries
        .selectFrom('passkeys')
        .select((eb) => eb.fn.countAll<number | string>().as('count'))
        .where('user_id', '=', user.id)
        .executeTakeFirstOrThrow();
      if (Number(count) >= MAX_PASSKEYS_PER_USER) return new Refusal('passkey.too_many');
      await queries
        .insertInto('passkeys')
        .values({
          id,
          organization_id: user.organizationId,
          user_id: user.id,
          name,
          rp_id: site.rpId,
          credential_id: made.credentialId,
          public_key: made.publicKey,
          sign_count: made.signCount,
          created_at: nowMs,
          last_used_at: null,
        })
        .execute();
      const recoveryCodes = (await hasRecoveryCodes(queries, user.id)) ? [] : await insertRecoveryCodes(queries, user);
      await appendAudit(queries, context, by, {
        action: 'factor.create',
        objectKind: 'factor',
        objectId: id,
        after: {
          kind: 'passkey',
          name,
          userId: user.id,
          site: site.rpId,
          ...(made.model === null ? {} : { model: made.model }),
        },
      });
      const factor = {
        id,
        kind: 'passkey' as const,
        name,
        site: site.rpId,
        createdAt: isoTime(nowMs),
        lastUsedAt: null,
      };
      return { factor, recoveryCodes };
    });
  } catch (error) {
    if (isUniqueViolation(error)) return new Refusal('passkey.exists');
    throw error;
  }
}

async function hasRecoveryCodes(queries: Queries, userId: string): Promise<boolean> {
  const row = await queries
    .selectFrom('recovery_codes')
    .select('user_id')
    .where('user_id', '=', userId)
    .where('used_at', 'is', null)
    .executeTakeFirst();
  return row !== undefined;
}
