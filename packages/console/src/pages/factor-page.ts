import { PASSKEY_SCRIPTS } from '@zeronaut/passkeys';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { clearPendingToken, readPendingToken, setPendingToken } from '../api/browser-cookie.ts';
import { originOf } from '../api/origin.ts';
import { clearHomeCookie, readHomeCookie, readSessionCookie, setSessionCookie } from '../api/session-cookie.ts';
import type { Context } from '../domains/context.ts';
import type { PendingSignIn, SignedIn } from '../domains/sessions/complete-sign-in.ts';
import {
  findPending,
  finishWithCode,
  finishWithEnrolment,
  type OpenPending,
  startPendingTotp,
} from '../domains/sessions/pending-sign-ins.ts';
import { replaceSession } from '../domains/sessions/replace-session.ts';
import { Refusal } from '../store/refusal.ts';
import { field } from './form.ts';
import { type Html, html } from './html.ts';
import { notice, type Page, sendPage } from './layout.ts';
import { safeNext } from './next.ts';
import { passkeySignInForm } from './passkey-forms.ts';
import { qrCode } from './qr-code.ts';
import { sentenceOf, textsFor } from './reader.ts';
import { refuseForeignForm, sendRefusal } from './signed-in.ts';
import type { Texts } from './texts.en.ts';

/**
 * After the first factor: the cookie of the session, or the one of the pending sign-in. Answers where to go now. Sessions that the browser had are
 * over then.
 */
export async function enterWith(
  context: Context,
  reply: FastifyReply,
  result: SignedIn | PendingSignIn,
  next: string,
): Promise<string> {
  const publicUrl = context.settings.publicUrl();
  if ('pendingToken' in result) {
    setPendingToken(reply, publicUrl, result.pendingToken);
    return `/sign-in/factor?next=${encodeURIComponent(next)}`;
  }
  const [own, home] = [readSessionCookie(reply.request, publicUrl), readHomeCookie(reply.request, publicUrl)];
  setSessionCookie(reply, publicUrl, result.token, result.expiresAtMs);
  if (home !== null) clearHomeCookie(reply, publicUrl);
  for (const token of [own, home]) {
    if (token !== null) await replaceSession(context, token, result, originOf(reply.request));
  }
  if (readPendingToken(reply.request, publicUrl) !== null) clearPendingToken(reply, publicUrl);
  return next;
}

