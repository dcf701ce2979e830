import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { type Fixture, startFixture, type TestOrganization } from './fixture.suite.ts';

const PASSWORD = 'plum violin harbour seven';
export const REDIRECT = 'https://wiki.example/oauth2/callback';
export const insecure = { execute: [client.allowInsecureRequests] };

/** A browser as far as the flow needs one: cookies by path, no scripts, redirects and forms by hand. */
export class ServiceBrowser {
  readonly #cookies = new Map<string, { value: string; path: string }>();
  readonly #origin: string;

  constructor(origin: string) {
    this.#origin = origin;
  }

  async open(url: string, init: { method?: string; body?: URLSearchParams; site?: string } = {}) {
    const at = new URL(url, this.#origin);
    const cookie = [...this.#cookies]
      .filter(([, { path }]) => at.pathname.startsWith(path))
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ');
    const response = await fetch(at, {
      method: init.method ?? 'GET',
      redirect: 'manual',
      headers: { cookie, origin: this.#origin, 'sec-fetch-site': init.site ?? 'same-origin' },
      ...(init.body === undefined ? {} : { body: init.body }),
    });
    for (const text of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(text)!;
      const path = /path=([^;]+)/i.exec(text)?.[1] ?? '/';
      if (value === '' || /expires=Thu, 01 Jan 1970/.test(text)) this.#cookies.delete(name!);
      else this.#cookies.set(name!, { value: value!, path });
    }
    return {
      status: response.status,
      location: response.headers.get('location'),
      body: await response.text(),
      url: at.href,
    };
  }

  /** Follows redirects and pages that lead on, until a page that waits for a person, or another site. */
  async follow(url: string, init: Parameters<ServiceBrowser['open']>[1] = {}) {
    let answer = await this.open(url, init);
    for (let steps = 0; steps < 12; steps++) {
      const next = answer.location ?? /id="next" href="([^"]+)"/.exec(answer.body)?.[1]?.replaceAll('&amp;', '&');
      if (next === undefined) return answer;
      const target = new URL(next, answer.url);
      if (target.origin !== this.#origin) return { ...answer, location: target.href };
      answer = await this.open(target.href);
    }
    throw new Error('it leads on for ever');
  }

  async signIn(email: string, next: string) {
    return await this.follow('/sign-in', {
      method: 'POST',
      body: new URLSearchParams({ email, password: PASSWORD, next }),
    });
  }
}

export interface Party {
  readonly id: string;
  readonly secret: string;
  readonly config: client.Configuration;
}

export async function newParty(ours: TestOrganization, url: string, more: object = {}): Promise<Party> {
  const body = { name: 'Wiki', redirectUris: [REDIRECT], ...more };
  const answer = await ours.call('POST', '/api/v1/relying-parties', body);
  assert.equal(answer.statusCode, 201, answer.body);
  const { relyingParty, secret } = answer.json();
  assert.equal(relyingParty.issuer, `${url}/oidc`);
  const config = await client.discovery(
    new URL(relyingParty.issuer),
    relyingParty.id,
    secret ?? undefined,
    secret === null ? client.None() : client.ClientSecretBasic(secret),
    insecure,
  );
  return { id: relyingParty.id, secret, config };
}

export async function authorization(party: Party, more: Record<string, string> = {}) {
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const nonce = client.randomNonce();
  const parameters = {
    redirect_uri: REDIRECT,
    scope: 'openid email profile groups offline_access',
    prompt: 'consent',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
    ...more,
  };
  const url = client.buildAuthorizationUrl(party.config, parameters);
  const redeem = (callback: string) =>
    client.authorizationCodeGrant(party.config, new URL(callback), {
      pkceCodeVerifier: verifier,
      expectedState: state,
      expectedNonce: nonce,
    });
  return { url: url.href, redeem, verifier };
}

export async function openidWorld(t: Parameters<typeof startFixture>[0], database: Parameters<typeof startFixture>[1]) {
  const fixture: Fixture = await startFixture(t, database);
  const url = await fixture.listen();
  const ours = await fixture.organization();
  const { user } = await ours.user('member', { email: `ann-${ours.id.slice(-8)}@example.com`, password: PASSWORD });
  return { fixture, url, ours, user, party: (more: object = {}) => newParty(ours, url, more) };
}

export const nextOf = (page: { body: string }) =>
  /name="next" value="([^"]+)"/.exec(page.body)![1]!.replaceAll('&amp;', '&');
export const allow = { method: 'POST', body: new URLSearchParams({ decision: 'allow' }) };

/** Signed in and allowed, up to the tokens. */
export async function tokensOf(browser: ServiceBrowser, party: Party, email: string) {
  const flow = await authorization(party);
  const page = await browser.follow(flow.url, { site: 'cross-site' });
  const consent = page.url.includes('/sign-in') ? await browser.signIn(email, nextOf(page)) : page;
  const back = consent.location?.startsWith(REDIRECT) ? consent : await browser.follow(consent.url, allow);
  return { tokens: await flow.redeem(back.location!), callback: back.location!, flow };
}
