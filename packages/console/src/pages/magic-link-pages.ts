import { randomBytes } from 'node:crypto';
import { email } from '@zeronaut/model';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { readBrowserSecret, setBrowserSecret } from '../api/browser-cookie.ts';
import { originOf } from '../api/origin.ts';
import type { Context } from '../domains/context.ts';
import { findMagicLink, mailMagicLink, signInWithMagicLink } from '../domains/magic-links/magic-links.ts';
import { RateLimit, rateLimitKey } from '../domains/sessions/rate-limit.ts';
import { Refusal } from '../store/refusal.ts';
import { enterWith } from './factor-page.ts';
import { field } from './form.ts';
import { html } from './html.ts';
import { sendPage } from './layout.ts';
import { safeNext } from './next.ts';
import { textsFor } from './reader.ts';
import { refuseForeignForm, sendRefusal } from './signed-in.ts';

/** Mails that one address may ask for … */
const ASK_BURST = 10;
const ASK_INTERVAL_MS = 30_000;
/** … and that one mailbox gets, whoever asks. A password, a passkey or a provider goes on working beside it. */
const MAILBOX_BURST = 5;
const MAILBOX_INTERVAL_MS = 120_000;

/** Asking for a link, and opening it. Every address gets the same answer, at once. */
export function registerMagicLinkPages(app: FastifyInstance, context: Context): void {
  const asks = new RateLimit({ burst: ASK_BURST, intervalMs: ASK_INTERVAL_MS });
  const mailboxes = new RateLimit({ burst: MAILBOX_BURST, intervalMs: MAILBOX_INTERVAL_MS });
  const publicUrl = () => context.settings.publicUrl();

  app.post('/sign-in/link', async (request, reply) => {
    const foreign = refuseForeignForm(context, request, reply);
    if (foreign !== null) return foreign;
    const origin = originOf(request);
    const waitMs = asks.take(rateLimitKey(origin.address), context.clock());
    if (waitMs > 0) {
      return sendRefusal(reply, new Refusal('api.rate_limited', { retryAfterSeconds: Math.ceil(waitMs / 1000) }));
    }
    const address = email.safeParse(field(request, 'email').trim());
    if (!address.success) return reply.redirect('/sign-in', 303);
    const known = readBrowserSecret(request, publicUrl());
    const browser = known ?? randomBytes(32).toString('base64url');
    if (known === null) setBrowserSecret(reply, publicUrl(), browser);
    const t = textsFor(request);
    if (mailboxes.take(address.data, context.clock()) === 0) {
      // Nobody waits for it: how long it takes would tell who exists.
      const asked = { address: address.data, browser, next: safeNext(field(request, 'next')), language: t.language };
      mailMagicLink(context, asked, origin).catch((error: unknown) =>
        request.log.warn({ err: error }, 'a link could not be mailed'),
      );
    }
    return sendPage(reply, {
      title: t.link.sentTitle,
      content: html`<h1>${t.link.sentTitle}</h1>
<p>${t.link.sent(address.data)}</p>
<p><a href="/sign-in">${t.link.other}</a></p>`,
    });
  });

  app.get('/sign-in/link', async (request, reply) => {
    const query = request.query as { token?: unknown; next?: unknown };
    const token = typeof query.token === 'string' ? query.token.slice(0, 200) : '';
    const user = await findMagicLink(context, token, browserOf(request));
    if (user instanceof Refusal) return sendRefusal(reply, user);
    const t = textsFor(request);
    return sendPage(reply, {
      title: t.signIn.title,
      content: html`<h1>${t.signIn.title}</h1>
<p class="soft">${t.link.as(user.email)}</p>
<form class="stack" method="post" action="/sign-in/link/confirmation">
<input type="hidden" name="token" value="${token}">
<input type="hidden" name="next" value="${safeNext(query.next)}">
<button>${t.signIn.title}</button>
</form>`,
    });
  });

  app.post('/sign-in/link/confirmation', async (request, reply) => {
    const foreign = refuseForeignForm(context, request, reply);
    if (foreign !== null) return foreign;
    const token = field(request, 'token').slice(0, 200);
    const result = await signInWithMagicLink(context, token, browserOf(request), originOf(request));
    if (result instanceof Refusal) return sendRefusal(reply, result);
    return reply.redirect(await enterWith(context, reply, result, safeNext(field(request, 'next'))), 303);
  });

  function browserOf(request: FastifyRequest): string | null {
    return readBrowserSecret(request, publicUrl());
  }
}
