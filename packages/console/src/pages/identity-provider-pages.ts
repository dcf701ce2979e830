import { email as emailSchema, REASONS } from '@zeronaut/model';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { readBrowserSecret, setBrowserSecret } from '../api/browser-cookie.ts';
import { originOf } from '../api/origin.ts';
import type { Context } from '../domains/context.ts';
import { signInWithDirectory } from '../domains/identity-providers/directory-sign-in.ts';
import {
  type AssertedIdentity,
  auditRefused,
  signInExternally,
} from '../domains/identity-providers/external-sign-in.ts';
import { finishGithub, startGithub } from '../domains/identity-providers/github.ts';
import { discoverProvider } from '../domains/identity-providers/mail-domains.ts';
import { finishOidc, startOidc } from '../domains/identity-providers/oidc.ts';
import { logOutFromProvider } from '../domains/identity-providers/oidc-logout.ts';
import { findEnabledProvider, type Provider } from '../domains/identity-providers/provider-rows.ts';
import { bySlug, type SignInChoices } from '../domains/identity-providers/sign-in-choices.ts';
import {
  createBrowserSecret,
  type Flow,
  keepAnswer,
  startFlow,
  takeFlow,
  takeTry,
} from '../domains/identity-providers/sign-in-flows.ts';
import { createRequestId, finishSaml, isForced, samlServiceMetadata, startSaml } from '../domains/saml/saml-sign-in.ts';
import type { PendingSignIn, SignedIn } from '../domains/sessions/complete-sign-in.ts';
import { RateLimit, rateLimitKey } from '../domains/sessions/rate-limit.ts';
import { getSignInPolicy } from '../domains/sessions/sign-in-policy.ts';
import { Refusal } from '../store/refusal.ts';
import { enterWith } from './factor-page.ts';
import { field } from './form.ts';
import { goOn } from './go-on.ts';
import { type Html, html } from './html.ts';
import { notice, type Page, sendPage } from './layout.ts';
import { safeNext } from './next.ts';
import { sentenceOf, textsFor } from './reader.ts';
import { refuseForeignForm, sendRefusal } from './signed-in.ts';
import type { Texts } from './texts.en.ts';

/** Sign-ins through providers that one address may begin. */
const STARTS_BURST = 30;
const STARTS_INTERVAL_MS = 2_000;

