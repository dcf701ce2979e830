import { REASONS } from '@zeronaut/model';
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
import { onForm, signedIn } from './signed-in.ts';

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
    if (code === '') return sendPage(reply, codePage(caller, null));
    const pending = await findPendingAuthorization(context, caller, code);
    if (pending instanceof Refusal) return sendPage(reply, codePage(caller, problemOf(pending)), pending.status);
    return sendPage(reply, decisionPage(caller, code, pending, context.clock()));
  });

  onForm(app, context, { path: '/device', page: '/device' }, async (caller, request, reply) => {
    const approve = field(request, 'decision') === 'approve';
    const result = await decideDeviceAuthorization(context, caller, { userCode: field(request, 'user_code'), approve });
    if (result instanceof Refusal) return sendPage(reply, codePage(caller, problemOf(result)), result.status);
    return sendPage(reply, donePage(caller, approve));
  });
}

function shownCode(text: string): string {
  const code = normalizeUserCode(text.slice(0, 40));
  return code.length > 4 ? `${code.slice(0, 4)}-${code.slice(4)}` : code;
}

function problemOf(refusal: Refusal): string {
  return refusal.reason === 'api.not_found'
    ? 'No device waits with this code. It may have expired: codes last ten minutes.'
    : `${REASONS[refusal.reason].title}. ${REASONS[refusal.reason].next}`;
}

function codePage(caller: Caller, problem: string | null): Page {
  return {
    title: 'Connect a device',
    user: { email: caller.actor.name },
    content: html`<h1>Connect a device</h1>
<div class="card slim">
<form class="stack" method="get" action="/device">
<label for="user_code">Enter the code that the device shows</label>
<input class="code" id="user_code" name="user_code" required maxlength="12" autocomplete="off" autocapitalize="characters" spellcheck="false" placeholder="XXXX-XXXX" autofocus>
${notice(problem)}
<button>Continue</button>
</form>
</div>`,
  };
}

function decisionPage(
  caller: Caller,
  code: string,
  pending: { address: string; userAgent: string; createdAtMs: number },
  nowMs: number,
): Page {
  const minutes = Math.floor((nowMs - pending.createdAtMs) / 60_000);
  return {
    title: 'Connect a device',
    user: { email: caller.actor.name },
    content: html`<h1>Let this device in?</h1>
<p class="soft">It will act as <strong>${caller.actor.name}</strong> until you sign it out.</p>
<div class="card slim">
<p>Compare the code. It must be the one on your own screen:</p>
<p class="bigcode">${code}</p>
<dl class="facts">
<dt>Asked from</dt><dd>${pending.address || 'unknown'}</dd>
<dt>Program</dt><dd>${pending.userAgent || 'unknown'}</dd>
<dt>When</dt><dd>${minutes === 0 ? 'less than a minute ago' : `${minutes} min ago`}</dd>
</dl>
<form class="stack" method="post" action="/device">
<input type="hidden" name="user_code" value="${code}">
<button name="decision" value="approve">Approve</button>
<button class="quiet" name="decision" value="refuse">Refuse</button>
</form>
<p class="hint">If somebody sent you here, refuse: whoever holds the other end gets your access.</p>
</div>`,
  };
}

function donePage(caller: Caller, approved: boolean): Page {
  return {
    title: 'Connect a device',
    user: { email: caller.actor.name },
    content: approved
      ? html`<h1>The device is connected</h1><p>Go back to your terminal; it goes on by itself.</p><p><a href="/">Services</a></p>`
      : html`<h1>Refused</h1><p>The device was not let in.</p><p><a href="/">Services</a></p>`,
  };
}
