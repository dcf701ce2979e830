import { REASONS, type Reason, type SnapshotUser } from '@zeronaut/model';
import { PASSKEY_SCRIPT } from '@zeronaut/passkeys';
import { type Html, html } from './html.ts';
import { passkeySignInForm } from './passkey-pages.ts';
import type { Page } from './responses.ts';

/** What people see. Words and markup only: every decision was made before, and every value is escaped by `html`. */

/** The choices of "Authorise my address", in hours. */
export const GRANT_HOURS = [1, 8, 24] as const;
export const DEFAULT_GRANT_HOURS = 8;

export interface SignInView {
  readonly csrf: string;
  /** The signed state that is carried through; null when the portal itself was opened. */
  readonly state: string | null;
  /** Which host the visitor wants to reach. */
  readonly destination: string | null;
  readonly email: string;
  readonly failure: Reason | null;
  /** What the browser needs to ask for a passkey; null: nobody has one here. */
  readonly passkey: object | null;
}

export function signInPage(view: SignInView): Page {
  const failed = view.failure !== null;
  // The console keeps nothing between the two tries, so the second one brings the password again.
  const stepUp = view.failure === 'access.step_up_required';
  const asksForCode = stepUp || view.failure === 'factor.missing' || view.failure === 'factor.invalid';
  return {
    title: 'Sign in',
    // Browsers apply form-action to the redirects that follow: to the service, and to wherever that sends its visitors.
    ...(view.state === null ? {} : { formAction: "'self' https:" }),
    content: html`<main>
<h1>Sign in</h1>
<p class="soft">${view.destination === null ? 'to see what you may reach through this gateway' : html`to continue to <strong>${view.destination}</strong>`}</p>
${view.failure === null ? null : alert(view.failure)}
<form class="stack" method="post" action="/sign-in">
<input type="hidden" name="csrf" value="${view.csrf}">
${view.state === null ? null : html`<input type="hidden" name="state" value="${view.state}">`}
<label for="email">E-mail</label>
<input id="email" name="email" type="email" autocomplete="username" required maxlength="254" value="${view.email}"${view.email === '' ? html` autofocus` : null}${failed ? html` aria-describedby="failure"` : null}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required maxlength="1024"${view.email === '' ? null : html` autofocus`}${failed ? html` aria-describedby="failure"` : null}>
${
  asksForCode
    ? html`<label for="code">Code of your authenticator app, or a recovery code</label>
<input id="code" name="code" maxlength="40" autocomplete="one-time-code" autocapitalize="none" spellcheck="false"${stepUp ? null : html` required`}>`
    : null
}
<button type="submit">Sign in</button>
</form>
${view.passkey === null ? null : passkeySignInForm(view.passkey, view.csrf, view.state)}
</main>`,
    ...(view.passkey === null ? {} : { script: PASSKEY_SCRIPT }),
  };
}

export function alert(reason: Reason): Html {
  const { title, next } = REASONS[reason];
  return html`<div class="notice bad" id="failure" role="alert"><p>${sentence(title)} ${next}</p></div>`;
}

function sentence(text: string): string {
  return text.endsWith('.') ? text : `${text}.`;
}

export interface RefusalView {
  readonly reason: Reason;
  readonly requestId: string;
  readonly host: string;
  /** What a policy's author wants people to know. */
  readonly advice?: string;
  /** Who is signed in, if that matters here. */
  readonly user: SnapshotUser | null;
  readonly actions: readonly Html[];
}

/** What to do next, in place of the command that the reason names: visitors have a browser. */
const NEXT_IN_A_BROWSER: Partial<Record<Reason, string>> = {
  'access.not_allowed': 'Whoever runs this service can let you in.',
  'access.no_rule': 'Whoever runs this service can let you in.',
  'access.approval_required': 'It takes a request for access that somebody else has approved.',
};

export function refusalPage(view: RefusalView): Page {
  const { title, next } = REASONS[view.reason];
  return {
    title,
    content: html`<main>
<h1>${title}</h1>
<p class="soft">${NEXT_IN_A_BROWSER[view.reason] ?? next}</p>
${view.advice ? html`<p>${view.advice}</p>` : null}
${view.user === null ? null : html`<p class="small soft">Signed in as <strong>${view.user.email}</strong>.</p>`}
${view.actions.length === 0 ? null : html`<div class="actions">${view.actions}</div>`}
</main>
<footer><p><code>${view.reason}</code> · ${view.host}<br>Request <code>${view.requestId}</code></p></footer>`,
  };
}

/** Only for people who are signed in: nobody else learns where the console is. */
export function askForAccess(
  consoleUrl: string | null,
  reason: Reason,
  user: SnapshotUser | null,
  resource: { readonly name: string; readonly organizationId: string } | null,
): readonly Html[] {
  if (consoleUrl === null || resource === null || user?.organizationId !== resource.organizationId) return [];
  if (reason !== 'access.not_allowed' && reason !== 'access.approval_required') return [];
  const url = `${consoleUrl.replace(/\/$/, '')}/requests?object=${encodeURIComponent(resource.name)}`;
  return [html`<a href="${url}" rel="noreferrer">Ask for access</a>`];
}

