import { type Problem, REASONS, type Reason } from '@zeronaut/model';
import type { FastifyReply } from 'fastify';
import type { Refusal } from '../store/refusal.ts';

/** RFC 9457: what every "no" of the API looks like. */
export function toProblem(refusal: Refusal, requestId: string): Problem {
  const { status, title, next } = REASONS[refusal.reason];
  return {
    type: `urn:zeronaut:reason:${refusal.reason}`,
    title,
    status,
    reason: refusal.reason,
    requestId,
    ...(refusal.detail === undefined ? {} : { detail: refusal.detail }),
    ...(next === '' ? {} : { next }),
    ...(refusal.errors === undefined ? {} : { errors: [...refusal.errors] }),
  };
}

export function sendProblem(reply: FastifyReply, refusal: Refusal, status: number = refusal.status): FastifyReply {
  if (refusal.retryAfterSeconds !== undefined) reply.header('retry-after', String(refusal.retryAfterSeconds));
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="zeronaut"');
  return reply
    .code(status)
    .type('application/problem+json; charset=utf-8')
    .send(JSON.stringify({ ...toProblem(refusal, reply.request.id), status }));
}

/** RFC 6749, 5.2: how the OAuth endpoints say no. `reason` and `requestId` are additions of ours. */
const OAUTH_ERRORS: Partial<Record<Reason, string>> = {
  'api.authorization_pending': 'authorization_pending',
  'api.slow_down': 'slow_down',
  'api.access_denied': 'access_denied',
  'api.token_expired': 'expired_token',
  'api.token_used': 'invalid_grant',
  'api.invalid': 'invalid_request',
  'api.rate_limited': 'slow_down',
  'workload.untrusted': 'invalid_client',
  'workload.scope': 'invalid_scope',
};

export function sendOAuthError(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const error = OAUTH_ERRORS[refusal.reason] ?? 'invalid_request';
  if (refusal.retryAfterSeconds !== undefined) reply.header('retry-after', String(refusal.retryAfterSeconds));
  return reply
    .code(400)
    .type('application/json; charset=utf-8')
    .send(
      JSON.stringify({
        error,
        error_description: REASONS[refusal.reason].title,
        reason: refusal.reason,
        requestId: reply.request.id,
      }),
    );
}
