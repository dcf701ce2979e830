import type { Reason, SnapshotUser } from '@zeronaut/model';
import { PASSKEY_SCRIPT } from '@zeronaut/passkeys';
import { type Html, html } from './html.ts';
import { alert, csrfField } from './pages.ts';
import type { Page } from './responses.ts';

/** Below the form for passwords. Hidden until the script finds that the browser knows passkeys. */
export function passkeySignInForm(options: object, csrf: string, state: string | null): Html {
  return html`<form class="stack" method="post" action="/sign-in/passkey" hidden data-passkey="get" data-options="${JSON.stringify(options)}">
${csrfField(csrf)}${state === null ? null : html`<input type="hidden" name="state" value="${state}">`}
<input type="hidden" name="credential" value="">
<button class="quiet" type="submit">Sign in with a passkey</button>
<p class="soft small" role="status"></p>
</form>`;
}

export function passkeysPage(view: {
  readonly user: SnapshotUser;
  readonly csrf: string;
  readonly options: object;
  readonly count: number;
  readonly failure: Reason | null;
}): Page {
  return {
    title: 'Passkeys',
    script: PASSKEY_SCRIPT,
    content: html`<main>
<h1>Passkeys</h1>
<p class="soft">With one you sign in here without a password, also while the console is away. <strong>${view.user.email}</strong> has ${view.count === 0 ? 'none' : view.count} for this page.</p>
${view.failure === null ? null : alert(view.failure)}
<form class="stack" method="post" action="/passkeys" hidden data-passkey="create" data-options="${JSON.stringify(view.options)}">
${csrfField(view.csrf)}
<input type="hidden" name="credential" value="">
<label for="passkey_name">Name of the passkey</label>
<input id="passkey_name" name="name" required maxlength="80" placeholder="My telephone">
<button type="submit">Add a passkey</button>
<p class="soft small" role="status"></p>
</form>
<div class="actions"><a href="/">Your services</a></div>
</main>`,
  };
}

export function passkeyAddedPage(recoveryCodes: readonly string[]): Page {
  return {
    title: 'Passkey added',
    content: html`<main>
<h1>The passkey is added</h1>
${
  recoveryCodes.length === 0
    ? null
    : html`<p>Keep your recovery codes. Each signs you in once when the passkey is gone. They are not shown again.</p>
<pre id="recovery_codes">${recoveryCodes.join('\n')}</pre>`
}
<div class="actions"><a href="/">Your services</a></div>
</main>`,
  };
}
