import { COOKIE, LANGUAGE_COOKIE_SECONDS, languageNamed } from '@zeronaut/model';
import type { Flow } from '../flow.ts';
import type { RequestHead } from '../http/request-head.ts';
import type { LocalResponse } from '../rooms.ts';
import { setCookie } from './cookies.ts';
import { parseForm } from './forms.ts';
import { isSameOriginPost, localPath, originOf } from './origins.ts';
import { redirect } from './responses.ts';

/**
 * The form below our pages: a cookie of this host alone, and back to the page. Null: it is not our own form. Origin is proof
 * enough of that: nothing but the words of our pages depends on it, and a service shares its origin with us anyway.
 */
export function chooseLanguage(flow: Flow, head: RequestHead, body: Buffer): LocalResponse | null {
  const fields = parseForm(head, body);
  const language = languageNamed(fields?.get('language'));
  if (fields === null || language === null || !isSameOriginPost(flow, head)) return null;
  const back = originOf(head.host, flow, head) + localPath(fields.get('back') ?? '/');
  return redirect(303, back, [setCookie(COOKIE.language, language, LANGUAGE_COOKIE_SECONDS)]);
}
