import { type Invitation, routes } from '@zeronaut/model';
import type { FastifyInstance } from 'fastify';
import { originOf } from '../api/origin.ts';
import type { Context } from '../domains/context.ts';
import { acceptInvitation, findInvitation } from '../domains/invitations/invitations.ts';
import { getOrganization } from '../domains/organizations/organizations.ts';
import { RateLimit, rateLimitKey } from '../domains/sessions/rate-limit.ts';
import { Refusal } from '../store/refusal.ts';
import { enterWith, sentenceOf } from './factor-page.ts';
import { field } from './form.ts';
import { html } from './html.ts';
import { notice, type Page, sendPage } from './layout.ts';
import { refuseForeignForm, sendRefusal, signedIn } from './signed-in.ts';
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
      return sendPage(reply, joinPage(found, text, name));
    }
    return sendPage(reply, invitationPage(found, text, '', null));
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
      const problem = result === null ? 'Name and password are needed.' : (wordsOf(result) ?? sentenceOf(result));
      return sendPage(reply, invitationPage(found, token, name.slice(0, 120), problem), result?.status ?? 400);
    }
    const next = isWebBuilt(webDirectory) ? '/' : '/account';
    return reply.redirect(await enterWith(context, reply, result, next), 303);
  });
}

function wordsOf(refusal: Refusal): string | null {
  if (refusal.reason === 'api.conflict')
    return 'This address has an account already: sign in with it, and open this link again.';
  const [first] = refusal.errors ?? [];
  return first === undefined ? null : `The password needs to be better: ${first.message}.`;
}

/** For somebody who is at home in another organization and stays so. */
function joinPage(invitation: Invitation, token: string, organization: string): Page {
  return {
    title: 'Invitation',
    user: { email: invitation.email },
    content: html`<h1>Join ${organization}</h1>
<p>You join as ${invitation.email}, with the role ${invitation.role}. Your password and factors stay where they are.</p>
<form class="stack" method="post" action="/organizations/join"><input type="hidden" name="token" value="${token}"><button>Join</button></form>`,
  };
}

function invitationPage(invitation: Invitation, token: string, name: string, problem: string | null): Page {
  return {
    title: 'Invitation',
    content: html`<h1>Welcome</h1>
<p class="soft">You join as ${invitation.email}.</p>
${notice(problem)}
<form class="stack" method="post" action="/invitation">
<input type="hidden" name="token" value="${token}">
<input type="hidden" name="email" autocomplete="username" value="${invitation.email}">
<label for="name">Your name</label>
<input id="name" name="name" autocomplete="name" required maxlength="120" value="${name}" autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="new-password" required minlength="12" maxlength="1024" aria-describedby="password-hint">
<p class="hint" id="password-hint">At least 12 characters. A few random words are good.</p>
<button>Join</button>
</form>
<p class="small"><a href="/sign-in?next=${encodeURIComponent(`/invitation?token=${token}`)}">I have an account with this address</a></p>`,
  };
}
