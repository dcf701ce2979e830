import { timingSafeEqual } from 'node:crypto';
import { COOKIE } from '@zeronaut/model';
import type { Flow } from '../flow.ts';
import { headerValue, type RequestHead } from '../http/request-head.ts';
import { isSameOriginPost } from './origins.ts';
import { readSecretCookie } from './sign-in-state.ts';

/** Form posts of our own pages: fields by name, each at most once. */
export function parseForm(head: RequestHead, body: Buffer): ReadonlyMap<string, string> | null {
  const type = headerValue(head.headers, 'content-type')?.split(';')[0]?.trim().toLowerCase();
  return type === 'application/x-www-form-urlencoded' ? parseFields(body.toString('utf8')) : null;
}

/** A query or form body. Null when a name comes twice: whichever we took, somebody else might take the other. */
export function parseFields(text: string): ReadonlyMap<string, string> | null {
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (fields.has(name)) return null;
    fields.set(name, value);
  }
  return fields;
}

/** Sent by our own page (Origin) in this very browser (the field repeats a `__Host-` cookie, which others cannot set). */
export function isOwnForm(flow: Flow, head: RequestHead, fields: ReadonlyMap<string, string>): boolean {
  if (!isSameOriginPost(flow, head)) return false;
  const cookie = readSecretCookie(head, COOKIE.csrf);
  const field = Buffer.from(fields.get('csrf') ?? '', 'utf8');
  return cookie !== null && field.length === cookie.length && timingSafeEqual(field, Buffer.from(cookie, 'latin1'));
}
