import { email, parseJson, passkeyAssertion, password } from '@zeronaut/model';
import { PASSKEY_SCRIPTS } from '@zeronaut/passkeys';
import type { FastifyInstance } from 'fastify';
import { readBrowserSecret } from '../api/browser-cookie.ts';
import { originOf } from '../api/origin.ts';
import { clearHomeCookie, clearSessionCookie, readHomeCookie, readSessionCookie } from '../api/session-cookie.ts';
import type { Context } from '../domains/context.ts';
import { signInChoices } from '../domains/identity-providers/sign-in-choices.ts';
import { offersMagicLinks } from '../domains/magic-links/magic-links.ts';
import { signInWithPasskey } from '../domains/passkeys/passkey-sign-in.ts';
import { authenticate } from '../domains/sessions/authenticate.ts';
import { revokeSession } from '../domains/sessions/sessions.ts';
import { signIn } from '../domains/sessions/sign-in.ts';
import { isSetupNeeded } from '../domains/setup/setup.ts';
import { Refusal } from '../store/refusal.ts';
import { enterWith } from './factor-page.ts';
import { field } from './form.ts';
import { type Html, html } from './html.ts';
import { signInButtons } from './identity-provider-pages.ts';
import { notice, type Page, sendPage } from './layout.ts';
import { safeNext } from './next.ts';
import { passkeySignInForm } from './passkey-forms.ts';
import { sentenceOf, textsFor } from './reader.ts';
import { refuseForeignForm } from './signed-in.ts';
import type { Texts } from './texts.en.ts';

export function registerSignInPage(app: FastifyInstance, context: Context): void {
  app.get('/sign-in', async (request, reply) => {
    const next = safeNext((request.query as { next?: unknown }).next);
    const t = textsFor(request);
    if (await isSetupNeeded(context.store.db)) return sendPage(reply, setupFirst(t));
    const buttons = await buttonsFor(t, context, (request.query as { organization?: unknown }).organization, next);
    const passkey = passkeySignInForm(context, reply, next);
    return sendPage(
      reply,
      signInPage(t, { next, email: '', problem: null, buttons, passkey, links: await offersMagicLinks(context) }),
    );
  });

  app.post('/sign-in', async (request, reply) => {
    const foreign = refuseForeignForm(context, request, reply);
    if (foreign !== null) return foreign;
    const next = safeNext(field(request, 'next'));
    const address = email.safeParse(field(request, 'email').trim());
    const secret = password.safeParse(field(request, 'password'));
    const result =
      address.success && secret.success
        ? await signIn(
            context,
            { email: address.data, password: secret.data, kind: 'console', canGoOn: true },
            originOf(request),
          )
        : new Refusal('api.credentials_invalid');
    if (result instanceof Refusal) {
      const t = textsFor(request);
      const problem = sentenceOf(t, result);
      const buttons = await buttonsFor(t, context, field(request, 'organization'), next);
      const passkey = passkeySignInForm(context, reply, next);
      const links = await offersMagicLinks(context);
      const form = { next, email: field(request, 'email'), problem, buttons, passkey, links };
      return sendPage(reply, signInPage(t, form), result.status);
    }
    return reply.redirect(await enterWith(context, reply, result, next), 303);
  });

  app.post('/sign-in/passkey', async (request, reply) => {
    const foreign = refuseForeignForm(context, request, reply);
    if (foreign !== null) return foreign;
    const next = safeNext(field(request, 'next'));
    const assertion = passkeyAssertion.safeParse(parseJson(field(request, 'credential')));
    const browser = readBrowserSecret(request, context.settings.publicUrl());
    const result = !assertion.success
      ? new Refusal('passkey.malformed')
      : browser === null
        ? new Refusal('passkey.challenge')
        : await signInWithPasskey(context, assertion.data, browser, 'console', originOf(request));
    if (!(result instanceof Refusal)) return reply.redirect(await enterWith(context, reply, result, next), 303);
    const t = textsFor(request);
    const buttons = await buttonsFor(t, context, null, next);
    const passkey = passkeySignInForm(context, reply, next);
    const links = await offersMagicLinks(context);
    const form = { next, email: '', problem: sentenceOf(t, result), buttons, passkey, links };
    return sendPage(reply, signInPage(t, form), result.status);
  });

  app.post('/sign-out', async (request, reply) => {
    const foreign = refuseForeignForm(context, request, reply);
    if (foreign !== null) return foreign;
    const publicUrl = context.settings.publicUrl();
    // Also the session of the home, when the browser acted in another organization.
    for (const token of [readSessionCookie(request, publicUrl), readHomeCookie(request, publicUrl)]) {
      const caller = token === null ? null : await authenticate(context, token, originOf(request));
      if (caller !== null && !(caller instanceof Refusal)) await revokeSession(context, caller, caller.credentialId);
    }
    clearSessionCookie(reply, publicUrl);
    clearHomeCookie(reply, publicUrl);
    return reply.redirect('/sign-in', 303);
  });
}

/** `organization`: the slug, when the page is one organization's. */
async function buttonsFor(t: Texts, context: Context, organization: unknown, next: string): Promise<Html | null> {
  const slug = typeof organization === 'string' && organization !== '' ? organization : null;
  return signInButtons(t, await signInChoices(context.store.db, slug), { next, organization: slug });
}

interface SignInForm {
  readonly next: string;
  readonly email: string;
  readonly problem: string | null;
  readonly buttons: Html | null;
  readonly passkey: Html | null;
  /** Links by mail are offered. */
  readonly links: boolean;
}

function signInPage(t: Texts, form: SignInForm): Page {
  return {
    title: t.signIn.title,
    again: `/sign-in?next=${encodeURIComponent(form.next)}`,
    content: html`<h1>${t.signIn.title}</h1>
<p class="soft">${t.signIn.subtitle}</p>
${notice(form.problem)}
<form class="stack" method="post" action="/sign-in">
<input type="hidden" name="next" value="${form.next}">
<label for="email">${t.signIn.email}</label>
<input id="email" name="email" type="email" autocomplete="username" required maxlength="254" value="${form.email}" autofocus>
<label for="password">${t.signIn.password}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required maxlength="1024">
<button>${t.signIn.title}</button>
${form.links ? html`<button class="quiet" formaction="/sign-in/link" formnovalidate>${t.signIn.link}</button>` : null}
</form>
${form.passkey}
${form.buttons}`,
    script: PASSKEY_SCRIPTS[t.language],
  };
}

function setupFirst(t: Texts): Page {
  return {
    title: t.setup.title,
    content: html`<h1>${t.signIn.setupTitle}</h1>
<p>${t.signIn.setupText}</p>`,
  };
}
