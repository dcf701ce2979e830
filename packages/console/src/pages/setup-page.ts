import { routes } from '@zeronaut/model';
import type { FastifyInstance } from 'fastify';
import { originOf } from '../api/origin.ts';
import { setSessionCookie } from '../api/session-cookie.ts';
import type { Context } from '../domains/context.ts';
import { checkSetupToken, setUp } from '../domains/setup/setup.ts';
import { passwordProblemOf } from '../domains/users/password-policy.ts';
import { Refusal } from '../store/refusal.ts';
import { field } from './form.ts';
import { html } from './html.ts';
import { notice, type Page, sendPage } from './layout.ts';
import { sentenceOf, textsFor } from './reader.ts';
import { refuseForeignForm } from './signed-in.ts';
import type { Texts } from './texts.en.ts';

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
    const t = textsFor(request);
    if (refusal !== null) return sendPage(reply, voidLink(t, refusal), refusal.status);
    const empty = { organizationName: '', name: '', email: '', problems: new Map<string, string>() };
    return sendPage(reply, setupPage(t, { ...empty, token: text }));
  });

  app.post('/setup', async (request, reply) => {
    const foreign = refuseForeignForm(context, request, reply);
    if (foreign !== null) return foreign;
    const t = textsFor(request);
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
      const problems = new Map(
        parsed.error.issues.flatMap(({ path: [name] }) => {
          const problem = isField(name) ? t.setup.problem[name] : undefined;
          return problem === undefined ? [] : [[name as string, problem]];
        }),
      );
      return sendPage(reply, setupPage(t, { ...entered, problems }), 400);
    }
    const result = await setUp(context, parsed.data, originOf(request));
    if (result instanceof Refusal) {
      if (['api.not_found', 'api.token_used', 'api.token_expired'].includes(result.reason)) {
        return sendPage(reply, voidLink(t, result), result.status);
      }
      const problem = passwordProblemOf(result);
      const problems = new Map([
        problem === null ? ['', sentenceOf(t, result)] : ['password', t.password.problem[problem]],
      ]);
      return sendPage(reply, setupPage(t, { ...entered, problems }), result.status);
    }
    setSessionCookie(reply, context.settings.publicUrl(), result.token, result.expiresAtMs);
    return reply.redirect('/first-steps', 303);
  });
}

function setupPage(t: Texts, form: Form): Page {
  const line = (name: string) =>
    form.problems.has(name) ? html`<p class="hint bad" id="${name}-problem">${form.problems.get(name)!}</p>` : null;
  const invalid = (name: string) => (form.problems.has(name) ? 'true' : 'false');
  return {
    title: t.setup.title,
    again: `/setup?token=${encodeURIComponent(form.token)}`,
    content: html`<h1>${t.setup.heading}</h1>
<p class="soft">${t.setup.text}</p>
${notice(form.problems.size === 0 ? null : (form.problems.get('') ?? t.setup.correct))}
<form class="stack" method="post" action="/setup">
<input type="hidden" name="token" value="${form.token}">
<label for="organizationName">${t.setup.organization}</label>
<input id="organizationName" name="organizationName" autocomplete="organization" maxlength="120" placeholder="${t.setup.organizationExample}" value="${form.organizationName}" aria-invalid="${invalid('organizationName')}">
${line('organizationName')}
<label for="name">${t.setup.name}</label>
<input id="name" name="name" autocomplete="name" required maxlength="120" value="${form.name}" aria-invalid="${invalid('name')}">
${line('name')}
<label for="email">${t.signIn.email}</label>
<input id="email" name="email" type="email" autocomplete="username" required maxlength="254" value="${form.email}" aria-invalid="${invalid('email')}">
${line('email')}
<label for="password">${t.signIn.password}</label>
<input id="password" name="password" type="password" autocomplete="new-password" required minlength="12" maxlength="1024" aria-invalid="${invalid('password')}" aria-describedby="password-hint">
<p class="hint" id="password-hint">${t.password.hint}</p>
${line('password')}
<button>${t.setup.create}</button>
</form>`,
  };
}

function isField(name: unknown): name is keyof Texts['setup']['problem'] {
  return name === 'organizationName' || name === 'name' || name === 'email' || name === 'password';
}

function voidLink(t: Texts, { reason }: Refusal): Page {
  const words = t.setup.void;
  const why = reason === 'api.token_used' ? words.used : reason === 'api.token_expired' ? words.expired : words.unknown;
  return {
    title: t.setup.title,
    content: html`<h1>${words.heading}</h1>
<p>${why}</p>
<p>${words.next()}</p>`,
  };
}
