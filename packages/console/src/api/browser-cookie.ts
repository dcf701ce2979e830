import type { FastifyReply, FastifyRequest } from 'fastify';
import { FLOW_TTL_MS } from '../domains/identity-providers/sign-in-flows.ts';
import { PENDING_TTL_MS } from '../domains/sessions/complete-sign-in.ts';
import { isSecure } from './session-cookie.ts';

/**
 * Ties a sign-in that goes through a provider to the browser that began it. Lax, not Strict: the way back begins at the
 * provider, and a Strict cookie would not come along.
 */
const SECURE_NAME = '__Host-zn_sign_in';
const PLAIN_NAME = 'zn_sign_in';

export function readBrowserSecret(request: FastifyRequest, publicUrl: string): string | null {
  const value = request.cookies[isSecure(request, publicUrl) ? SECURE_NAME : PLAIN_NAME];
  return value !== undefined && /^[A-Za-z0-9_-]{43}$/.test(value) ? value : null;
}

export function setBrowserSecret(reply: FastifyReply, publicUrl: string, secret: string): void {
  const secure = isSecure(reply.request, publicUrl);
  reply.setCookie(secure ? SECURE_NAME : PLAIN_NAME, secret, {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure,
    maxAge: FLOW_TTL_MS / 1000,
  });
}

/** A sign-in that waits for its second factor. Nothing of another site leads to that page: Strict. */
const PENDING_NAME = { secure: '__Host-zn_pending', plain: 'zn_pending' };

export function readPendingToken(request: FastifyRequest, publicUrl: string): string | null {
  return request.cookies[isSecure(request, publicUrl) ? PENDING_NAME.secure : PENDING_NAME.plain] ?? null;
}

export function setPendingToken(reply: FastifyReply, publicUrl: string, token: string): void {
  const secure = isSecure(reply.request, publicUrl);
  reply.setCookie(secure ? PENDING_NAME.secure : PENDING_NAME.plain, token, {
    path: '/',
    httpOnly: true,
    sameSite: 'strict',
    secure,
    maxAge: PENDING_TTL_MS / 1000,
  });
}

export function clearPendingToken(reply: FastifyReply, publicUrl: string): void {
  const secure = isSecure(reply.request, publicUrl);
  const name = secure ? PENDING_NAME.secure : PENDING_NAME.plain;
  reply.clearCookie(name, { path: '/', httpOnly: true, sameSite: 'strict', secure });
}
