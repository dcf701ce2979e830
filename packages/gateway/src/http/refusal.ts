import { type Language, type Problem, REASONS, type Reason } from '@zeronaut/model';
import { REASON_TEXTS } from '@zeronaut/model/reason-texts';
import { languageOf } from '../language.ts';
import type { LocalResponse } from '../rooms.ts';
import { headerValue, type RequestHead } from './request-head.ts';

/**
 * How a "no" looks to the caller: a small page for browsers, a problem document (RFC 9457) for everybody else. Both say
 * the reason, what to do next, and the request id that is also in the log.
 */
export function refusal(reason: Reason, requestId: string, head: RequestHead | null, retryAfterMs = 0): LocalResponse {
  const { status, title, next } = REASONS[reason];
  const wait = retryAfterMs === 0 ? [] : [['retry-after', String(Math.ceil(retryAfterMs / 1000))] as const];
  if (head !== null && wantsHtml(head)) {
    return { status, headers: [...HTML_HEADERS, ...wait], body: page(languageOf(head.headers), reason, requestId) };
  }
  const problem: Problem = {
    type: `urn:zeronaut:reason:${reason}`,
    title,
    status,
    reason,
    requestId,
    ...(next === '' ? {} : { next }),
  };
  return { status, headers: [...PROBLEM_HEADERS, ...wait], body: `${JSON.stringify(problem)}\n` };
}

const HTML_HEADERS = [
  ['content-type', 'text/html; charset=utf-8'],
  ['cache-control', 'no-store'],
  ['vary', 'accept, accept-language, cookie'],
  ['content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"],
  ['x-content-type-options', 'nosniff'],
] as const;
const PROBLEM_HEADERS = [
  ['content-type', 'application/problem+json'],
  ['cache-control', 'no-store'],
] as const;

const HTML = /text\/html/i;

function wantsHtml(head: RequestHead): boolean {
  const accept = headerValue(head.headers, 'accept');
  return accept !== null && HTML.test(accept);
}

/** Around the request id; made when a reason is first told in a language, and the same from then on. */
const frames = { en: new Map<Reason, Frame>(), de: new Map<Reason, Frame>() } satisfies Record<Language, unknown>;
type Frame = readonly [before: string, after: string];

/** Everything in it is ours: constants and an id. Nothing that the caller sent is repeated. */
function page(language: Language, reason: Reason, requestId: string): string {
  let frame = frames[language].get(reason);
  if (frame === undefined) {
    frame = frameOf(language, reason);
    frames[language].set(reason, frame);
  }
  return frame[0] + requestId + frame[1];
}

/** The portal's texts have the same word. */
const REQUEST_WORD = { en: 'Request', de: 'Anfrage' } as const satisfies Record<Language, string>;

function frameOf(language: Language, reason: Reason): Frame {
  const { status } = REASONS[reason];
  const { title, next } = REASON_TEXTS[language][reason];
  return [
    `<!doctype html>
<html lang="${language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${status} ${title}</title>
<style>${STYLE}</style>
<main><h1>${title}</h1>
${next === '' ? '' : `<p>${next}</p>\n`}</main>
<footer><code>${status} · ${reason}</code><br>${REQUEST_WORD[language]} <code>`,
    `</code></footer>
</html>
`,
  ];
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
