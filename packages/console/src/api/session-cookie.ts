import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * The console's own session. `__Host-` needs https; on plain http (loopback) browsers would drop it, so there the
 * name goes without. HttpOnly and SameSite=Strict in both.
 */
const SECURE_NAME = '__Host-zn_console';
const PLAIN_NAME = 'zn_console';

/** The browser came by https: the connection says so, or a proxy that we believe, or it used our public https URL. */
export function isSecure(request: FastifyRequest, publicUrl: string): boolean {
  const { protocol, host } = new URL(publicUrl);
  return request.protocol === 'https' || (protocol === 'https:' && request.headers.host === host);
}

export function readSessionCookie(request: FastifyRequest, publicUrl: string): string | null {
  return request.cookies[isSecure(request, publicUrl) ? SECURE_NAME : PLAIN_NAME] ?? null;
}

/** `expiresAtMs` null: until the browser is closed. */
export function setSessionCookie(
  reply: FastifyReply,
  publicUrl: string,
  token: string,
  expiresAtMs: number | null,
): void {
  const secure = isSecure(reply.request, publicUrl);
  reply.setCookie(secure ? SECURE_NAME : PLAIN_NAME, token, {
    path: '/',
    httpOnly: true,
    sameSite: 'strict',
    secure,
    ...(expiresAtMs === null ? {} : { expires: new Date(expiresAtMs) }),
  });
}

export function clearSessionCookie(reply: FastifyReply, publicUrl: string): void {
  const secure = isSecure(reply.request, publicUrl);
  reply.clearCookie(secure ? SECURE_NAME : PLAIN_NAME, { path: '/', httpOnly: true, sameSite: 'strict', secure });
}

/** The session of the home, while the browser acts in another organization. Until the browser is closed. */
const HOME_NAME = { secure: '__Host-zn_home', plain: 'zn_home' };

export function readHomeCookie(request: FastifyRequest, publicUrl: string): string | null {
  return request.cookies[isSecure(request, publicUrl) ? HOME_NAME.secure : HOME_NAME.plain] ?? null;
}

export function setHomeCookie(reply: FastifyReply, publicUrl: string, token: string): void {
  const secure = isSecure(reply.request, publicUrl);
  const name = secure ? HOME_NAME.secure : HOME_NAME.plain;
  reply.setCookie(name, token, { path: '/', httpOnly: true, sameSite: 'strict', secure });
}

export function clearHomeCookie(reply: FastifyReply, publicUrl: string): void {
  const secure = isSecure(reply.request, publicUrl);
  const name = secure ? HOME_NAME.secure : HOME_NAME.plain;
  reply.clearCookie(name, { path: '/', httpOnly: true, sameSite: 'strict', secure });
}