/** Sign-in through the identity providers of an organization: there, and back. */
export function registerIdentityProviderPages(app: FastifyInstance, context: Context): void {
  const starts = new RateLimit({ burst: STARTS_BURST, intervalMs: STARTS_INTERVAL_MS });
  const limited = (request: FastifyRequest): Refusal | null => {
    const waitMs = starts.take(rateLimitKey(originOf(request).address), context.clock());
    return waitMs === 0 ? null : new Refusal('api.rate_limited', { retryAfterSeconds: Math.ceil(waitMs / 1000) });
  };

  app.get('/sign-in/discover', async (request, reply) => {
    const query = request.query as Record<string, unknown>;
    const refusal = limited(request);
    if (refusal !== null) return sendRefusal(reply, refusal);
    const next = safeNext(query.next);
    const address = emailSchema.safeParse(typeof query.email === 'string' ? query.email.trim() : '');
    const slug = typeof query.organization === 'string' ? query.organization : null;
    const organizationId = slug === null ? null : await bySlug(context.store.db, slug);
    const provider = address.success ? await discoverProvider(context.store.db, address.data, organizationId) : null;
    if (provider === null || !address.success) return sendRefusal(reply, new Refusal('idp.not_found'));
    const parameters = new URLSearchParams({ next, login_hint: address.data });
    // Not a redirect: browsers hold one that follows a form against the page's form-action, and it leads elsewhere.
    return goOn(
      reply,
      textsFor(request).signIn.with(provider.displayName),
      `/sign-in/with/${provider.id}?${parameters}`,
    );
  });

  app.get('/sign-in/with/:id', async (request, reply) => {
    const refusal = limited(request);
    if (refusal !== null) return sendRefusal(reply, refusal);
    const provider = await findEnabledProvider(context.store.db, (request.params as { id: string }).id);
    if (provider instanceof Refusal) return sendRefusal(reply, provider);
    const query = request.query as Record<string, unknown>;
    const hint = emailSchema.safeParse(query.login_hint);
    if (provider.kind === 'ldap') {
      const form = { next: safeNext(query.next), username: hint.success ? hint.data : '', problem: null };
      return sendPage(reply, directoryPage(textsFor(request), provider, form));
    }
    const location = await start(context, provider, request, reply, {
      next: safeNext(query.next),
      loginHint: hint.success ? hint.data : null,
      force: query.again === '1',
    });
    if (location instanceof Refusal) {
      await auditRefused(context, provider, location, originOf(request));
      return sendRefusal(reply, location);
    }
    return reply.redirect(location.href, 303);
  });

  app.post('/sign-in/with/:id', async (request, reply) => {
    const foreign = refuseForeignForm(context, request, reply);
    if (foreign !== null) return foreign;
    const provider = await findEnabledProvider(context.store.db, (request.params as { id: string }).id);
    if (provider instanceof Refusal || provider.kind !== 'ldap')
      return sendRefusal(reply, new Refusal('idp.not_found'));
    const next = safeNext(field(request, 'next'));
    const [username, password] = [field(request, 'username').trim(), field(request, 'password')];
    const input = { username, password, kind: 'console' as const, canGoOn: true };
    const result = await signInWithDirectory(context, provider, input, originOf(request));
    if (result instanceof Refusal) {
      const t = textsFor(request);
      const page = directoryPage(t, provider, { next, username, problem: sentenceOf(t, result) });
      return sendPage(reply, page, result.status);
    }
    return reply.redirect(await enterWith(context, reply, result, next), 303);
  });

  app.get('/sign-in/callback/:id', async (request, reply) => {
    const provider = await findEnabledProvider(context.store.db, (request.params as { id: string }).id);
    if (provider instanceof Refusal) return sendRefusal(reply, provider);
    const query = new URLSearchParams(request.url.split('?')[1] ?? '');
    const flow = await takeFlow(
      context,
      provider.id,
      query.getAll('state').length === 1 ? query.get('state')! : '',
      readBrowserSecret(request, context.settings.publicUrl()),
    );
    if (flow instanceof Refusal) return sendRefusal(reply, flow);
    const result = await finish(context, provider, flow, query, request);
    return result instanceof Refusal ? sendRefusal(reply, result) : enter(context, reply, result, flow.next);
  });

  // SAML, Web Browser SSO: posted by a page of the provider, so that the cookie of this sign-in does not come along.
  app.post('/sign-in/saml/:id', async (request, reply) => {
    const refusal = limited(request);
    if (refusal !== null) return sendRefusal(reply, refusal);
    const provider = await findSamlProvider(context, request);
    if (provider instanceof Refusal) return sendRefusal(reply, provider);
    const state = field(request, 'RelayState');
    const tried = await takeTry(context, provider.id, state);
    if (tried instanceof Refusal) return sendRefusal(reply, tried);
    const { requestId, next } = tried;
    const answer = field(request, 'SAMLResponse');
    const identity = await finishSaml(context, provider, requestId, answer, await maxAgeOf(context, provider));
    if (identity instanceof Refusal) {
      // SAML knows no longest age: a sign-in that is too old is asked for once more, anew.
      if (identity.reason === 'idp.sign_in_old' && !isForced(requestId)) {
        const parameters = new URLSearchParams({ next, again: '1' });
        return goOn(
          reply,
          textsFor(request).signIn.againWith(provider.displayName),
          `/sign-in/with/${provider.id}?${parameters}`,
        );
      }
      await auditRefused(context, provider, identity, originOf(request));
      return sendRefusal(reply, identity);
    }
    await keepAnswer(context, state, identity);
    return goOn(
      reply,
      textsFor(request).signIn.underway,
      `/sign-in/callback/${provider.id}?${new URLSearchParams({ state })}`,
    );
  });

  app.get('/sign-in/saml/:id/metadata', async (request, reply) => {
    const provider = await findSamlProvider(context, request);
    if (provider instanceof Refusal) return sendRefusal(reply, provider);
    return reply.type('application/samlmetadata+xml').send(await samlServiceMetadata(context, provider));
  });

  // OpenID Connect Back-Channel Logout 1.0, 2.5 and 2.8: from the provider's server, no browser and no cookie.
  app.post('/sign-in/logout/:id', async (request, reply) => {
    const refusal = limited(request) ?? (await logOut(context, request));
    reply.header('cache-control', 'no-store');
    if (!(refusal instanceof Refusal)) return reply.code(200).send();
    return reply
      .code(refusal.reason === 'api.rate_limited' ? 429 : 400)
      .send({ error: 'invalid_request', error_description: REASONS[refusal.reason].title, reason: refusal.reason });
  });
}

async function findSamlProvider(context: Context, request: FastifyRequest): Promise<Provider<'saml'> | Refusal> {
  const provider = await findEnabledProvider(context.store.db, (request.params as { id: string }).id);
  if (provider instanceof Refusal) return provider;
  return provider.kind === 'saml' ? provider : new Refusal('idp.not_found');
}

async function logOut(context: Context, request: FastifyRequest): Promise<number | Refusal> {
  const provider = await findEnabledProvider(context.store.db, (request.params as { id: string }).id);
  if (provider instanceof Refusal || provider.kind !== 'oidc') return new Refusal('idp.not_found');
  const result = await logOutFromProvider(context, provider, field(request, 'logout_token'), originOf(request));
  if (result instanceof Refusal) await auditRefused(context, provider, result, originOf(request));
  return result;
}