/** `action` is one of our own paths. */
export function signOutForm(
  action: string,
  csrf: string | null,
  label: string,
  style: 'quiet' | 'main' = 'quiet',
): Html {
  return html`<form class="inline" method="post" action="${action}">${csrf === null ? null : csrfField(csrf)}<button${style === 'quiet' ? html` class="quiet"` : null} type="submit">${label}</button></form>`;
}

export function signOutPage(action: string, csrf: string | null): Page {
  return {
    title: 'Sign out',
    content: html`<main>
<h1>Sign out?</h1>
<p class="soft">This ends your session for every service, here and in other tabs.</p>
<div class="actions">${signOutForm(action, csrf, 'Sign out', 'main')}<a href="/">Stay signed in</a></div>
</main>`,
  };
}

export function signedOutPage(): Page {
  return {
    title: 'Signed out',
    content: html`<main>
<h1>You are signed out</h1>
<p class="soft">Open connections of your session are being closed.</p>
<div class="actions"><a href="/">Sign in again</a></div>
</main>`,
  };
}

export interface HomeView {
  readonly user: SnapshotUser;
  readonly csrf: string;
  readonly address: string;
  readonly notice: string | null;
  readonly services: readonly { readonly name: string; readonly host: string; readonly url: string | null }[];
  readonly ports: readonly {
    readonly id: string;
    readonly name: string;
    readonly endpoint: string;
    /** Public ports need no authorisation. */
    readonly open: boolean;
  }[];
  readonly grants: readonly {
    readonly id: string;
    readonly name: string;
    readonly address: string;
    readonly expiresAt: string;
    readonly leftMs: number;
  }[];
}

export function homePage(view: HomeView): Page {
  return {
    title: 'Your services',
    content: html`<main class="wide">
<div class="top">
<div><h1>Your services</h1><p class="soft small">Signed in as <strong>${view.user.email}</strong></p></div>
<div class="actions"><a href="/passkeys">Passkeys</a>${signOutForm('/sign-out', view.csrf, 'Sign out')}</div>
</div>
${view.notice === null ? null : html`<div class="notice" role="status"><p>${view.notice}</p></div>`}
${view.services.length === 0 && view.ports.length === 0 ? html`<p class="soft">No service is open to you yet. Publish one with <code>zeronaut expose localhost:3000 http</code>, or ask an administrator for access.</p>` : null}
${view.services.length === 0 ? null : html`<section aria-labelledby="web"><h2 id="web">Web</h2><ul class="rows">${view.services.map(serviceRow)}</ul></section>`}
${view.ports.length === 0 ? null : html`<section aria-labelledby="ports"><h2 id="ports">Ports</h2><p class="soft small">Ports have no sign-in of their own. Authorise the address that you come from, <code>${view.address}</code>, for a while; everybody behind the same address can then connect, too.</p><ul class="rows">${view.ports.map((port) => portRow(port, view.csrf))}</ul></section>`}
${view.grants.length === 0 ? null : html`<section aria-labelledby="grants"><h2 id="grants">Authorised addresses</h2><ul class="rows">${view.grants.map((grant) => grantRow(grant, view.csrf))}</ul></section>`}
</main>`,
  };
}

function serviceRow(service: HomeView['services'][number]): Html {
  return html`<li><span class="what"><strong>${service.url === null ? service.name : html`<a href="${service.url}">${service.name}</a>`}</strong><span class="soft small">${service.host}</span></span></li>`;
}

function portRow(port: HomeView['ports'][number], csrf: string): Html {
  const field = `hours-${port.id}`;
  return html`<li><span class="what"><strong>${port.name}</strong><code class="soft">${port.endpoint}</code></span>${
    port.open
      ? html`<span class="soft small">Open to everybody</span>`
      : html`<form class="inline" method="post" action="/grants">${csrfField(csrf)}<input type="hidden" name="resource" value="${port.id}"><label class="hidden" for="${field}">For how long ${port.name} is open to your address</label><select id="${field}" name="hours">${GRANT_HOURS.map((hours) => html`<option value="${hours}"${hours === DEFAULT_GRANT_HOURS ? html` selected` : null}>${hours === 1 ? '1 hour' : `${hours} hours`}</option>`)}</select><button type="submit">Authorise my address<span class="hidden"> for ${port.name}</span></button></form>`
  }</li>`;
}

function grantRow(grant: HomeView['grants'][number], csrf: string): Html {
  return html`<li><span class="what"><strong>${grant.name}</strong><span class="soft small"><code>${grant.address}</code> · <time datetime="${grant.expiresAt}">${duration(grant.leftMs)} left</time></span></span><form class="inline" method="post" action="/grants/revoke">${csrfField(csrf)}<input type="hidden" name="grant" value="${grant.id}"><button class="quiet" type="submit">Revoke<span class="hidden"> ${grant.name} for ${grant.address}</span></button></form></li>`;
}

export function csrfField(csrf: string): Html {
  return html`<input type="hidden" name="csrf" value="${csrf}">`;
}

function duration(ms: number): string {
  const minutes = Math.max(1, Math.ceil(ms / 60_000));
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  return [hours > 0 ? `${hours} h` : '', rest > 0 ? `${rest} min` : ''].join(' ').trim();
}
