import type { FastifyInstance } from 'fastify';
import type { Caller, Context } from '../domains/context.ts';
import {
  decideDeviceAuthorization,
  findPendingAuthorization,
  normalizeUserCode,
} from '../domains/device-authorizations/device-authorizations.ts';
import { Refusal } from '../store/refusal.ts';
import { field } from './form.ts';
import { html } from './html.ts';
import { notice, type Page, sendPage } from './layout.ts';
import { sentenceOf, textsFor } from './reader.ts';
import { onForm, signedIn } from './signed-in.ts';
import type { Texts } from './texts.en.ts';

/** RFC 8628, 3.3: a signed-in user says yes or no to a device that shows a code. */
export function registerDevicePage(app: FastifyInstance, context: Context): void {
  app.get('/device', async (request, reply) => {
    const { user_code: wanted } = request.query as { user_code?: unknown };
    const code = typeof wanted === 'string' ? shownCode(wanted) : '';
    const caller = await signedIn(context, request);
    if (caller === null) {
      const next = code === '' ? '/device' : `/device?user_code=${code}`;
      return reply.redirect(`/sign-in?next=${encodeURIComponent(next)}`, 303);
    }
    const t = textsFor(request);
    if (code === '') return sendPage(reply, codePage(t, caller, null));
    const pending = await findPendingAuthorization(context, caller, code);
    if (pending instanceof Refusal) return sendPage(reply, codePage(t, caller, problemOf(t, pending)), pending.status);
    return sendPage(reply, decisionPage(t, caller, code, pending, context.clock()));
  });

  onForm(app, context, { path: '/device', page: '/device' }, async (caller, request, reply) => {
    const approve = field(request, 'decision') === 'approve';
    const result = await decideDeviceAuthorization(context, caller, { userCode: field(request, 'user_code'), approve });
    const t = textsFor(request);
    if (result instanceof Refusal) return sendPage(reply, codePage(t, caller, problemOf(t, result)), result.status);
    return sendPage(reply, donePage(t, caller, approve));
  });
}

function shownCode(text: string): string {
  const code = normalizeUserCode(text.slice(0, 40));
  return code.length > 4 ? `${code.slice(0, 4)}-${code.slice(4)}` : code;
}

function problemOf(t: Texts, refusal: Refusal): string {
  return refusal.reason === 'api.not_found' ? t.device.unknown : sentenceOf(t, refusal);
}

function codePage(t: Texts, caller: Caller, problem: string | null): Page {
  return {
    title: t.device.title,
    user: { email: caller.actor.name },
    content: html`<h1>${t.device.title}</h1>
<div class="card slim">
<form class="stack" method="get" action="/device">
<label for="user_code">${t.device.enter}</label>
<input class="code" id="user_code" name="user_code" required maxlength="12" autocomplete="off" autocapitalize="characters" spellcheck="false" placeholder="XXXX-XXXX" autofocus>
${notice(problem)}
<button>${t.signIn.continue}</button>
</form>
</div>`,
  };
}

function decisionPage(
  t: Texts,
  caller: Caller,
  code: string,
  pending: { address: string; userAgent: string; createdAtMs: number },
  nowMs: number,
): Page {
  const minutes = Math.floor((nowMs - pending.createdAtMs) / 60_000);
  return {
    title: t.device.title,
    user: { email: caller.actor.name },
    content: html`<h1>${t.device.question}</h1>
<p class="soft">${t.device.actsAs(caller.actor.name)}</p>
<div class="card slim">
<p>${t.device.compare}</p>
<p class="bigcode">${code}</p>
<dl class="facts">
<dt>${t.device.from}</dt><dd>${pending.address || t.device.notKnown}</dd>
<dt>${t.device.program}</dt><dd>${pending.userAgent || t.device.notKnown}</dd>
<dt>${t.device.when}</dt><dd>${t.device.ago(minutes)}</dd>
</dl>
<form class="stack" method="post" action="/device">
<input type="hidden" name="user_code" value="${code}">
<button name="decision" value="approve">${t.device.approve}</button>
<button class="quiet" name="decision" value="refuse">${t.device.refuse}</button>
</form>
<p class="hint">${t.device.warning}</p>
</div>`,
  };
}

function donePage(t: Texts, caller: Caller, approved: boolean): Page {
  return {
    title: t.device.title,
    user: { email: caller.actor.name },
    content: approved
      ? html`<h1>${t.device.connected}</h1><p>${t.device.connectedText}</p><p><a href="/">${t.device.services}</a></p>`
      : html`<h1>${t.device.refused}</h1><p>${t.device.refusedText}</p><p><a href="/">${t.device.services}</a></p>`,
  };
}
