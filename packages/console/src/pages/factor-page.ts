import { REASONS } from '@zeronaut/model';
import { PASSKEY_SCRIPT } from '@zeronaut/passkeys';
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
import { refuseForeignForm, sendRefusal } from './signed-in.ts';

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
    return sendPage(reply, stepPage(pending, next, null, passkeyFor(pending, reply, next)));
  });

  app.post('/sign-in/factor', async (request, reply) => {
    const foreign = refuseForeignForm(context, request, reply);
    if (foreign !== null) return foreign;
    const next = safeNext(field(request, 'next'));
    const token = readPendingToken(request, publicUrl());
    const result = await finishWithCode(context, token, field(request, 'code').slice(0, 40), originOf(request));
    if (!(result instanceof Refusal)) return reply.redirect(await enterWith(context, reply, result, next), 303);
    const pending = await findPending(context, token);
    return pending instanceof Refusal
      ? sendRefusal(reply, pending)
      : sendPage(reply, stepPage(pending, next, sentenceOf(result), passkeyFor(pending, reply, next)), result.status);
  });

  app.post('/sign-in/factor/totp', async (request, reply) => {
    const foreign = refuseForeignForm(context, request, reply);
    if (foreign !== null) return foreign;
    const next = safeNext(field(request, 'next'));
    const started = await startPendingTotp(context, readPendingToken(request, publicUrl()), originOf(request));
    if (started instanceof Refusal) return sendRefusal(reply, started);
    return sendPage(reply, {
      title: 'Second factor',
      content: html`<h1>Set up an authenticator app</h1>${totpForm(started, '/sign-in/factor/confirmation', next)}`,
    });
  });

  app.post('/sign-in/factor/confirmation', async (request, reply) => {
    const foreign = refuseForeignForm(context, request, reply);
    if (foreign !== null) return foreign;
    const next = safeNext(field(request, 'next'));
    const token = readPendingToken(request, publicUrl());
    const result = await finishWithEnrolment(context, token, field(request, 'code').slice(0, 40), originOf(request));
    if (result instanceof Refusal) {
      const pending = await findPending(context, token);
      return pending instanceof Refusal
        ? sendRefusal(reply, pending)
        : sendPage(
            reply,
            stepPage(pending, next, `${sentenceOf(result)} Start the set-up again.`, null),
            result.status,
          );
    }
    await enterWith(context, reply, result, next);
    return sendPage(reply, {
      title: 'Recovery codes',
      content: html`${recoveryCodes(result.recoveryCodes)}<p><a href="${next}">I have kept them: go on</a></p>`,
    });
  });
}

export function sentenceOf(refusal: Refusal): string {
  const { title, next } = REASONS[refusal.reason];
  return next === '' ? `${title}.` : `${title}. ${next}`;
}

/** `passkey`: a passkey is enough by itself, so that its form leads past what was shown before. */
function stepPage(pending: OpenPending, next: string, problem: string | null, passkey: Html | null): Page {
  const enrol = pending.missing[0] === 'enrolment';
  return {
    title: 'Second factor',
    script: PASSKEY_SCRIPT,
    content: enrol
      ? html`<h1>Set up a second factor</h1>
<p class="soft">Your organization asks everybody for one.</p>
${notice(problem)}
<form class="stack" method="post" action="/sign-in/factor/totp">
<input type="hidden" name="next" value="${next}">
<button>Use an authenticator app</button>
</form>`
      : html`<h1>One more step</h1>
<p class="soft">${pending.user.email}</p>
${notice(problem)}
<form class="stack" method="post" action="/sign-in/factor">
<input type="hidden" name="next" value="${next}">
<label for="code">Code of your authenticator app, or a recovery code</label>
<input id="code" name="code" required maxlength="40" autocomplete="one-time-code" autocapitalize="none" spellcheck="false" autofocus>
<button>Sign in</button>
</form>
${passkey}
<p class="small"><a href="/sign-in">Sign in as somebody else</a></p>`,
  };
}

/** The secret to type or to open on a telephone, and the field for its first code. */
export function totpForm(started: { secret: string; uri: string }, action: string, next: string): Html {
  return html`<p>Scan this with the app:</p>
${qrCode(started.uri, 'The key of the authenticator app as a QR code; it is written below')}
<p>Or add this key to it, as a time-based one:</p>
<pre id="totp_secret">${started.secret.match(/.{1,4}/g)!.join(' ')}</pre>
<p class="small"><a href="${started.uri}">Open it in an app on this device</a></p>
<form class="stack" method="post" action="${action}">
<input type="hidden" name="next" value="${next}">
<label for="code">Then enter the code that the app shows</label>
<input id="code" name="code" required maxlength="10" inputmode="numeric" autocomplete="one-time-code" autofocus>
<button>Turn it on</button>
</form>`;
}

export function recoveryCodes(codes: readonly string[]): Html {
  return html`<h1>Keep your recovery codes</h1>
<p>Each signs you in once when the app is gone. They are not shown again.</p>
<pre id="recovery_codes">${codes.join('\n')}</pre>`;
}
