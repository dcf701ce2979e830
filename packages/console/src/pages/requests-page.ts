import { type AccessRequest, type AccessRequestStatus, routes } from '@zeronaut/model';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createRequest, decideRequest, endRequest, listRequests } from '../domains/access-requests/access-requests.ts';
import type { Caller, Context } from '../domains/context.ts';
import { may } from '../domains/roles/held-role.ts';
import { Refusal } from '../store/refusal.ts';
import { sentenceOf } from './factor-page.ts';
import { field } from './form.ts';
import { type Html, html } from './html.ts';
import { notice, type Page, sendPage } from './layout.ts';
import { onForm, sendRefusal, signedIn } from './signed-in.ts';

const MAX_SHOWN = 100;
const NAME = /^[\w-]{1,64}$/;
const TIMES = [
  [30, '30 minutes'],
  [60, '1 hour'],
  [240, '4 hours'],
  [480, '8 hours'],
] as const;

/** The colours of a tag: green and red. */
const TONES: Partial<Record<AccessRequestStatus, string>> = { approved: ' shut', refused: ' open' };

/** Ask for access for a while; approve, refuse and end it. The refusal page of a gateway leads here. */
export function registerRequestsPage(app: FastifyInstance, context: Context): void {
  app.get('/requests', async (request, reply) => {
    const { object } = request.query as Record<string, unknown>;
    const wanted = typeof object === 'string' && NAME.test(object) ? object : '';
    const caller = await signedIn(context, request);
    const here = wanted === '' ? '/requests' : `/requests?object=${wanted}`;
    if (caller === null) return reply.redirect(`/sign-in?next=${encodeURIComponent(here)}`, 303);
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
    const text = problem === null ? null : (problem.errors?.[0]?.message ?? sentenceOf(problem));
    return sendPage(reply, requestsPage(caller, page.items, wanted, text), problem?.status ?? 200);
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
  caller: Caller,
  requests: readonly AccessRequest[],
  wanted: string,
  problem: string | null,
): Page {
  const toDecide = requests.filter(({ decidable }) => decidable);
  const others = requests.filter(({ decidable }) => !decidable);
  return {
    title: 'Access requests',
    user: { email: caller.actor.name },
    content: html`<h1>Access requests</h1>
${notice(problem)}
${toDecide.length === 0 ? null : html`<h2>Yours to decide</h2>${toDecide.map(decisionCard)}`}
<h2>Ask for access</h2>
<form class="card slim" method="post" action="/requests">
<label>What <input name="object" value="${wanted}" required maxlength="64" autocomplete="off" spellcheck="false"></label>
<label>Why <input name="reason" required maxlength="500" autocomplete="off"></label>
<label>How long <select name="minutes">${TIMES.map(
      ([minutes, text]) =>
        html`<option value="${String(minutes)}"${minutes === 60 ? html` selected` : null}>${text}</option>`,
    )}</select></label>
<button>Ask</button>
</form>
${
  others.length === 0
    ? html`<p class="soft">No requests yet. What you ask for ends by itself when its time is over.</p>`
    : html`<h2>Requests</h2>
<table><thead><tr><th scope="col">Who</th><th scope="col">What</th><th scope="col">Status</th><th scope="col">Why</th><th scope="col"></th></tr></thead>
<tbody>${others.map((request) => requestRow(caller, request))}</tbody></table>`
}`,
  };
}

function decisionCard(request: AccessRequest): Html {
  return html`<form class="card slim" method="post" action="/requests/decision">
<p><span class="name">${request.email}</span> asks for <span class="name">${request.object}</span> for ${duration(request.minutes)}</p>
<p>${request.reason}</p>
<p class="soft small">${approvals(request)} of ${request.needed} approved · asked ${time(request.createdAt)} · open until ${time(request.closesAt)}</p>
<input type="hidden" name="id" value="${request.id}">
<label>Note <input name="note" maxlength="500" autocomplete="off"></label>
<button name="effect" value="approve">Approve</button>
<button class="quiet" name="effect" value="refuse">Refuse</button>
</form>`;
}

function requestRow(caller: Caller, request: AccessRequest): Html {
  const { status, mine } = request;
  const open = status === 'approved' || (status === 'pending' && mine);
  const endable = open && (mine || may(caller, 'policies:write'));
  const when =
    status === 'pending'
      ? html`${approvals(request)} of ${request.needed} approved`
      : request.endsAt === null
        ? null
        : html`${status === 'approved' ? 'until' : 'at'} ${time(request.endsAt)}`;
  return html`<tr>
<td><span class="name">${request.email}</span></td>
<td data-label="What">${request.object}</td>
<td data-label="Status"><span class="tag${TONES[status] ?? ''}">${status}</span><br><span class="soft small">${when}</span></td>
<td data-label="Why">${request.reason}${request.decisions.map(
    ({ email, effect, note }) =>
      html`<br><span class="soft small">${email}: ${effect}${note === '' ? null : html`, ${note}`}</span>`,
  )}</td>
<td>${
    endable
      ? html`<form method="post" action="/requests/end"><input type="hidden" name="id" value="${request.id}">
<button class="quiet small">${status === 'pending' ? 'Cancel' : 'End now'}</button></form>`
      : null
  }</td>
</tr>`;
}

function approvals({ decisions }: AccessRequest): number {
  return decisions.filter(({ effect }) => effect === 'approve').length;
}

function duration(minutes: number): string {
  const [count, unit] = minutes % 60 === 0 ? [minutes / 60, 'hour'] : [minutes, 'minute'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

function time(text: string): string {
  return `${text.slice(0, 16).replace('T', ' ')} UTC`;
}
