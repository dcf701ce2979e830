import { COOKIE } from '@zeronaut/model';
import { httpDate } from '../wall-clock.ts';
import type { CompiledHeaderRules } from './header-rules.ts';
import { isFieldValue } from './octets.ts';
import type { ParsedRequest } from './parsed-request.ts';
import type { ParsedResponse } from './response-parser.ts';

/** Writes heads anew from what was understood. Nothing unchecked can get into them. */

export interface RequestAdditions {
  readonly requestId: string;
  readonly forwardedLines: string;
  readonly identity: readonly (readonly [string, string])[];
  readonly consumeAuthorization: boolean;
  /** Null: none. */
  readonly rules: CompiledHeaderRules | null;
}

/** The head that goes upstream, with its empty line. */
export function requestHeadText(request: ParsedRequest, additions: RequestAdditions): string {
  const { rules } = additions;
  let text =
    rules === null
      ? `${request.method} ${request.target} HTTP/1.1\r\nHost: ${request.authority}\r\n${request.forwardable}`
      : `${request.method} ${request.target} HTTP/1.1\r\nHost: ${rules.host ?? request.authority}\r\n` +
        rules.request.without(request.forwardable) +
        rules.request.lines;
  const { body } = request;
  if (body.kind === 'length') text += `Content-Length: ${body.length}\r\n`;
  else if (body.kind === 'chunked') {
    text += 'Transfer-Encoding: chunked\r\n';
    if (request.trailer !== null) text += `Trailer: ${request.trailer}\r\n`;
  }
  if (request.upgrade !== null) text += `Connection: Upgrade\r\nUpgrade: ${request.upgrade}\r\n`;
  else if (request.trailersAccepted) text += 'Connection: TE\r\nTE: trailers\r\n';
  if (request.cookie !== null && rules?.request.dropsCookie !== true) {
    const cookie = withoutOurCookies(request.cookie);
    if (cookie !== '') text += `Cookie: ${cookie}\r\n`;
  }
  if (request.authorization !== null && !additions.consumeAuthorization && rules?.request.dropsAuthorization !== true) {
    text += `Authorization: ${request.authorization}\r\n`;
  }
  text += additions.forwardedLines;
  for (const [name, value] of additions.identity) if (isFieldValue(value)) text += `${name}: ${value}\r\n`;
  return `${text}X-Request-Id: ${additions.requestId}\r\n\r\n`;
}

const OUR_COOKIES: ReadonlySet<string> = new Set(Object.values(COOKIE));
const OUR_COOKIE_PREFIX = '__Host-zn_';

/** Session tokens are for us; a service that got them could act as the visitor elsewhere. */
function withoutOurCookies(cookie: string): string {
  if (!cookie.includes(OUR_COOKIE_PREFIX)) return cookie;
  const kept: string[] = [];
  for (const part of cookie.split(';')) {
    const pair = part.trim();
    const equals = pair.indexOf('=');
    const name = (equals === -1 ? pair : pair.slice(0, equals)).trim();
    if (pair !== '' && !OUR_COOKIES.has(name)) kept.push(pair);
  }
  return kept.join('; ');
}

export type ResponseFraming = 'as_is' | 'chunked' | 'close';

/** The head that goes to the caller, with its empty line. */
export function responseHeadText(
  response: ParsedResponse,
  requestId: string,
  framing: ResponseFraming,
  connection: 'close' | 'keep-alive' | '',
  nowMs: number,
  rules: CompiledHeaderRules | null,
): string {
  let text = `HTTP/1.1 ${response.status} ${response.statusText}\r\n${changed(response, rules)}`;
  if (!response.hasDate) text += `Date: ${httpDate(nowMs)}\r\n`;
  if (framing === 'chunked') {
    text += 'Transfer-Encoding: chunked\r\n';
    if (response.trailer !== null) text += `Trailer: ${response.trailer}\r\n`;
  }
  if (connection !== '') text += `Connection: ${connection}\r\n`;
  return `${text}X-Request-Id: ${requestId}\r\n\r\n`;
}

function changed({ forwardable }: ParsedResponse, rules: CompiledHeaderRules | null): string {
  return rules === null ? forwardable : rules.response.without(forwardable) + rules.response.lines;
}

/** 1xx: no framing and no Date. Of the rules only what is taken away: what is added is for the answer itself. */
export function interimHeadText(response: ParsedResponse, rules: CompiledHeaderRules | null): string {
  const lines = rules === null ? response.forwardable : rules.response.without(response.forwardable);
  return `HTTP/1.1 ${response.status} ${response.statusText}\r\n${lines}\r\n`;
}

export function switchingHeadText(
  response: ParsedResponse,
  requestId: string,
  rules: CompiledHeaderRules | null,
): string {
  return (
    `HTTP/1.1 101 Switching Protocols\r\n${changed(response, rules)}Connection: Upgrade\r\n` +
    `Upgrade: ${response.upgrade}\r\nX-Request-Id: ${requestId}\r\n\r\n`
  );
}
