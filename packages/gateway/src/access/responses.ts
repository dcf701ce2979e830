import { randomBytes } from 'node:crypto';
import { DEFAULT_BRANDING, REASONS, type Reason } from '@zeronaut/model';
import type { Flow } from '../flow.ts';
import { headerValue, type RequestHead } from '../http/request-head.ts';
import type { LocalResponse } from '../rooms.ts';
import type { Html } from './html.ts';
import { layout } from './layout.ts';
import type { Reader } from './reader.ts';

type Header = readonly [string, string];

/** On everything that this room answers by itself. */
const ALWAYS: readonly Header[] = [
  ['cache-control', 'no-store'],
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
];

/** A person in a browser opens a page, as opposed to a script, an image, a socket or a command line. */
export function isNavigation(head: RequestHead): boolean {
  if ((head.method !== 'GET' && head.method !== 'HEAD') || head.upgrade !== null) return false;
  const mode = headerValue(head.headers, 'sec-fetch-mode');
  if (mode !== null && mode !== 'navigate') return false;
  return headerValue(head.headers, 'accept')?.toLowerCase().includes('text/html') ?? false;
}

export interface Page {
  readonly title: string;
  readonly content: Html;
  /** Runs after the page is there, under the page's nonce. Written by us, never with data in it. */
  readonly script?: string;
  /** Where its forms may lead. Default: this host only. */
  readonly formAction?: string;
}

export function pageResponse(
  { tables }: Pick<Flow, 'tables'>,
  reader: Reader,
  status: number,
  page: Page,
  headers: readonly Header[] = [],
): LocalResponse {
  const nonce = randomBytes(16).toString('base64');
  return {
    status,
    headers: [
      ...ALWAYS,
      ['content-type', 'text/html; charset=utf-8'],
      // Nothing may keep it; what keeps it all the same must not give it to somebody of another language.
      ['vary', 'accept-language, cookie'],
      [
        'content-security-policy',
        `default-src 'none'; style-src 'nonce-${nonce}';${page.script === undefined ? '' : ` script-src 'nonce-${nonce}';`} form-action ${page.formAction ?? "'self'"}; base-uri 'none'; frame-ancestors 'none'`,
      ],
      // `no-referrer` would make browsers send `Origin: null` with our own forms.
      ['referrer-policy', 'same-origin'],
      ['cross-origin-opener-policy', 'same-origin'],
      ...headers,
    ],
    body: layout(page, reader, nonce, tables.snapshot.branding ?? DEFAULT_BRANDING).text,
  };
}

/** `location` is absolute, or one of our own fixed paths. */
export function redirect(status: 302 | 303, location: string, headers: readonly Header[] = []): LocalResponse {
  return {
    status,
    headers: [...ALWAYS, ['location', location], ['referrer-policy', 'no-referrer'], ...headers],
    body: '',
  };
}

/** RFC 9457, for callers that are no browser page. */
export function problemResponse(
  flow: Flow,
  reason: Reason,
  headers: readonly Header[] = [],
  detail = '',
): LocalResponse {
  const { status, title, next } = REASONS[reason];
  return {
    status,
    headers: [...ALWAYS, ['content-type', 'application/problem+json'], ...headers],
    body: `${JSON.stringify({
      type: `urn:zeronaut:reason:${reason}`,
      title,
      status,
      reason,
      requestId: flow.requestId,
      ...(detail === '' ? {} : { detail }),
      ...(next === '' ? {} : { next }),
    })}\n`,
  };
}

export function retryAfter(waitMs: number): Header {
  return ['retry-after', String(Math.max(1, Math.ceil(waitMs / 1000)))];
}
