import { type Branding, LANGUAGE_NAMES, LANGUAGES, textOn } from '@zeronaut/model';
import { Html, html } from './html.ts';
import type { Reader } from './reader.ts';

const STYLE = `
:root{color-scheme:light dark;--ground:#f4f5f7;--card:#fff;--ink:#16181d;--soft:#5a6270;--line:#d9dde3;--field:#fff;--edge:#8a93a2;--accent:#2451d6;--on-accent:#fff;--warn:#9c1c1c;--warn-ground:#fdeeee;--good:#17623a;--good-ground:#e9f6ee}
@media (prefers-color-scheme:dark){:root{--ground:#101216;--card:#191c22;--ink:#eceef2;--soft:#a3abb8;--line:#2d323c;--field:#12151a;--edge:#737d8d;--accent:#8aabff;--on-accent:#0b1330;--warn:#ffb4ae;--warn-ground:#3a1a1a;--good:#8fdcb0;--good-ground:#143022}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;display:flex;flex-direction:column;align-items:center;padding:clamp(1rem,6vh,4.5rem) 1rem 2rem}
.brand{display:flex;align-items:center;gap:.55rem;font-weight:650;letter-spacing:.01em;margin:0 0 1.25rem}
.brand svg{width:1.5rem;height:1.5rem;color:var(--accent)}
main{width:100%;max-width:25rem;background:var(--card);border:1px solid var(--line);border-radius:14px;padding:clamp(1.25rem,5vw,2rem)}
main.wide{max-width:52rem}
h1{font-size:1.35rem;line-height:1.25;margin:0 0 .35rem;font-weight:650;overflow-wrap:anywhere}
h2{font-size:1rem;margin:2rem 0 .6rem;font-weight:650}
p{margin:.35rem 0}
.soft{color:var(--soft)}
.small{font-size:.875rem}
a{color:var(--accent);text-underline-offset:.15em}
label{display:block;font-weight:550;margin:1rem 0 .3rem}
input,select{font:inherit;color:inherit;background:var(--field);border:1px solid var(--edge);border-radius:8px;padding:.6rem .7rem;width:100%}
button{font:inherit;font-weight:600;border:1px solid transparent;border-radius:8px;padding:.6rem 1rem;background:var(--accent);color:var(--on-accent);cursor:pointer}
form.stack button{width:100%;margin-top:1.35rem}
button.link{padding:.25rem;border:0;background:none;color:var(--accent);font-weight:inherit;text-decoration:underline;text-underline-offset:.15em}
button.quiet{background:transparent;border-color:var(--edge);color:var(--ink)}
button:hover{filter:brightness(1.08)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.notice{border-radius:8px;padding:.65rem .8rem;margin:1rem 0 0;background:var(--good-ground);color:var(--good)}
.notice.bad{background:var(--warn-ground);color:var(--warn)}
.notice p{margin:0}
ul.rows{list-style:none;margin:0;padding:0;border-top:1px solid var(--line)}
section p{margin-bottom:.75rem}
ul.rows li:last-child{border-bottom:0;padding-bottom:0}
ul.rows li{display:flex;flex-wrap:wrap;align-items:center;justify-content:space-between;gap:.5rem 1rem;padding:.75rem 0;border-bottom:1px solid var(--line)}
.what{min-width:0;flex:1 1 14rem;overflow-wrap:anywhere}
.what strong{display:block;font-weight:600}
form.inline{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center}
form.inline select{width:auto}
form.inline button,form.inline select{padding:.45rem .7rem;font-size:.925rem}
.top{display:flex;flex-wrap:wrap;gap:.75rem;align-items:flex-start;justify-content:space-between}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.actions{display:flex;flex-wrap:wrap;gap:.75rem;align-items:center;margin-top:1.25rem}
code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.9em;overflow-wrap:anywhere}
p.words{max-width:25rem;margin-top:1.25rem;color:var(--soft);font-size:.875rem;text-align:center;white-space:pre-line;overflow-wrap:anywhere}
.languages{display:flex;gap:1rem;align-items:center;margin-top:1.25rem;font-size:.8125rem;color:var(--soft)}
footer{margin-top:1.25rem;color:var(--soft);font-size:.8125rem;text-align:center}
@media (max-width:30rem){.rows form.inline,.actions form.inline{width:100%}form.inline select{flex:1 1 5rem}.rows form.inline button,.actions form.inline button{flex:1 1 auto}}
`;

const MARK = html`<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" aria-hidden="true"><circle cx="12" cy="12" r="9"/><path d="M8.5 8.5h7l-7 7h7" stroke-linecap="round" stroke-linejoin="round"/></svg>`;

/** One frame for every page. `content` is one `main` element, and a footer if it wants one. */
export function layout(
  page: { title: string; content: Html; script?: string },
  reader: Reader,
  nonce: string,
  branding: Branding,
): Html {
  return html`<!doctype html>
<html lang="${reader.t.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${page.title} · ${branding.name}</title>
<style nonce="${nonce}">${new Html(STYLE + colourStyle(branding.colour))}</style>
</head>
<body>
<p class="brand">${MARK}<span>${branding.name}</span></p>
${page.content}
${branding.text === '' ? null : html`<p class="words">${branding.text}</p>`}
${languageChoice(reader)}
${page.script === undefined ? null : html`<script nonce="${nonce}">${new Html(page.script)}</script>`}
</body>
</html>
`;
}

/** Without script: a button for each other language, which comes back to this page. */
function languageChoice({ t, choice }: Reader): Html | null {
  if (choice === null) return null;
  const names = LANGUAGES.map((one) =>
    one === t.language
      ? html`<span aria-current="true">${LANGUAGE_NAMES[one]}</span>`
      : html`<button class="link" type="submit" name="language" value="${one}" lang="${one}">${LANGUAGE_NAMES[one]}</button>`,
  );
  return html`<form class="languages" method="post" action="${choice.action}" aria-label="${t.languages}"><input type="hidden" name="back" value="${choice.back}">${names}</form>`;
}

/**
 * The colour on the mark and on buttons, with black or white on it, whichever is easier to read; links keep a colour that is readable on
 * both grounds. Only six hexadecimal digits ever become part of the style, whatever a snapshot says.
 */
function colourStyle(colour: string | null): string {
  const onColour = textOn(colour ?? '');
  if (onColour === null) return '';
  return `.brand svg{color:${colour}}button:not(.quiet,.link){background:${colour};color:${onColour};border-color:var(--edge)}`;
}
