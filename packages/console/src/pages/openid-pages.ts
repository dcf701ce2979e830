/** The OpenID endpoints below /oidc, and the page where a person meets them: sign-in by our session, and consent. */
import type { RelyingParty } from '@zeronaut/model';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Provider } from 'oidc-provider';
import { originOf } from '../api/origin.ts';
import type { Caller, Context } from '../domains/context.ts';
import { giveConsent, hasConsented } from '../domains/relying-parties/consents.ts';
import { bindGrant } from '../domains/relying-parties/grants.ts';
import { openidProvider, SILENT } from '../domains/relying-parties/openid-providers.ts';
import { findRelyingParty, recordSignIn } from '../domains/relying-parties/relying-parties.ts';
import { RateLimit, rateLimitKey } from '../domains/sessions/rate-limit.ts';
import { Refusal } from '../store/refusal.ts';
import { field } from './form.ts';
import { goOn } from './go-on.ts';
import { html } from './html.ts';
import { type Page, sendPage } from './layout.ts';
import { textsFor } from './reader.ts';
import { refuseForeignForm, sendRefusal, signedIn } from './signed-in.ts';
import type { Texts } from './texts.en.ts';

/** Authorizations that one address may begin. */
const STARTS_BURST = 60;
const STARTS_INTERVAL_MS = 500;
const PREFIX = '/oidc';
const SCOPES = [
  'openid',
  'email',
  'profile',
  'groups',
  'offline_access',
] as const satisfies (keyof Texts['openid']['scopes'])[];
type Scope = (typeof SCOPES)[number];

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

export function registerOpenidPages(app: FastifyInstance, context: Context): void {
  const starts = new RateLimit({ burst: STARTS_BURST, intervalMs: STARTS_INTERVAL_MS });
  const watched = new WeakSet<Provider>();
  async function provider(): Promise<Provider> {
    const made = await openidProvider(context);
    if (!watched.has(made)) {
      watched.add(made);
      made.on('server_error', (_ctx, error) => app.log.error({ err: error }, 'openid request failed'));
    }
    return made;
  }

  app.get('/oidc/interaction/:uid', async (request, reply) => {
    const openid = await provider();
    const here = `/oidc/interaction/${(request.params as { uid: string }).uid}`;
    const found = await ready(openid, request, reply, here);
    if (found === null) return reply;
    const { interaction, caller, party } = found;
    const asksAnew = String(interaction.params.prompt ?? '')
      .split(' ')
      .includes('consent');
    const scopes = scopesOf(interaction);
    const isKnown = !asksAnew && (await hasConsented(context.store.db, caller.userId, party.id, scopes));
    if (party.consent === 'skip' || isKnown) return await finish(openid, request, reply, found);
    if (isSilent(interaction)) return await refuseSilently(openid, request, reply, 'consent_required');
    return sendPage(reply, consentPage(textsFor(request), here, party, caller, scopes));
  });

  app.post('/oidc/interaction/:uid', async (request, reply) => {
    const foreign = refuseForeignForm(context, request, reply);
    if (foreign !== null) return foreign;
    const openid = await provider();
    const here = `/oidc/interaction/${(request.params as { uid: string }).uid}`;
    const found = await ready(openid, request, reply, here);
    if (found === null) return reply;
    if (field(request, 'decision') === 'allow') {
      await giveConsent(context, found.caller.userId, found.party.id, scopesOf(found.interaction));
      return await finish(openid, request, reply, found);
    }
    const result = { error: 'access_denied', error_description: 'the person refused' };
    return goOn(
      reply,
      textsFor(request).device.refused,
      await openid.interactionResult(request.raw, reply.raw, result),
    );
  });

  /** Somebody of the right organization who is signed in freshly enough; otherwise the answer was sent. */
  async function ready(
    openid: Provider,
    request: FastifyRequest,
    reply: FastifyReply,
    here: string,
  ): Promise<{ interaction: Interaction; caller: Caller; party: RelyingParty; authenticatedAtMs: number } | null> {
    let interaction: Interaction;
    try {
      interaction = await openid.interactionDetails(request.raw, reply.raw);
    } catch (error) {
      // Of another browser, or too old.
      if (!(error instanceof Error && error.name === 'SessionNotFound')) throw error;
      sendRefusal(reply, new Refusal('access.state_invalid'));
      return null;
    }
    const { client_id: clientId, prompt, max_age: maxAge } = interaction.params as Record<string, string | undefined>;
    const party = await findRelyingParty(context, clientId ?? '');
    const caller = await signedIn(context, request);
    const silent = isSilent(interaction);
    const stranger = party === null || (caller !== null && caller.organizationId !== party.organizationId);
    if (stranger && silent) {
      await refuseSilently(openid, request, reply, 'login_required');
      return null;
    }
    if (party === null || stranger) {
      // Of another organization: to these people the service does not exist.
      sendRefusal(reply, new Refusal('api.not_found'));
      return null;
    }
    if (caller === null) {
      // Our cookie is Strict: on the way from another site it is missing, and one step of our own brings it.
      if (request.headers['sec-fetch-site'] === 'cross-site') goOn(reply, party.name, here);
      else if (silent) await refuseSilently(openid, request, reply, 'login_required');
      else reply.redirect(`/sign-in?next=${encodeURIComponent(here)}`, 303);
      return null;
    }
    const session = await context.store.db
      .selectFrom('sessions')
      .select(['created_at', 'authenticated_at'])
      .where('id', '=', caller.credentialId)
      .executeTakeFirstOrThrow();
    const authenticatedAtMs = session.authenticated_at ?? session.created_at;
    const wantsFresh = prompt?.split(' ').includes('login') === true && authenticatedAtMs < interaction.iat * 1000;
    const tooOld = maxAge !== undefined && authenticatedAtMs + (Number(maxAge) + 1) * 1000 < context.clock();
    if ((wantsFresh || tooOld) && silent) {
      await refuseSilently(openid, request, reply, 'login_required');
      return null;
    }
    if (wantsFresh || tooOld) {
      reply.redirect(`/sign-in?next=${encodeURIComponent(here)}`, 303);
      return null;
    }
    const user = await context.store.db
      .selectFrom('users')
      .select(['groups', 'kind'])
      .where('id', '=', caller.userId)
      .executeTakeFirstOrThrow();
    const groups = JSON.parse(user.groups) as string[];
    const outside = party.groups !== null && !party.groups.some((group) => groups.includes(group));
    if ((user.kind !== 'person' || outside) && silent) {
      await refuseSilently(openid, request, reply, 'access_denied');
      return null;
    }
    if (user.kind !== 'person' || outside) {
      sendRefusal(reply, new Refusal('access.not_allowed'));
      return null;
    }
    return { interaction, caller, party, authenticatedAtMs };
  }

  /** `prompt=none` never shows a page: the service hears what is missing. */
  async function refuseSilently(
    openid: Provider,
    request: FastifyRequest,
    reply: FastifyReply,
    error: 'login_required' | 'consent_required' | 'access_denied',
  ): Promise<FastifyReply> {
    const result = { error, error_description: 'a person is needed for this' };
    return reply.redirect(await openid.interactionResult(request.raw, reply.raw, result), 303);
  }

  async function finish(
    openid: Provider,
    request: FastifyRequest,
    reply: FastifyReply,
    found: { interaction: Interaction; caller: Caller; party: RelyingParty; authenticatedAtMs: number },
  ): Promise<FastifyReply> {
    const { interaction, caller, party, authenticatedAtMs } = found;
    const grant = new openid.Grant({ accountId: caller.userId, clientId: party.id });
    grant.addOIDCScope(scopesOf(interaction).join(' '));
    const grantId = await grant.save();
    await bindGrant(context, grantId, caller.credentialId);
    const result = {
      login: { accountId: caller.userId, ts: Math.floor(authenticatedAtMs / 1000), remember: false },
      consent: { grantId },
    };
    const location = await openid.interactionResult(request.raw, reply.raw, result);
    await recordSignIn(context, caller, party);
    // Not a redirect: browsers hold one that follows a form against the page's form-action, and it leads elsewhere.
    return goOn(reply, party.name, location);
  }

  /** The library reads its own bodies. */
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
    scope.all(`${PREFIX}/*`, async (request, reply) => {
      const path = silenced(request.method, request.url.slice(PREFIX.length));
      if (path.startsWith('/auth')) {
        const waitMs = starts.take(rateLimitKey(originOf(request).address), context.clock());
        if (waitMs > 0) {
          return sendRefusal(reply, new Refusal('api.rate_limited', { retryAfterSeconds: Math.ceil(waitMs / 1000) }));
        }
      }
      const openid = await provider();
      const { raw } = request;
      const { protocol, host } = new URL(context.settings.publicUrl());
      // What the outside wrote here counts for nothing; the address of the console is what it says it is.
      for (const name of Object.keys(raw.headers)) if (name.startsWith('x-forwarded-')) delete raw.headers[name];
      raw.headers['x-forwarded-proto'] = protocol.slice(0, -1);
      raw.headers['x-forwarded-host'] = host;
      raw.headers.cookie = withoutCookie(raw.headers.cookie ?? '', 'zn_openid_session');
      Object.assign(raw, { originalUrl: `${PREFIX}${path}`, url: path });
      for (const [name, value] of Object.entries(reply.getHeaders()))
        if (value !== undefined) reply.raw.setHeader(name, value);
      reply.hijack();
      await openid.callback()(raw, reply.raw);
    });
  });
}

