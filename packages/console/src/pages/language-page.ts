import { LANGUAGE_COOKIE, LANGUAGE_COOKIE_SECONDS, languageNamed } from '@zeronaut/model';
import type { FastifyInstance } from 'fastify';
import { isSecure } from '../api/session-cookie.ts';
import type { Context } from '../domains/context.ts';
import { field } from './form.ts';
import { ownPath } from './next.ts';
import { refuseForeignForm } from './signed-in.ts';

/** The form below our pages: a cookie that the web console shares, and back to the page. */
export function registerLanguagePage(app: FastifyInstance, context: Context): void {
  app.post('/language', async (request, reply) => {
    const foreign = refuseForeignForm(context, request, reply);
    if (foreign !== null) return foreign;
    const language = languageNamed(field(request, 'language'));
    if (language !== null) {
      const secure = isSecure(request, context.settings.publicUrl());
      // Not HttpOnly: the web console reads and writes it. Lax: a link from elsewhere opens the page in the chosen language.
      reply.setCookie(secure ? LANGUAGE_COOKIE.secure : LANGUAGE_COOKIE.plain, language, {
        ...{ path: '/', sameSite: 'lax', secure, maxAge: LANGUAGE_COOKIE_SECONDS },
      });
    }
    return reply.redirect(ownPath(field(request, 'back')) ?? '/', 303);
  });
}
