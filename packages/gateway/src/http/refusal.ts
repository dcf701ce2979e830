import { type Problem, REASONS, type Reason } from '@zeronaut/model';
import type { LocalResponse } from '../rooms.ts';
import { headerValue, type RequestHead } from './request-head.ts';
import { STATUS_TEXT } from './status-text.ts';

/**
 * How a "no" looks to the caller: a small page for browsers, a problem document (RFC 9457) for everybody else. Both say
 * the reason, what to do next, and the request id that is also in the log.
 */
export function refusal(reason: Reason, requestId: string, head: RequestHead | null): LocalResponse {
  const { status, title, next } = REASONS[reason];
  if (head !== null && wantsHtml(head)) {
    return { status, headers: HTML_HEADERS, body: page(status, title, next, reason, requestId) };
  }
  const problem: Problem = {
    type: `urn:zeronaut:reason:${reason}`,
    title,
    status,
    reason,
    requestId,
    ...(next === '' ? {} : { next }),
  };
  return { status, headers: PROBLEM_HEADERS, body: `${JSON.stringify(problem)}\n` };
}

const HTML_HEADERS = [
  ['content-type', 'text/html; charset=utf-8'],
  ['cache-control', 'no-store'],
  ['content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"],
  ['x-content-type-options', 'nosniff'],
] as const;
const PROBLEM_HEADERS = [
  ['content-type', 'application/problem+json'],
  ['cache-control', 'no-store'],
] as const;

function wantsHtml(head: RequestHead): boolean {
  return headerValue(head.headers, 'accept')?.toLowerCase().includes('text/html') ?? false;
}

/** Everything in it is ours: constants and an id. Nothing that the caller sent is repeated. */
function page(status: number, title: string, next: string, reason: Reason, requestId: string): string {
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${status} ${STATUS_TEXT[status] ?? ''}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem;color:#222;background:#fff}
code{font-size:.9em;color:#555}@media(prefers-color-scheme:dark){body{color:#ddd;background:#111}code{color:#aaa}}</style>
<h1>${title}</h1>
${next === '' ? '' : `<p>${next}</p>\n`}<p><code>${reason}</code><br><code>${requestId}</code></p>
</html>
`;
}
