import { type AccessRequest, type AccessRequestStatus, routes } from '@zeronaut/model';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createRequest, decideRequest, endRequest, listRequests } from '../domains/access-requests/access-requests.ts';
import type { Caller, Context } from '../domains/context.ts';
import { may } from '../domains/roles/held-role.ts';
import { Refusal } from '../store/refusal.ts';
import { field } from './form.ts';
import { goOn } from './go-on.ts';
import { type Html, html } from './html.ts';
import { notice, type Page, sendPage } from './layout.ts';
import { minute, sentenceOf, textsFor } from './reader.ts';
import { onForm, sendRefusal, signedIn } from './signed-in.ts';
import type { Texts } from './texts.en.ts';

const MAX_SHOWN = 100;
const NAME = /^[\w-]{1,64}$/;
const TIMES = [30, 60, 240, 480];

/** The colours of a tag: green and red. */
const TONES: Partial<Record<AccessRequestStatus, string>> = { approved: ' shut', refused: ' open' };

/** Ask for access for a while; approve, refuse and end it. The refusal page of a gateway leads here. */
export function registerRequestsPage(app: FastifyInstance, context: Context): void {
  app.get('/requests', async (request, reply) => {
    const { object } = request.query as Record<string, unknown>;
    const wanted = typeof object === 'string' && NAME.test(object) ? object : '';
    const caller = await signedIn(context, request);
    const here = wanted === '' ? '/requests' : `/requests?object=${wanted}`;
    if (caller === null) {
      // From a gateway at another site our Strict cookie does not come along; one step of our own brings it.
      if (request.headers['sec-fetch-site'] === 'cross-site') {
        return goOn(reply, textsFor(request).requests.title, here);
      }
      return reply.redirect(`/sign-in?next=${encodeURIComponent(here)}`, 303);
    }
    return await show(reply, caller, null, wanted);
  });

  async function show(
    reply: FastifyReply,
    caller: Caller,
    problem: Refusal | null,
    wanted = '',
  ): Promise<FastifyReply> {
    const page = await listRequests(context, caller, { limit: MAX_SHOWN });
    if (page instanceof Refusal) return sendRefusal(reply, page);
    const t = textsFor(reply.request);
    const said = t.language === 'en' ? problem?.errors?.[0]?.message : undefined;
    const text = problem === null ? null : (said ?? sentenceOf(t, problem));
    return sendPage(reply, requestsPage(t, caller, page.items, wanted, text), problem?.status ?? 200);
  }

  /** Every form of this page: ours, and of somebody who is signed in. */
  function form(
    path: string,
    run: (caller: Caller, request: FastifyRequest) => Promise<AccessRequest | Refusal>,
  ): void {
    onForm(app, context, { path, page: '/requests' }, async (caller, request, reply) => {
      const result = await run(caller, request);
      return result instanceof Refusal ? await show(reply, caller, result) : reply.redirect('/requests', 303);
    });
  }

  form('/requests', async (caller, request) => {
    const input = routes['accessRequests.create'].body.safeParse({
      object: field(request, 'object').trim(),
      minutes: Number(field(request, 'minutes')),
      reason: field(request, 'reason'),
    });
    if (!input.success) return new Refusal('api.invalid');
    return await createRequest(context, caller, input.data, async () => undefined);
  });

  form('/requests/decision', async (caller, request) => {
    const input = routes['accessRequests.decide'].body.safeParse({
      effect: field(request, 'effect'),
      note: field(request, 'note'),
    });
    if (!input.success) return new Refusal('api.invalid');
    return await decideRequest(context, caller, field(request, 'id'), input.data);
  });

  form('/requests/end', async (caller, request) => await endRequest(context, caller, field(request, 'id')));
}

function requestsPage(
  t: Texts,
  caller: Caller,
  requests: readonly AccessRequest[],
  wanted: string,
  problem: string | null,
): Page {
  const toDecide = requests.filter(({ decidable }) => decidable);
  const others = requests.filter(({ decidable }) => !decidable);
  return {
    title: t.requests.title,
    user: { email: caller.actor.name },
    content: html`<h1>${t.requests.title}</h1>
${notice(problem)}
${toDecide.length === 0 ? null : html`<h2>${t.requests.toDecide}</h2>${toDecide.map((request) => decisionCard(t, request))}`}
<h2>${t.requests.ask}</h2>
<form class="card slim" method="post" action="/requests">
<label>${t.requests.what} <input name="object" value="${wanted}" required maxlength="64" autocomplete="off" spellcheck="false"></label>
<label>${t.requests.why} <input name="reason" required maxlength="500" autocomplete="off"></label>
<label>${t.requests.howLong} <select name="minutes">${TIMES.map(
      (minutes) =>
        html`<option value="${String(minutes)}"${minutes === 60 ? html` selected` : null}>${t.requests.duration(minutes)}</option>`,
    )}</select></label>
<button>${t.requests.send}</button>
</form>
${
  others.length === 0
    ? html`<p class="soft">${t.requests.none}</p>`
    : html`<h2>${t.requests.list}</h2>
<table><thead><tr><th scope="col">${t.requests.who}</th><th scope="col">${t.requests.what}</th><th scope="col">${t.requests.status}</th><th scope="col">${t.requests.why}</th><th scope="col"></th></tr></thead>
<tbody>${others.map((request) => requestRow(t, caller, request))}</tbody></table>`
}`,
  };
}

function decisionCard(t: Texts, request: AccessRequest): Html {
  return html`<form class="card slim" method="post" action="/requests/decision">
<p>${t.requests.asksFor(request.email, request.object, t.requests.duration(request.minutes))}</p>
<p>${request.reason}</p>
<p class="soft small">${t.requests.approvals(approvals(request), request.needed)} · ${t.requests.asked(minute(t, request.createdAt))} · ${t.requests.openUntil(minute(t, request.closesAt))}</p>
<input type="hidden" name="id" value="${request.id}">
<label>${t.requests.note} <input name="note" maxlength="500" autocomplete="off"></label>
<button name="effect" value="approve">${t.requests.approve}</button>
<button class="quiet" name="effect" value="refuse">${t.requests.refuse}</button>
</form>`;
}

function requestRow(t: Texts, caller: Caller, request: AccessRequest): Html {
  const { status, mine } = request;
  const open = status === 'approved' || (status === 'pending' && mine);
  const endable = open && (mine || may(caller, 'policies:write'));
  const when =
    status === 'pending'
      ? t.requests.approvals(approvals(request), request.needed)
      : request.endsAt === null
        ? null
        : t.requests[status === 'approved' ? 'until' : 'at'](minute(t, request.endsAt));
  return html`<tr>
<td><span class="name">${request.email}</span></td>
<td data-label="${t.requests.what}">${request.object}</td>
<td data-label="${t.requests.status}"><span class="tag${TONES[status] ?? ''}">${t.requests.statuses[status]}</span><br><span class="soft small">${when}</span></td>
<td data-label="${t.requests.why}">${request.reason}${request.decisions.map(
    ({ email, effect, note }) => html`<br><span class="soft small">${t.requests.decided(email, effect, note)}</span>`,
  )}</td>
<td>${
    endable
      ? html`<form method="post" action="/requests/end"><input type="hidden" name="id" value="${request.id}">
<button class="quiet small">${status === 'pending' ? t.requests.cancel : t.requests.endNow}</button></form>`
      : null
  }</td>
</tr>`;
}

function approvals({ decisions }: AccessRequest): number {
  return decisions.filter(({ effect }) => effect === 'approve').length;
}
