/**
 * A sign-in on its way to a provider and back. Three secrets tie the ends together: `state` travels through the provider
 * and names the row (only its hash is kept); the browser secret is a cookie and never leaves this browser; PKCE verifier
 * and nonce are derived from both, so that the database holds nothing with which a stolen answer could be used.
 */
import { createHash, randomBytes } from 'node:crypto';
import { Refusal } from '../../store/refusal.ts';
import type { Context } from '../context.ts';
import { hashToken } from '../random-token.ts';
import type { AssertedIdentity } from './external-sign-in.ts';
import type { Provider } from './provider-rows.ts';

/** How long a person may take at the provider. */
export const FLOW_TTL_MS = 600_000;

export interface FlowSecrets {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

export interface Flow extends FlowSecrets {
  /** Where to go afterwards: one of our own pages. */
  readonly next: string;
  readonly requestId: string | null;
  readonly createdAtMs: number;
  /** Of SAML: who the provider said it is, when a good response came. */
  readonly answer: AssertedIdentity | null;
}

export function createBrowserSecret(): string {
  return randomBytes(32).toString('base64url');
}

function secretsOf(state: string, browserSecret: string): FlowSecrets {
  const derive = (purpose: string) =>
    createHash('sha256').update(`${purpose}\n${state}\n${browserSecret}`).digest('base64url');
  return { state, nonce: derive('nonce'), codeVerifier: derive('verifier') };
}

export async function startFlow(
  context: Context,
  provider: Provider,
  input: { browserSecret: string; next: string; requestId?: string },
): Promise<FlowSecrets> {
  const nowMs = context.clock();
  const state = randomBytes(32).toString('base64url');
  await context.store.db
    .insertInto('sign_in_flows')
    .values({
      state_hash: hashToken(state),
      organization_id: provider.organizationId,
      provider_id: provider.id,
      browser_hash: hashToken(input.browserSecret),
      request_id: input.requestId ?? null,
      next: input.next,
      created_at: nowMs,
      expires_at: nowMs + FLOW_TTL_MS,
      used_at: null,
      answered_at: null,
      answer: null,
    })
    .execute();
  return secretsOf(state, input.browserSecret);
}

/**
 * Uses the flow up: once, in the browser that started it, and at the address of the provider that it was started for
 * (an answer of one provider at the address of another is a mix-up, RFC 9700, 4.4).
 */
export async function takeFlow(
  context: Context,
  providerId: string,
  state: string,
  browserSecret: string | null,
): Promise<Flow | Refusal> {
  if (browserSecret === null || state === '' || state.length > 200) return new Refusal('idp.state_invalid');
  const row = await context.store.db
    .updateTable('sign_in_flows')
    .set({ used_at: context.clock() })
    .where('state_hash', '=', hashToken(state))
    .where('provider_id', '=', providerId)
    .where('browser_hash', '=', hashToken(browserSecret))
    .where('used_at', 'is', null)
    .where('expires_at', '>', context.clock())
    .returning(['next', 'request_id', 'created_at', 'answer'])
    .executeTakeFirst();
  if (row === undefined) return new Refusal('idp.state_invalid');
  return {
    ...secretsOf(state, browserSecret),
    next: row.next,
    requestId: row.request_id,
    createdAtMs: row.created_at,
    answer: row.answer === null ? null : JSON.parse(context.authority.sealer.open(answerName(state), row.answer)),
  };
}

/**
 * The one try that a SAML response has: it came across sites, without the cookie, so that nothing is signed in by it yet.
 * The id of the request that it must answer, and where that leads.
 */
export async function takeTry(
  context: Context,
  providerId: string,
  state: string,
): Promise<{ requestId: string; next: string } | Refusal> {
  if (state === '' || state.length > 200) return new Refusal('idp.state_invalid');
  const row = await context.store.db
    .updateTable('sign_in_flows')
    .set({ answered_at: context.clock() })
    .where('state_hash', '=', hashToken(state))
    .where('provider_id', '=', providerId)
    .where('request_id', 'is not', null)
    .where('answered_at', 'is', null)
    .where('used_at', 'is', null)
    .where('expires_at', '>', context.clock())
    .returning(['request_id', 'next'])
    .executeTakeFirst();
  const requestId = row?.request_id;
  return requestId ? { requestId, next: row!.next } : new Refusal('idp.state_invalid');
}

/** Keeps a good answer until the browser that began the sign-in comes for it. */
export async function keepAnswer(context: Context, state: string, identity: AssertedIdentity): Promise<void> {
  await context.store.db
    .updateTable('sign_in_flows')
    .set({ answer: context.authority.sealer.seal(answerName(state), JSON.stringify(identity)) })
    .where('state_hash', '=', hashToken(state))
    .execute();
}

function answerName(state: string): string {
  return `sign-in-answer:${hashToken(state)}`;
}
