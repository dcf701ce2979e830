import type { FastifyInstance, FastifyReply } from 'fastify';
import { originOf } from '../api/origin.ts';
import {
  clearHomeCookie,
  readHomeCookie,
  readSessionCookie,
  setHomeCookie,
  setSessionCookie,
} from '../api/session-cookie.ts';
import type { Caller, Context } from '../domains/context.ts';
import {
  joinOrganization,
  listMemberships,
  type Membership,
  switchOrganization,
} from '../domains/memberships/memberships.ts';
import { authenticate } from '../domains/sessions/authenticate.ts';
import { revokeSession } from '../domains/sessions/sessions.ts';
import { requireFreshSession } from '../domains/sessions/step-up.ts';
import { Refusal } from '../store/refusal.ts';
import { field } from './form.ts';
import { html } from './html.ts';
import { notice, type Page, sendPage } from './layout.ts';
import { sentenceOf, textsFor } from './reader.ts';
import { onForm, sendRefusal, signedIn } from './signed-in.ts';
import type { Texts } from './texts.en.ts';

/**
 * The organizations of whoever is signed in. The browser keeps the session of the home in a cookie beside the one that it
 * acts with, as that one leads nowhere by itself.
 */
export function registerOrganizationsPage(app: FastifyInstance, context: Context): void {
  const publicUrl = () => context.settings.publicUrl();
  const page = '/organizations';

  app.get(page, async (request, reply) => {
    const caller = await signedIn(context, request);
    if (caller === null) return reply.redirect('/sign-in?next=%2Forganizations', 303);
    return await show(reply, caller, null);
  });

  async function show(reply: FastifyReply, caller: Caller, problem: Refusal | null): Promise<FastifyReply> {
    const memberships = await listMemberships(context, caller);
    const t = textsFor(reply.request);
    const shown = organizationsPage(t, caller, memberships, problem === null ? null : sentenceOf(t, problem));
    return sendPage(reply, shown, problem?.status ?? 200);
  }

  onForm(app, context, { path: '/organizations/switch', page }, async (caller, request, reply) => {
    const token = readSessionCookie(request, publicUrl())!;
    const switched = await switchOrganization(context, caller, field(request, 'id').slice(0, 64));
    if (switched instanceof Refusal) return await show(reply, caller, switched);
    // It ends when that session ends: the cookie may live as long as this browser is open.
    setHomeCookie(reply, publicUrl(), token);
    setSessionCookie(reply, publicUrl(), switched.token, switched.expiresAtMs);
    return reply.redirect('/', 303);
  });

  onForm(app, context, { path: '/organizations/home', page }, async (caller, request, reply) => {
    const token = readHomeCookie(request, publicUrl());
    const home = token === null ? null : await authenticate(context, token, originOf(request));
    if (home === null || home instanceof Refusal || home.credentialId !== caller.home?.sessionId) {
      return await show(reply, caller, new Refusal('membership.home_only'));
    }
    await revokeSession(context, caller, caller.credentialId);
    clearHomeCookie(reply, publicUrl());
    // For as long as this browser is open; the session itself ends when it did before.
    setSessionCookie(reply, publicUrl(), token!, null);
    return reply.redirect('/', 303);
  });

  onForm(app, context, { path: '/organizations/join', page }, async (caller, request, reply) => {
    const token = field(request, 'token').slice(0, 200);
    const joined =
      (await requireFreshSession(context.store.db, context, caller)) ??
      (await joinOrganization(context, caller, token));
    return joined instanceof Refusal ? sendRefusal(reply, joined) : reply.redirect(page, 303);
  });
}

function organizationsPage(t: Texts, caller: Caller, memberships: readonly Membership[], problem: string | null): Page {
  const away = caller.home !== null;
  return {
    title: t.organizations.title,
    user: { email: caller.actor.name },
    content: html`<h1>${t.organizations.title}</h1>
${notice(problem)}
<table><thead><tr><th scope="col">${t.organizations.organization}</th><th scope="col">${t.organizations.role}</th><th scope="col"></th></tr></thead>
<tbody>${memberships.map(
      ({ organization, role, home, current }) => html`<tr><td><span class="name">${organization.name}</span>${
        home ? html` <span class="tag">${t.organizations.home}</span>` : null
      }</td>
<td data-label="${t.organizations.role}">${role}</td>
<td>${
        current
          ? html`<span class="soft">${t.organizations.here}</span>`
          : html`<form method="post" action="/organizations/switch"><input type="hidden" name="id" value="${organization.id}"><button class="small">${t.organizations.switch}</button></form>`
      }</td></tr>`,
    )}</tbody></table>
${
  away
    ? html`<p>${t.organizations.away}</p>
<form method="post" action="/organizations/home"><button>${t.organizations.goHome}</button></form>`
    : html`<p class="soft">${t.organizations.others(caller.actor.name)}</p>`
}`,
  };
}
