import type { Reason, SnapshotUser } from '@zeronaut/model';
import { PASSKEY_SCRIPTS } from '@zeronaut/passkeys';
import { type Html, html } from './html.ts';
import { alert, csrfField } from './pages.ts';
import type { Page } from './responses.ts';
import type { Texts } from './texts.en.ts';

/** Below the form for passwords. Hidden until the script finds that the browser knows passkeys. */
export function passkeySignInForm(t: Texts, options: object, csrf: string, state: string | null): Html {
  return html`<form class="stack" method="post" action="/sign-in/passkey" hidden data-passkey="get" data-options="${JSON.stringify(options)}">
${csrfField(csrf)}${state === null ? null : html`<input type="hidden" name="state" value="${state}">`}
<input type="hidden" name="credential" value="">
<button class="quiet" type="submit">${t.signIn.passkey}</button>
<p class="soft small" role="status"></p>
</form>`;
}

export function passkeysPage(
  t: Texts,
  view: {
    readonly user: SnapshotUser;
    readonly csrf: string;
    readonly options: object;
    readonly count: number;
    readonly failure: Reason | null;
  },
): Page {
  return {
    title: t.passkeys.title,
    script: PASSKEY_SCRIPTS[t.language],
    content: html`<main>
<h1>${t.passkeys.title}</h1>
<p class="soft">${t.passkeys.text(view.user.email, view.count)}</p>
${view.failure === null ? null : alert(t, view.failure)}
<form class="stack" method="post" action="/passkeys" hidden data-passkey="create" data-options="${JSON.stringify(view.options)}">
${csrfField(view.csrf)}
<input type="hidden" name="credential" value="">
<label for="passkey_name">${t.passkeys.name}</label>
<input id="passkey_name" name="name" required maxlength="80" placeholder="${t.passkeys.example}">
<button type="submit">${t.passkeys.add}</button>
<p class="soft small" role="status"></p>
</form>
<div class="actions"><a href="/">${t.services}</a></div>
</main>`,
  };
}

export function passkeyAddedPage(t: Texts, recoveryCodes: readonly string[]): Page {
  return {
    title: t.passkeys.added,
    content: html`<main>
<h1>${t.passkeys.addedTitle}</h1>
${
  recoveryCodes.length === 0
    ? null
    : html`<p>${t.passkeys.codes}</p>
<pre id="recovery_codes">${recoveryCodes.join('\n')}</pre>`
}
<div class="actions"><a href="/">${t.services}</a></div>
</main>`,
  };
}
