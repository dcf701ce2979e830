import { type Invitation, routes } from '@zeronaut/model';
import type { FastifyInstance } from 'fastify';
import { originOf } from '../api/origin.ts';
import type { Context } from '../domains/context.ts';
import { acceptInvitation, findInvitation } from '../domains/invitations/invitations.ts';
import { getOrganization } from '../domains/organizations/organizations.ts';
import { RateLimit, rateLimitKey } from '../domains/sessions/rate-limit.ts';
import { passwordProblemOf } from '../domains/users/password-policy.ts';
import { Refusal } from '../store/refusal.ts';
import { enterWith } from './factor-page.ts';
import { field } from './form.ts';
import { html } from './html.ts';
import { notice, type Page, sendPage } from './layout.ts';
import { sentenceOf, textsFor } from './reader.ts';
import { refuseForeignForm, sendRefusal, signedIn } from './signed-in.ts';
import type { Texts } from './texts.en.ts';
import { isWebBuilt } from './web-console.ts';

/** A password hash is worth more than a click: as many as a team behind one address needs. */
const ACCEPT_BURST = 20;
const ACCEPT_INTERVAL_MS = 5_000;

/** Where the link of an invitation leads. Looking at it uses nothing up, since mail servers look at links, too. */
export function registerInvitationPage(app: FastifyInstance, context: Context, webDirectory: string): void {
  const limit = new RateLimit({ burst: ACCEPT_BURST, intervalMs: ACCEPT_INTERVAL_MS });

  app.get('/invitation', async (request, reply) => {
    const { token } = request.query as { token?: unknown };
    const text = typeof token === 'string' ? token.slice(0, 200) : '';
    const found = await findInvitation(context, text);
    if (found instanceof Refusal) return sendRefusal(reply, found);
    const caller = await signedIn(context, request);
    if (caller !== null && caller.home === null && caller.actor.name === found.email) {
      const { name } = await getOrganization(context.store.db, found.organizationId);
      return sendPage(reply, joinPage(textsFor(request), found, text, name));
    }
    return sendPage(reply, invitationPage(textsFor(request), found, text, '', null));
  });

  app.post('/invitation', async (request, reply) => {
    const foreign = refuseForeignForm(context, request, reply);
    if (foreign !== null) return foreign;
    const origin = originOf(request);
    const waitMs = limit.take(rateLimitKey(origin.address), context.clock());
    if (waitMs > 0) return sendRefusal(reply, new Refusal('api.rate_limited'));
    const token = field(request, 'token').slice(0, 200);
    const found = await findInvitation(context, token);
    if (found instanceof Refusal) return sendRefusal(reply, found);
    const name = field(request, 'name').trim();
    const input = routes['users.create'].body
      .pick({ name: true, password: true })
      .safeParse({ name, password: field(request, 'password') });
    const result = input.success ? await acceptInvitation(context, token, input.data, origin) : null;
    if (result === null || result instanceof Refusal) {
      const t = textsFor(request);
      const problem = result === null ? t.invitation.needed : wordsOf(t, result);
      return sendPage(reply, invitationPage(t, found, token, name.slice(0, 120), problem), result?.status ?? 400);
    }
    const next = isWebBuilt(webDirectory) ? '/' : '/account';
    return reply.redirect(await enterWith(context, reply, result, next), 303);
  });
}

function wordsOf(t: Texts, refusal: Refusal): string {
  if (refusal.reason === 'api.conflict') return t.invitation.exists;
  const problem = passwordProblemOf(refusal);
  return problem === null ? sentenceOf(t, refusal) : `${t.signIn.password}: ${t.password.problem[problem]}`;
}

/** For somebody who is at home in another organization and stays so. */
function joinPage(t: Texts, invitation: Invitation, token: string, organization: string): Page {
  return {
    title: t.invitation.title,
    user: { email: invitation.email },
    content: html`<h1>${t.invitation.joinOrganization(organization)}</h1>
<p>${t.invitation.joinText(invitation.email, invitation.role)}</p>
<form class="stack" method="post" action="/organizations/join"><input type="hidden" name="token" value="${token}"><button>${t.invitation.join}</button></form>`,
  };
}

function invitationPage(t: Texts, invitation: Invitation, token: string, name: string, problem: string | null): Page {
  return {
    title: t.invitation.title,
    again: `/invitation?token=${encodeURIComponent(token)}`,
    content: html`<h1>${t.invitation.welcome}</h1>
<p class="soft">${t.invitation.joinAs(invitation.email)}</p>
${notice(problem)}
<form class="stack" method="post" action="/invitation">
<input type="hidden" name="token" value="${token}">
<input type="hidden" name="email" autocomplete="username" value="${invitation.email}">
<label for="name">${t.setup.name}</label>
<input id="name" name="name" autocomplete="name" required maxlength="120" value="${name}" autofocus>
<label for="password">${t.signIn.password}</label>
<input id="password" name="password" type="password" autocomplete="new-password" required minlength="12" maxlength="1024" aria-describedby="password-hint">
<p class="hint" id="password-hint">${t.password.hint}</p>
<button>${t.invitation.join}</button>
</form>
<p class="small"><a href="/sign-in?next=${encodeURIComponent(`/invitation?token=${token}`)}">${t.invitation.known}</a></p>`,
  };
}