/** The second step of a sign-in: a code, or the set-up of what will give codes from now on. */
export function registerFactorPage(app: FastifyInstance, context: Context): void {
  const publicUrl = () => context.settings.publicUrl();
  const passkeyFor = (pending: OpenPending, reply: FastifyReply, next: string) =>
    pending.missing.includes('passkey') ? passkeySignInForm(context, reply, next) : null;

  app.get('/sign-in/factor', async (request, reply) => {
    const next = safeNext((request.query as { next?: unknown }).next);
    const pending = await findPending(context, readPendingToken(request, publicUrl()));
    if (pending instanceof Refusal) return reply.redirect(`/sign-in?next=${encodeURIComponent(next)}`, 303);
    return sendPage(reply, stepPage(textsFor(request), pending, next, null, passkeyFor(pending, reply, next)));
  });

  app.post('/sign-in/factor', async (request, reply) => {
    const foreign = refuseForeignForm(context, request, reply);
    if (foreign !== null) return foreign;
    const next = safeNext(field(request, 'next'));
    const token = readPendingToken(request, publicUrl());
    const result = await finishWithCode(context, token, field(request, 'code').slice(0, 40), originOf(request));
    if (!(result instanceof Refusal)) return reply.redirect(await enterWith(context, reply, result, next), 303);
    const pending = await findPending(context, token);
    const t = textsFor(request);
    return pending instanceof Refusal
      ? sendRefusal(reply, pending)
      : sendPage(
          reply,
          stepPage(t, pending, next, sentenceOf(t, result), passkeyFor(pending, reply, next)),
          result.status,
        );
  });

  app.post('/sign-in/factor/totp', async (request, reply) => {
    const foreign = refuseForeignForm(context, request, reply);
    if (foreign !== null) return foreign;
    const next = safeNext(field(request, 'next'));
    const started = await startPendingTotp(context, readPendingToken(request, publicUrl()), originOf(request));
    if (started instanceof Refusal) return sendRefusal(reply, started);
    const t = textsFor(request);
    return sendPage(reply, {
      title: t.factor.title,
      content: html`<h1>${t.factor.setUpApp}</h1>${totpForm(t, started, '/sign-in/factor/confirmation', next)}`,
    });
  });

  app.post('/sign-in/factor/confirmation', async (request, reply) => {
    const foreign = refuseForeignForm(context, request, reply);
    if (foreign !== null) return foreign;
    const next = safeNext(field(request, 'next'));
    const token = readPendingToken(request, publicUrl());
    const t = textsFor(request);
    const result = await finishWithEnrolment(context, token, field(request, 'code').slice(0, 40), originOf(request));
    if (result instanceof Refusal) {
      const pending = await findPending(context, token);
      return pending instanceof Refusal
        ? sendRefusal(reply, pending)
        : sendPage(
            reply,
            stepPage(t, pending, next, `${sentenceOf(t, result)} ${t.factor.startAgain}`, null),
            result.status,
          );
    }
    await enterWith(context, reply, result, next);
    return sendPage(reply, {
      title: t.factor.recoveryCodes,
      content: html`${recoveryCodes(t, result.recoveryCodes)}<p><a href="${next}">${t.factor.keptGoOn}</a></p>`,
    });
  });
}

/** `passkey`: a passkey is enough by itself, so that its form leads past what was shown before. */
function stepPage(t: Texts, pending: OpenPending, next: string, problem: string | null, passkey: Html | null): Page {
  const enrol = pending.missing[0] === 'enrolment';
  return {
    title: t.factor.title,
    script: PASSKEY_SCRIPTS[t.language],
    content: enrol
      ? html`<h1>${t.factor.enrolTitle}</h1>
<p class="soft">${t.factor.enrolText}</p>
${notice(problem)}
<form class="stack" method="post" action="/sign-in/factor/totp">
<input type="hidden" name="next" value="${next}">
<button>${t.factor.useApp}</button>
</form>`
      : html`<h1>${t.factor.more}</h1>
<p class="soft">${pending.user.email}</p>
${notice(problem)}
<form class="stack" method="post" action="/sign-in/factor">
<input type="hidden" name="next" value="${next}">
<label for="code">${t.factor.code}</label>
<input id="code" name="code" required maxlength="40" autocomplete="one-time-code" autocapitalize="none" spellcheck="false" autofocus>
<button>${t.signIn.title}</button>
</form>
${passkey}
<p class="small"><a href="/sign-in">${t.factor.other}</a></p>`,
  };
}

/** The secret to type or to open on a telephone, and the field for its first code. */
export function totpForm(t: Texts, started: { secret: string; uri: string }, action: string, next: string): Html {
  return html`<p>${t.factor.scan}</p>
${qrCode(started.uri, t.factor.qr)}
<p>${t.factor.orKey}</p>
<pre id="totp_secret">${started.secret.match(/.{1,4}/g)!.join(' ')}</pre>
<p class="small"><a href="${started.uri}">${t.factor.openHere}</a></p>
<form class="stack" method="post" action="${action}">
<input type="hidden" name="next" value="${next}">
<label for="code">${t.factor.firstCode}</label>
<input id="code" name="code" required maxlength="10" inputmode="numeric" autocomplete="one-time-code" autofocus>
<button>${t.factor.turnOn}</button>
</form>`;
}

export function recoveryCodes(t: Texts, codes: readonly string[]): Html {
  return html`<h1>${t.factor.keepCodes}</h1>
<p>${t.factor.codesText}</p>
<pre id="recovery_codes">${codes.join('\n')}</pre>`;
}