/** It keeps no session between two authorizations: ours is the one that can be seen and revoked. */
function withoutCookie(header: string, name: string): string {
  const parts = header.split(/; */).filter((part) => !part.startsWith(`${name}=`) && !part.startsWith(`${name}.sig=`));
  return parts.join('; ');
}

/** `prompt=none` alone, in our own words; see `SILENT`. */
function silenced(method: string, path: string): string {
  const [head, text] = path.split('?', 2);
  const query = new URLSearchParams(text ?? '');
  query.delete(SILENT);
  if (method !== 'GET' || head !== '/auth') return path;
  if (query.getAll('prompt').join() === 'none') {
    query.delete('prompt');
    query.set(SILENT, '1');
  }
  return `${head}?${query}`;
}

function isSilent(interaction: Interaction): boolean {
  return (interaction.params as Record<string, unknown>)[SILENT] === '1';
}

function scopesOf(interaction: Interaction): Scope[] {
  const asked = String((interaction.params as { scope?: unknown }).scope ?? '').split(' ');
  return SCOPES.filter((scope) => asked.includes(scope));
}

function consentPage(t: Texts, here: string, party: RelyingParty, caller: Caller, scopes: readonly Scope[]): Page {
  return {
    title: party.name,
    content: html`<h1>${party.name}</h1>
<p>${t.openid.asks(caller.actor.name)}</p>
<ul>${scopes.map((scope) => html`<li>${t.openid.scopes[scope]}</li>`)}</ul>
<form class="stack" method="post" action="${here}">
<button name="decision" value="allow">${t.openid.allow}</button>
<button class="quiet" name="decision" value="refuse">${t.device.refuse}</button>
</form>`,
  };
}
