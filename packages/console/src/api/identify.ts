import { OWN_PAGE_HEADER } from '@zeronaut/model';
import type { FastifyRequest } from 'fastify';
import type { Caller, Context } from '../domains/context.ts';
import { authenticate } from '../domains/sessions/authenticate.ts';
import { Refusal } from '../store/refusal.ts';
import { checkSameOrigin, ownOrigin } from './guards.ts';
import { originOf } from './origin.ts';
import { readSessionCookie } from './session-cookie.ts';

/** What a request shows of who sends it: `Authorization: Bearer` first, else the console's cookie. */
export function credentialOf(context: Context, request: FastifyRequest): { token: string; cookie: boolean } | Refusal {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const match = /^Bearer ([\x21-\x7e]{1,4096})$/i.exec(authorization);
    return match === null ? new Refusal('api.unauthenticated') : { token: match[1]!, cookie: false };
  }
  const cookie = readSessionCookie(request, context.settings.publicUrl());
  return cookie === null ? new Refusal('api.unauthenticated') : { token: cookie, cookie: true };
}

/** Null when the request comes from our own pages. */
export function refuseForeignPage(context: Context, request: FastifyRequest): Refusal | null {
  return checkSameOrigin(request.headers, ownOrigin(request.headers.host, context.settings.publicUrl()));
}

/** Who calls. The cookie counts for writes only from our own pages. */
export async function identify(context: Context, request: FastifyRequest): Promise<Caller | Refusal> {
  const credential = credentialOf(context, request);
  if (credential instanceof Refusal) return credential;
  if (credential.cookie && request.method !== 'GET' && request.method !== 'HEAD') {
    const foreign = refuseForeignPage(context, request);
    if (foreign !== null) return foreign;
    // No other site can send it without being asked for leave first.
    if (request.headers[OWN_PAGE_HEADER] !== '1') return new Refusal('access.csrf');
  }
  return await authenticate(context, credential.token, originOf(request));
}
