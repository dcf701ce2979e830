const DARK =
  '--ground:#101216;--card:#191c22;--ink:#eceef2;--soft:#a3abb8;--line:#2d323c;--field:#12151a;--edge:#737d8d;--accent:#8aabff;--on-accent:#0b1330;--warn:#ffb4ae;--warn-ground:#3a1a1a;--good:#8fdcb0;--good-ground:#143022;--code:#12151a';
/** The look of every page: one column, system font, one accent; the same palette as the gateway's portal. */
export const STYLE = `
:root{color-scheme:light dark;--ground:#f4f5f7;--card:#fff;--ink:#16181d;--soft:#5a6270;--line:#d9dde3;--field:#fff;--edge:#8a93a2;--accent:#2451d6;--on-accent:#fff;--warn:#9c1c1c;--warn-ground:#fdeeee;--good:#17623a;--good-ground:#e9f6ee;--code:#eef0f4}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]){${DARK}}}
:root[data-theme=dark]{color-scheme:dark;${DARK}}
:root[data-theme=light]{color-scheme:light}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
a{color:var(--accent);text-underline-offset:.15em}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.brand{display:flex;align-items:center;gap:.55rem;font-weight:650;letter-spacing:.01em;color:inherit;text-decoration:none;margin:0}
.brand svg{width:1.5rem;height:1.5rem;color:var(--accent)}
.narrow{display:flex;flex-direction:column;align-items:center;padding:clamp(1rem,8vh,5rem) 1rem 2rem}
.narrow .brand{margin-bottom:1.25rem}
.narrow main{width:100%;max-width:25rem;background:var(--card);border:1px solid var(--line);border-radius:14px;padding:clamp(1.25rem,5vw,2rem)}
header.bar{border-bottom:1px solid var(--line);background:var(--card)}
header.bar>div,.wide main{max-width:60rem;margin:0 auto;padding:.8rem 1.25rem}
header.bar>div{display:flex;flex-wrap:wrap;align-items:center;justify-content:space-between;gap:.5rem 1rem}
header.bar nav{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem 1rem;font-size:.9rem}
.wide main{padding-top:2rem;padding-bottom:4rem}
h1{font-size:1.35rem;line-height:1.25;margin:0 0 .35rem;font-weight:650;overflow-wrap:anywhere}
.wide h1{font-size:1.6rem}
h2{font-size:1.1rem;margin:2.25rem 0 .6rem;font-weight:650}
h2.first{margin-top:0}
h3{font-size:.95rem;margin:1rem 0 .25rem;font-weight:600}
p{margin:.35rem 0}
.soft{color:var(--soft)}
.small{font-size:.875rem}
label{display:block;font-weight:550;margin:1rem 0 .3rem}
input,select{font:inherit;color:inherit;background:var(--field);border:1px solid var(--edge);border-radius:8px;padding:.6rem .7rem;width:100%}
input[aria-invalid=true]{border-color:var(--warn)}
input.code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:1.35rem;letter-spacing:.12em;text-align:center;text-transform:uppercase}
.hint{font-size:.875rem;color:var(--soft);margin:.3rem 0 0}
.hint.bad{color:var(--warn)}
button{font:inherit;font-weight:600;border:1px solid transparent;border-radius:8px;padding:.6rem 1rem;background:var(--accent);color:var(--on-accent);cursor:pointer}
button:hover{filter:brightness(1.08)}
button.link{padding:.25rem;border:0;background:none;color:var(--accent);font-weight:inherit;text-decoration:underline;text-underline-offset:.15em}
.languages{display:flex;gap:1rem;align-items:center;justify-content:center;margin:1.25rem 0;font-size:.8125rem;color:var(--soft)}
button.quiet{background:transparent;border-color:var(--edge);color:var(--ink)}
a.button{display:block;text-align:center;font-weight:600;border:1px solid var(--edge);border-radius:8px;padding:.6rem 1rem;color:var(--ink);text-decoration:none}
.choices{margin-top:1.5rem;border-top:1px solid var(--line);padding-top:1.25rem}
.choices a.button{margin-bottom:.6rem}
button.small{padding:.3rem .7rem;font-weight:550}
form.stack button{width:100%;margin-top:1.35rem}
form.stack button+button{margin-top:.6rem}
.notice{border-radius:8px;padding:.65rem .8rem;margin:1rem 0 0;background:var(--good-ground);color:var(--good)}
.notice.bad{background:var(--warn-ground);color:var(--warn)}
.notice p{margin:0}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.9em}
pre{background:var(--code);border:1px solid var(--line);border-radius:8px;padding:.75rem .9rem;margin:.5rem 0;overflow-x:auto}
.command{display:flex;align-items:center;gap:.75rem;background:var(--code);border:1px solid var(--line);border-radius:8px;padding:.55rem .6rem .55rem .9rem;margin:.75rem 0}
.command code{flex:1;overflow-x:auto;white-space:nowrap}
.bigcode{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:1.6rem;letter-spacing:.12em;text-align:center;margin:1rem 0;font-weight:600}
dl.facts{display:grid;grid-template-columns:auto 1fr;gap:.35rem 1rem;margin:1rem 0 0;font-size:.925rem}
dl.facts dt{color:var(--soft)}
dl.facts dd{margin:0;overflow-wrap:anywhere}
.card{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:clamp(1.25rem,4vw,2rem);margin-top:1.25rem}
.card.slim{max-width:32rem}
.qr{display:block;max-width:100%;height:auto;border-radius:8px}
label+button,input+button{margin-top:1rem}
table{width:100%;border-collapse:collapse;margin-top:1.25rem;background:var(--card);border:1px solid var(--line);border-radius:14px;border-spacing:0;overflow:hidden}
th{font-size:.8125rem;font-weight:550;color:var(--soft);text-align:left}
th,td{padding:.7rem 1rem;border-bottom:1px solid var(--line);vertical-align:top}
tr:last-child td{border-bottom:0}
td{overflow-wrap:anywhere}
td .name{font-weight:600}
.tag{display:inline-block;border:1px solid var(--line);border-radius:999px;padding:.05rem .6rem;font-size:.8125rem;white-space:nowrap}
.tag.open{background:var(--warn-ground);color:var(--warn);border-color:transparent}
.tag.shut{background:var(--good-ground);color:var(--good);border-color:transparent}
details{border:1px solid var(--line);border-radius:10px;background:var(--card);margin:.5rem 0}
details>summary{cursor:pointer;padding:.6rem .9rem;display:flex;flex-wrap:wrap;gap:.25rem .8rem;align-items:baseline}
details>summary .soft{flex:1 1 14rem}
details>div{padding:0 .9rem .9rem}
.method{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-weight:650;font-size:.8125rem;min-width:4rem;color:var(--accent)}
@media (max-width:40rem){
.command code{white-space:normal;overflow-wrap:anywhere}
header.bar nav{flex:1 1 100%;justify-content:space-between}
table,tbody,tr,td{display:block}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tr{border-bottom:1px solid var(--line);padding:.7rem 1rem}
tr:last-child{border-bottom:0}
td{border:0;padding:.15rem 0}
td[data-label]::before{content:attr(data-label) ": ";color:var(--soft);font-size:.875rem}
}
`;
