import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import type { FastifyReply } from 'fastify';
import { readBrowserSecret, setBrowserSecret } from '../api/browser-cookie.ts';
import type { Context } from '../domains/context.ts';
import { startPasskeySignIn } from '../domains/passkeys/passkey-sign-in.ts';
import { consoleSite } from '../domains/passkeys/passkeys.ts';
import { type Html, html } from './html.ts';
import { textsFor } from './reader.ts';
import type { Texts } from './texts.en.ts';

/**
 * The form that asks for a passkey; the page must run one of `PASSKEY_SCRIPTS`, which shows it. The challenge is bound to a cookie of
 * this browser, which is set here. Null where there can be none: a passkey belongs to a name, never to an address.
 */
export function passkeySignInForm(context: Context, reply: FastifyReply, next: string): Html | null {
  const publicUrl = context.settings.publicUrl();
  if (isIP(consoleSite(context).rpId.replace(/^\[|\]$/g, '')) !== 0) return null;
  const known = readBrowserSecret(reply.request, publicUrl);
  const browser = known ?? randomBytes(32).toString('base64url');
  if (known === null) setBrowserSecret(reply, publicUrl, browser);
  const options = JSON.stringify(startPasskeySignIn(context, browser));
  return html`<form class="stack" method="post" action="/sign-in/passkey" hidden data-passkey="get" data-options="${options}">
<input type="hidden" name="next" value="${next}">
<input type="hidden" name="credential">
<button class="quiet">${textsFor(reply.request).signIn.passkey}</button>
<p class="soft small" role="status"></p>
</form>`;
}

/** The form that makes one. */
export function passkeyCreationForm(t: Texts, options: Record<string, unknown>): Html {
  return html`<form class="card slim" method="post" action="/account/passkeys" hidden data-passkey="create" data-options="${JSON.stringify(options)}">
<label for="passkey_name">${t.account.passkeyName}</label>
<input id="passkey_name" name="name" required maxlength="80" placeholder="${t.account.passkeyExample}">
<input type="hidden" name="credential">
<button>${t.account.addPasskey}</button>
<p class="soft small" role="status"></p>
</form>`;
}
