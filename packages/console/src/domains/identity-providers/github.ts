/**
 * Sign-in with GitHub, which is OAuth 2.0 and no OpenID Connect: there is no ID token, no nonce, no audience, no logout
 * message. What stands in their place: the access token is fetched by us from GitHub over TLS with our client secret and
 * PKCE, is used at once to ask GitHub's own API who it belongs to, and is then forgotten. Because anybody can have a
 * GitHub account, membership of a named organization is asked for and required, never optional.
 */
import { createHash } from 'node:crypto';
import { email as emailSchema } from '@zeronaut/model';
import { z } from 'zod';
import { Refusal } from '../../store/refusal.ts';
import type { Context } from '../context.ts';
import type { AssertedIdentity } from './external-sign-in.ts';
import { openSecret, type Provider, providerAddresses } from './provider-rows.ts';
import type { FlowSecrets } from './sign-in-flows.ts';

const SCOPES = 'read:user user:email read:org';
/** Pages of teams, a hundred each. */
const MAX_PAGES = 10;

const tokenAnswer = z.object({ access_token: z.string().min(1).max(1024), token_type: z.string() });
const errorAnswer = z.object({ error: z.string().max(200), error_description: z.string().max(500).optional() });
const userAnswer = z.object({ id: z.int().positive(), login: z.string(), name: z.string().nullable().optional() });
const emailsAnswer = z.array(z.object({ email: z.string(), primary: z.boolean(), verified: z.boolean() }));
const membershipAnswer = z.object({ state: z.string(), organization: z.object({ login: z.string() }) });
const teamsAnswer = z.array(z.object({ slug: z.string(), organization: z.object({ login: z.string() }) }));

export function startGithub(context: Context, provider: Provider<'github'>, flow: FlowSecrets): URL {
  const url = new URL(`${provider.settings.webUrl.replace(/\/$/, '')}/login/oauth/authorize`);
  url.search = new URLSearchParams({
    client_id: provider.settings.clientId,
    redirect_uri: callbackOf(context, provider),
    scope: SCOPES,
    state: flow.state,
    code_challenge: createHash('sha256').update(flow.codeVerifier).digest('base64url'),
    code_challenge_method: 'S256',
    allow_signup: 'false',
  }).toString();
  return url;
}

function callbackOf(context: Context, provider: Provider<'github'>): string {
  return providerAddresses(context.settings.publicUrl(), provider.id, provider.kind).callback!;
}

export async function finishGithub(
  context: Context,
  provider: Provider<'github'>,
  flow: FlowSecrets,
  query: URLSearchParams,
): Promise<AssertedIdentity | Refusal> {
  const { settings } = provider;
  if (query.has('error')) return new Refusal('idp.refused', { detail: (query.get('error') ?? '').slice(0, 200) });
  const codes = query.getAll('code');
  if (codes.length !== 1 || codes[0] === '') return new Refusal('idp.malformed');
  const answer = await context.outbound.fetch(`${settings.webUrl.replace(/\/$/, '')}/login/oauth/access_token`, {
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      client_id: settings.clientId,
      client_secret: openSecret(context, provider) ?? '',
      code: codes[0]!,
      redirect_uri: callbackOf(context, provider),
      code_verifier: flow.codeVerifier,
    }).toString(),
  });
  const body = await readJson(answer);
  if (body instanceof Refusal) return body;
  // GitHub answers 200 also to a code that it refuses.
  const refused = errorAnswer.safeParse(body);
  if (refused.success) return new Refusal('idp.answer_invalid', { detail: refused.data.error });
  const token = tokenAnswer.safeParse(body);
  if (!token.success) return new Refusal('idp.answer_invalid', { detail: 'no access token' });
  return await identify(context, settings, token.data.access_token);
}

async function identify(
  context: Context,
  settings: Provider<'github'>['settings'],
  token: string,
): Promise<AssertedIdentity | Refusal> {
  const ask = async <T>(path: string, schema: z.ZodType<T>): Promise<T | Refusal> => {
    const answer = await context.outbound.fetch(settings.apiUrl.replace(/\/$/, '') + path, {
      headers: {
        accept: 'application/vnd.github+json',
        authorization: `Bearer ${token}`,
        'user-agent': 'zeronaut',
        'x-github-api-version': '2022-11-28',
      },
    });
    if (answer instanceof Response && answer.status === 404) return new Refusal('api.not_found');
    const body = await readJson(answer);
    if (body instanceof Refusal) return body;
    const parsed = schema.safeParse(body);
    return parsed.success
      ? parsed.data
      : new Refusal('idp.answer_invalid', { detail: `${path} is not as GitHub has it` });
  };
  const user = await ask('/user', userAnswer);
  if (user instanceof Refusal) return user;
  const groups: string[] = [];
  for (const organization of settings.organizations) {
    const membership = await ask(`/user/memberships/orgs/${organization}`, membershipAnswer);
    if (membership instanceof Refusal) {
      if (membership.reason === 'api.not_found') continue;
      return membership;
    }
    if (membership.state === 'active') groups.push(membership.organization.login.toLowerCase());
  }
  if (groups.length === 0) {
    return new Refusal('idp.refused', { detail: `${user.login} is in none of ${settings.organizations.join(', ')}` });
  }
  const members = new Set(groups);
  for (let page = 1; page <= MAX_PAGES; page++) {
    const teams = await ask(`/user/teams?per_page=100&page=${page}`, teamsAnswer);
    if (teams instanceof Refusal) return teams;
    for (const { slug, organization } of teams) {
      const login = organization.login.toLowerCase();
      if (members.has(login)) groups.push(`${login}/${slug}`);
    }
    if (teams.length < 100) break;
  }
  const emails = await ask('/user/emails', emailsAnswer);
  if (emails instanceof Refusal) return emails;
  const primary = emails.find((entry) => entry.primary && entry.verified);
  const address = emailSchema.safeParse(primary?.email ?? '');
  return {
    subject: String(user.id),
    email: address.success ? address.data : null,
    name: user.name ?? user.login,
    groups,
    providerSessionId: null,
  };
}

async function readJson(answer: Response | Refusal): Promise<unknown | Refusal> {
  if (answer instanceof Refusal) return answer;
  if (answer.status !== 200) return new Refusal('idp.answer_invalid', { detail: `status ${answer.status}` });
  try {
    return await answer.json();
  } catch {
    return new Refusal('idp.answer_invalid', { detail: 'the answer is no JSON' });
  }
}
