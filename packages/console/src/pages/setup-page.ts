import { REASONS, routes } from '@zeronaut/model';
import type { FastifyInstance } from 'fastify';
import { originOf } from '../api/origin.ts';
import { setSessionCookie } from '../api/session-cookie.ts';
import type { Context } from '../domains/context.ts';
import { checkSetupToken, setUp } from '../domains/setup/setup.ts';
import { Refusal } from '../store/refusal.ts';
import { field } from './form.ts';
import { html } from './html.ts';
import { notice, type Page, sendPage } from './layout.ts';
import { refuseForeignForm } from './signed-in.ts';

interface Form {
  readonly token: string;
  readonly organizationName: string;
  readonly name: string;
  readonly email: string;
  readonly problems: ReadonlyMap<string, string>;
}

/** The one-time link: creates the first owner and signs them in. */
export function registerSetupPage(app: FastifyInstance, context: Context): void {
  app.get('/setup', async (request, reply) => {
    const { token } = request.query as { token?: unknown };
    const text = typeof token === 'string' && token.length <= 200 ? token : '';
    const refusal = await checkSetupToken(context, text);
    if (refusal !== null) return sendPage(reply, voidLink(refusal), refusal.status);
    const empty = { organizationName: '', name: '', email: '', problems: new Map<string, string>() };
    return sendPage(reply, setupPage({ ...empty, token: text }));
  });

  app.post('/setup', async (request, reply) => {
    const foreign = refuseForeignForm(context, request, reply);
    if (foreign !== null) return foreign;
    const entered = {
      token: field(request, 'token'),
      organizationName: field(request, 'organizationName').trim(),
      name: field(request, 'name').trim(),
      email: field(request, 'email').trim(),
    };
    const parsed = routes['setup.create'].body.safeParse({
      ...entered,
      organizationName: entered.organizationName || undefined,
      password: field(request, 'password'),
    });
    if (!parsed.success) {
      const problems = new Map(parsed.error.issues.map((issue) => [String(issue.path[0]), issue.message]));
      return sendPage(reply, setupPage({ ...entered, problems }), 400);
    }
    const result = await setUp(context, parsed.data, originOf(request));
    if (result instanceof Refusal) {
      if (['api.not_found', 'api.token_used', 'api.token_expired'].includes(result.reason)) {
        return sendPage(reply, voidLink(result), result.status);
      }
      const problems = new Map(
        (result.errors ?? [{ path: '/', message: REASONS[result.reason].title }]).map(({ path, message }) => [
          path.slice(1),
          message,
        ]),
      );
      return sendPage(reply, setupPage({ ...entered, problems }), result.status);
    }
    setSessionCookie(reply, context.settings.publicUrl(), result.token, result.expiresAtMs);
    return reply.redirect('/first-steps', 303);
  });
}

function setupPage(form: Form): Page {
  const line = (name: string) =>
    form.problems.has(name)
      ? html`<p class="hint bad" id="${name}-problem">${sentence(form.problems.get(name)!)}</p>`
      : null;
  const invalid = (name: string) => (form.problems.has(name) ? 'true' : 'false');
  return {
    title: 'Set up',
    content: html`<h1>Create the first owner</h1>
<p class="soft">You will manage this console with this account.</p>
${notice(form.problems.size === 0 ? null : (form.problems.get('') ?? 'Please correct the marked fields.'))}
<form class="stack" method="post" action="/setup">
<input type="hidden" name="token" value="${form.token}">
<label for="organizationName">Organization</label>
<input id="organizationName" name="organizationName" autocomplete="organization" maxlength="120" placeholder="My organization" value="${form.organizationName}" aria-invalid="${invalid('organizationName')}">
${line('organizationName')}
<label for="name">Your name</label>
<input id="name" name="name" autocomplete="name" required maxlength="120" value="${form.name}" aria-invalid="${invalid('name')}">
${line('name')}
<label for="email">E-mail</label>
<input id="email" name="email" type="email" autocomplete="username" required maxlength="254" value="${form.email}" aria-invalid="${invalid('email')}">
${line('email')}
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="new-password" required minlength="12" maxlength="1024" aria-invalid="${invalid('password')}" aria-describedby="password-hint">
<p class="hint" id="password-hint">At least 12 characters. A few random words are good.</p>
${line('password')}
<button>Create owner and sign in</button>
</form>`,
  };
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function voidLink(refusal: Refusal): Page {
  const why = {
    'api.token_used': 'This link was used already. If that was not you, look at the audit log at once.',
    'api.token_expired': 'This link is more than a day old.',
  }[refusal.reason as string];
  return {
    title: 'Set up',
    content: html`<h1>This link does not work</h1>
<p>${why ?? 'It is not complete, or a newer one was made since.'}</p>
<p>Start the console again for a new link, as long as there is no owner. Otherwise <a href="/sign-in">sign in</a>.</p>`,
  };
}
