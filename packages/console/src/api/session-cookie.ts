import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * The console's own session. `__Host-` needs https; on plain http (loopback) browsers would drop it, so there the
 * name goes without. HttpOnly and SameSite=Strict in both.
 */
const SECURE_NAME = '__Host-zn_console';
const PLAIN_NAME = 'zn_console';

export function readSessionCookie(request: FastifyRequest): string | null {
  const name = request.protocol === 'https' ? SECURE_NAME : PLAIN_NAME;
  return request.cookies[name] ?? null;
}

export function setSessionCookie(reply: FastifyReply, token: string, expiresAtMs: number): void {
  const secure = reply.request.protocol === 'https';
  reply.setCookie(secure ? SECURE_NAME : PLAIN_NAME, token, {
    path: '/',
    httpOnly: true,
    sameSite: 'strict',
    secure,
    expires: new Date(expiresAtMs),
  });
}

export function clearSessionCookie(reply: FastifyReply): void {
  const secure = reply.request.protocol === 'https';
  reply.clearCookie(secure ? SECURE_NAME : PLAIN_NAME, { path: '/', httpOnly: true, sameSite: 'strict', secure });
}
