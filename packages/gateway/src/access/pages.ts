import type { Reason, SnapshotUser } from '@zeronaut/model';
import { REASON_TEXTS } from '@zeronaut/model/reason-texts';
import { PASSKEY_SCRIPTS } from '@zeronaut/passkeys';
import { type Html, html } from './html.ts';
import { passkeySignInForm } from './passkey-pages.ts';
import type { Page } from './responses.ts';
import type { Texts } from './texts.en.ts';

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
  /** For whoever is signed in and is asked for a factor: where one is set up. */
  readonly setUp: { readonly consoleUrl: string | null } | null;
  /** The request that led here. */
  readonly requestId: string | null;
}

export function signInPage(t: Texts, view: SignInView): Page {
  const failed = view.failure !== null;
  // The console keeps nothing between the two tries, so the second one brings the password again.
  const stepUp = view.failure === 'access.step_up_required';
  const asksForCode = stepUp || view.failure === 'factor.missing' || view.failure === 'factor.invalid';
  return {
    title: t.signIn.title,
    // Browsers apply form-action to the redirects that follow: to the service, and to wherever that sends its visitors.
    ...(view.state === null ? {} : { formAction: "'self' https:" }),
    content: html`<main>
<h1>${t.signIn.title}</h1>
<p class="soft">${view.destination === null ? t.signIn.toSee : t.signIn.toContinue(view.destination)}</p>
${view.failure === null ? null : alert(t, view.failure)}
<form class="stack" method="post" action="/sign-in">
<input type="hidden" name="csrf" value="${view.csrf}">
${view.state === null ? null : html`<input type="hidden" name="state" value="${view.state}">`}
<label for="email">${t.signIn.email}</label>
<input id="email" name="email" type="email" autocomplete="username" required maxlength="254" value="${view.email}"${view.email === '' ? html` autofocus` : null}${failed ? html` aria-describedby="failure"` : null}>
<label for="password">${t.signIn.password}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required maxlength="1024"${view.email === '' ? null : html` autofocus`}${failed ? html` aria-describedby="failure"` : null}>
${
  asksForCode
    ? html`<label for="code">${t.signIn.code}</label>
<input id="code" name="code" maxlength="40" autocomplete="one-time-code" autocapitalize="none" spellcheck="false"${stepUp ? null : html` required`}>`
    : null
}
<button type="submit">${t.signIn.title}</button>
</form>
${view.passkey === null ? null : passkeySignInForm(t, view.passkey, view.csrf, view.state)}
${view.setUp === null ? null : setUpFactor(t, view.setUp)}
</main>
${view.requestId === null ? null : html`<footer><p>${t.request} <code>${view.requestId}</code></p></footer>`}`,
    ...(view.passkey === null ? {} : { script: PASSKEY_SCRIPTS[t.language] }),
  };
}

/** Who has no second factor would be asked for it for ever. */
function setUpFactor(t: Texts, { consoleUrl }: { readonly consoleUrl: string | null }): Html {
  return html`<section aria-labelledby="set-up"><h2 id="set-up">${t.signIn.noFactor}</h2>
<div class="actions"><a href="/passkeys">${t.passkeys.add}</a>${consoleUrl === null ? null : html`<a href="${consoleUrl.replace(/\/$/, '')}/account" rel="noreferrer">${t.signIn.setUpApp}</a>`}</div></section>`;
}