async function start(
  context: Context,
  provider: Provider,
  request: FastifyRequest,
  reply: FastifyReply,
  wanted: { next: string; loginHint: string | null; force: boolean },
): Promise<URL | Refusal> {
  const publicUrl = context.settings.publicUrl();
  const browserSecret = readBrowserSecret(request, publicUrl) ?? createBrowserSecret();
  setBrowserSecret(reply, publicUrl, browserSecret);
  switch (provider.kind) {
    case 'oidc': {
      const flow = await startFlow(context, provider, { browserSecret, next: wanted.next });
      return await startOidc(context, provider, flow, wanted.loginHint, await maxAgeOf(context, provider));
    }
    case 'github':
      return startGithub(context, provider, await startFlow(context, provider, { browserSecret, next: wanted.next }));
    case 'saml': {
      const requestId = createRequestId(wanted.force);
      const flow = await startFlow(context, provider, { browserSecret, next: wanted.next, requestId });
      return await startSaml(context, provider, flow, requestId);
    }
    case 'ldap':
      return new Refusal('idp.not_found');
  }
}

async function maxAgeOf(context: Context, provider: Provider): Promise<number | null> {
  return (await getSignInPolicy(context.store.db, provider.organizationId)).providerMaxAgeSeconds;
}

async function finish(
  context: Context,
  provider: Provider,
  flow: Flow,
  query: URLSearchParams,
  request: FastifyRequest,
): Promise<SignedIn | PendingSignIn | Refusal> {
  const origin = originOf(request);
  const identity = await askedOf(context, provider, flow, query);
  if (identity instanceof Refusal) {
    await auditRefused(context, provider, identity, origin);
    return identity;
  }
  return await signInExternally(context, provider, identity, { kind: 'console', canGoOn: true }, origin);
}

async function askedOf(
  context: Context,
  provider: Provider,
  flow: Flow,
  query: URLSearchParams,
): Promise<AssertedIdentity | Refusal> {
  switch (provider.kind) {
    case 'oidc':
      return await finishOidc(context, provider, flow, query.toString(), await maxAgeOf(context, provider));
    case 'github':
      return await finishGithub(context, provider, flow, query);
    case 'saml':
      return flow.answer ?? new Refusal('idp.state_invalid');
    case 'ldap':
      return new Refusal('idp.not_found');
  }
}

/**
 * The session cookie is Strict, and this request came from another site: a redirect would arrive without it. So a page
 * of ours goes on by itself.
 */
export async function enter(
  context: Context,
  reply: FastifyReply,
  result: SignedIn | PendingSignIn,
  next: string,
): Promise<FastifyReply> {
  const href = await enterWith(context, reply, result, next);
  const t = textsFor(reply.request);
  return goOn(reply, 'pendingToken' in result ? t.factor.more : t.signIn.done, href);
}

function directoryPage(
  t: Texts,
  provider: Provider,
  form: { next: string; username: string; problem: string | null },
): Page {
  return {
    title: t.signIn.title,
    content: html`<h1>${t.signIn.title}</h1>
<p class="soft">${t.signIn.withAccountOf(provider.displayName)}</p>
${notice(form.problem)}
<form class="stack" method="post" action="/sign-in/with/${provider.id}">
<input type="hidden" name="next" value="${form.next}">
<label for="username">${t.signIn.userName}</label>
<input id="username" name="username" autocomplete="username" required maxlength="254" value="${form.username}" autofocus>
<label for="password">${t.signIn.password}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required maxlength="1024">
<button>${t.signIn.title}</button>
</form>`,
  };
}

/** Under the form of the sign-in page. */
export function signInButtons(
  t: Texts,
  choices: SignInChoices,
  form: { next: string; organization: string | null },
): Html | null {
  const query = new URLSearchParams({ next: form.next });
  const buttons = choices.providers.map(
    ({ id, displayName }) =>
      html`<a class="button quiet" href="/sign-in/with/${id}?${query.toString()}">${t.signIn.with(displayName)}</a>`,
  );
  const byEmail = choices.byEmail
    ? html`<form class="stack" method="get" action="/sign-in/discover">
<input type="hidden" name="next" value="${form.next}">
${form.organization === null ? null : html`<input type="hidden" name="organization" value="${form.organization}">`}
<label for="work_email">${t.signIn.byEmail}</label>
<input id="work_email" name="email" type="email" autocomplete="email" required maxlength="254">
<button class="quiet">${t.signIn.continue}</button>
</form>`
    : null;
  return buttons.length === 0 && byEmail === null ? null : html`<div class="stack choices">${buttons}${byEmail}</div>`;
}
