import { randomBytes } from 'node:crypto';
import { LANGUAGE_NAMES, LANGUAGES, THEME_STORAGE_KEY } from '@zeronaut/model';
import type { FastifyReply } from 'fastify';
import { Html, html } from './html.ts';
import { textsFor } from './reader.ts';
import { STYLE } from './style.ts';
import type { Texts } from './texts.en.ts';

const MARK = html`<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" aria-hidden="true"><circle cx="12" cy="12" r="9"/><path d="M8.5 8.5h7l-7 7h7" stroke-linecap="round" stroke-linejoin="round"/></svg>`;

/** Before anything is drawn: the appearance that was chosen in the web console, which is of the same origin. */
const THEME_SCRIPT = `try{const t=localStorage.getItem('${THEME_STORAGE_KEY}');if(t==='dark'||t==='light')document.documentElement.dataset.theme=t}catch{}`;

export interface Page {
  readonly title: string;
  readonly content: Html;
  /** Runs after the page is there, under the page's nonce. Written by us, never with data in it. */
  readonly script?: string;
  /** Set: the page has the wide frame with a bar, which names who is signed in (null: nobody is). */
  readonly user?: { readonly email: string } | null;
  /** Set: it has this language alone, whoever looks. */
  readonly only?: Texts;
  /** Of what answers a form: the address of the form, where it is there in another language. */
  readonly again?: string;
  /** It leads on by itself, and cannot be shown again. */
  readonly passing?: boolean;
}

/** Sends one page with a policy that lets its own style and script run and nothing else. */
export function sendPage(reply: FastifyReply, page: Page, status = 200): FastifyReply {
  const nonce = randomBytes(16).toString('base64');
  const t = page.only ?? textsFor(reply.request);
  const frame =
    page.user === undefined
      ? html`<body class="narrow"><p class="brand">${MARK}<span>Zeronaut</span></p><main>${page.content}</main>`
      : html`<body class="wide"><header class="bar"><div><a class="brand" href="/">${MARK}<span>Zeronaut</span></a>
<nav>${page.user === null ? null : html`<a href="/requests">${t.requests.menu}</a>`}<a href="/api/docs">API</a>${account(t, page.user)}</nav></div></header>
<main>${page.content}</main>`;
  const document = html`<!doctype html>
<html lang="${t.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${page.title} · Zeronaut</title>
<link rel="icon" href="data:,">
<style nonce="${nonce}">${new Html(STYLE)}</style>
<script nonce="${nonce}">${new Html(THEME_SCRIPT)}</script>
</head>
${frame}
${languageChoice(t, reply, page)}
${page.script === undefined ? null : html`<script nonce="${nonce}">${new Html(page.script)}</script>`}
</body>
</html>
`;
  return reply
    .code(status)
    .headers({
      'content-security-policy': `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
      // With no-referrer browsers send "Origin: null" with our own forms, and we could not tell them from others.
      'referrer-policy': 'same-origin',
      // Nothing may keep it; what keeps it all the same must not give it to somebody of another language.
      vary: 'accept-language, cookie',
    })
    .type('text/html; charset=utf-8')
    .send(document.text);
}

/** Without script: a button for each other language, which comes back to this page. What answers a form cannot be shown again, but its form can. */
function languageChoice(t: Texts, { request }: FastifyReply, page: Page): Html | null {
  const back = request.method === 'GET' ? request.url : page.again;
  if (back === undefined || page.passing === true || page.only !== undefined) return null;
  const names = LANGUAGES.map((one) =>
    one === t.language
      ? html`<span aria-current="true">${LANGUAGE_NAMES[one]}</span>`
      : html`<button class="link" name="language" value="${one}" lang="${one}">${LANGUAGE_NAMES[one]}</button>`,
  );
  return html`<form class="languages" method="post" action="/language" aria-label="${t.languages}"><input type="hidden" name="back" value="${back}">${names}</form>`;
}

function account(t: Texts, user: { readonly email: string } | null): Html {
  return user === null
    ? html`<a href="/sign-in">${t.signIn.title}</a>`
    : html`<a href="/account">${user.email}</a>
<form method="post" action="/sign-out"><button class="quiet small">${t.signIn.out}</button></form>`;
}

export function notice(text: string | null, kind: 'good' | 'bad' = 'bad'): Html | null {
  return text === null
    ? null
    : html`<div class="notice ${kind === 'bad' ? 'bad' : ''}" role="alert"><p>${text}</p></div>`;
}