export function alert(t: Texts, reason: Reason): Html {
  const { title, next } = REASON_TEXTS[t.language][reason];
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

export function refusalPage(t: Texts, view: RefusalView): Page {
  const { title, next } = REASON_TEXTS[t.language][view.reason];
  const inABrowser: Partial<Record<Reason, string>> = t.refusal.nextInABrowser;
  return {
    title,
    content: html`<main>
<h1>${title}</h1>
<p class="soft">${inABrowser[view.reason] ?? next}</p>
${view.advice ? html`<p>${view.advice}</p>` : null}
${view.user === null ? null : html`<p class="small soft">${t.signedInAs(view.user.email)}</p>`}
${view.actions.length === 0 ? null : html`<div class="actions">${view.actions}</div>`}
</main>
<footer><p><code>${view.reason}</code> · ${view.host}<br>${t.request} <code>${view.requestId}</code></p></footer>`,
  };
}

/** Only for people who are signed in: nobody else learns where the console is. */
export function askForAccess(
  t: Texts,
  consoleUrl: string | null,
  reason: Reason,
  user: SnapshotUser | null,
  resource: { readonly name: string; readonly organizationId: string } | null,
): readonly Html[] {
  if (consoleUrl === null || resource === null || user?.organizationId !== resource.organizationId) return [];
  if (reason !== 'access.not_allowed' && reason !== 'access.approval_required') return [];
  const url = `${consoleUrl.replace(/\/$/, '')}/requests?object=${encodeURIComponent(resource.name)}`;
  return [html`<a href="${url}" rel="noreferrer">${t.refusal.ask}</a>`];
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

export function signOutPage(t: Texts, action: string, csrf: string | null): Page {
  return {
    title: t.signOut.action,
    content: html`<main>
<h1>${t.signOut.question}</h1>
<p class="soft">${t.signOut.text}</p>
<div class="actions">${signOutForm(action, csrf, t.signOut.action, 'main')}<a href="/">${t.signOut.stay}</a></div>
</main>`,
  };
}

export function signedOutPage(t: Texts): Page {
  return {
    title: t.signOut.done,
    content: html`<main>
<h1>${t.signOut.doneTitle}</h1>
<p class="soft">${t.signOut.doneText}</p>
<div class="actions"><a href="/">${t.signOut.again}</a></div>
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

export function homePage(t: Texts, view: HomeView): Page {
  return {
    title: t.services,
    content: html`<main class="wide">
<div class="top">
<div><h1>${t.services}</h1><p class="soft small">${t.signedInAs(view.user.email)}</p></div>
<div class="actions"><a href="/passkeys">${t.passkeys.title}</a>${signOutForm('/sign-out', view.csrf, t.signOut.action)}</div>
</div>
${view.notice === null ? null : html`<div class="notice" role="status"><p>${view.notice}</p></div>`}
${view.services.length === 0 && view.ports.length === 0 ? html`<p class="soft">${t.home.none()}</p>` : null}
${view.services.length === 0 ? null : html`<section aria-labelledby="web"><h2 id="web">${t.home.web}</h2><ul class="rows">${view.services.map(serviceRow)}</ul></section>`}
${view.ports.length === 0 ? null : html`<section aria-labelledby="ports"><h2 id="ports">${t.home.ports}</h2><p class="soft small">${t.home.portsText(view.address)}</p><ul class="rows">${view.ports.map((port) => portRow(t, port, view.csrf))}</ul></section>`}
${view.grants.length === 0 ? null : html`<section aria-labelledby="grants"><h2 id="grants">${t.home.grants}</h2><ul class="rows">${view.grants.map((grant) => grantRow(t, grant, view.csrf))}</ul></section>`}
</main>`,
  };
}

function serviceRow(service: HomeView['services'][number]): Html {
  return html`<li><span class="what"><strong>${service.url === null ? service.name : html`<a href="${service.url}">${service.name}</a>`}</strong><span class="soft small">${service.host}</span></span></li>`;
}

function portRow(t: Texts, port: HomeView['ports'][number], csrf: string): Html {
  const field = `hours-${port.id}`;
  return html`<li><span class="what"><strong>${port.name}</strong><code class="soft">${port.endpoint}</code></span>${
    port.open
      ? html`<span class="soft small">${t.home.openToAll}</span>`
      : html`<form class="inline" method="post" action="/grants">${csrfField(csrf)}<input type="hidden" name="resource" value="${port.id}"><label class="hidden" for="${field}">${t.home.howLong(port.name)}</label><select id="${field}" name="hours">${GRANT_HOURS.map((hours) => html`<option value="${hours}"${hours === DEFAULT_GRANT_HOURS ? html` selected` : null}>${t.home.hours(hours)}</option>`)}</select><button type="submit">${t.home.authorise}<span class="hidden">${t.home.authoriseFor(port.name)}</span></button></form>`
  }</li>`;
}

function grantRow(t: Texts, grant: HomeView['grants'][number], csrf: string): Html {
  return html`<li><span class="what"><strong>${grant.name}</strong><span class="soft small"><code>${grant.address}</code> · <time datetime="${grant.expiresAt}">${t.home.left(duration(grant.leftMs))}</time></span></span><form class="inline" method="post" action="/grants/revoke">${csrfField(csrf)}<input type="hidden" name="grant" value="${grant.id}"><button class="quiet" type="submit">${t.home.revoke}<span class="hidden">${t.home.revokeOf(grant.name, grant.address)}</span></button></form></li>`;
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
