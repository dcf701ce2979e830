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
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${status} ${STATUS_TEXT[status] ?? ''}</title>
<style>${STYLE}</style>
<main><h1>${title}</h1>
${next === '' ? '' : `<p>${next}</p>\n`}</main>
<footer><code>${status} · ${reason}</code><br>Request <code>${requestId}</code></footer>
</html>
`;
}

/** Looks like the pages of the portal, without being one: nothing here may depend on sign-in. */
const STYLE = `:root{color-scheme:light dark;--ground:#f4f5f7;--card:#fff;--ink:#16181d;--soft:#5a6270;--line:#d9dde3}
@media (prefers-color-scheme:dark){:root{--ground:#101216;--card:#191c22;--ink:#eceef2;--soft:#a3abb8;--line:#2d323c}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif;display:flex;flex-direction:column;align-items:center;padding:clamp(1rem,12vh,8rem) 1rem 2rem}
main{width:100%;max-width:25rem;background:var(--card);border:1px solid var(--line);border-radius:14px;padding:clamp(1.25rem,5vw,2rem)}
h1{font-size:1.35rem;line-height:1.25;margin:0;font-weight:650}
p{margin:.5rem 0 0;color:var(--soft)}
footer{margin-top:1.25rem;color:var(--soft);font-size:.8125rem;text-align:center;overflow-wrap:anywhere}`;
