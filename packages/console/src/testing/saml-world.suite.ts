import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { TestBrowser } from './browser.suite.ts';
import { type Fixture, startFixture, type TestOrganization } from './fixture.suite.ts';
import { createSamlPeer, type SamlPeer, type SamlPeerOptions } from './saml-peer.suite.ts';

export interface SamlWorld {
  readonly fixture: Fixture;
  readonly organization: TestOrganization;
  readonly peer: SamlPeer;
  readonly console: string;
  readonly provider: { readonly id: string; readonly version: number };
  /** To the provider's page and no further: the fields that it would post. */
  begin(browser: TestBrowser): Promise<Record<string, string>>;
  /** The last page. */
  signIn(browser: TestBrowser, next: string): Promise<string>;
  me(browser: TestBrowser): Promise<{
    reason?: string;
    user: { id: string; email: string; name: string; role: string; groups: string[] };
  }>;
}

/** A console with one organization, and a SAML provider of theirs. */
export async function samlWorld(
  t: TestContext,
  database: Parameters<typeof startFixture>[1],
  options: { peer?: SamlPeerOptions; settings?: object } = {},
): Promise<SamlWorld> {
  const fixture = await startFixture(t, database);
  const console = await fixture.listen();
  const organization = await fixture.organization();
  const peer = await createSamlPeer(t, () => fixture.clock.nowMs, options.peer);
  const answer = await organization.call('POST', '/api/v1/identity-providers', {
    name: 'corp',
    displayName: 'Corp',
    settings: { kind: 'saml', metadataUrl: peer.metadataUrl, ...options.settings },
    createUsers: true,
    groupMappings: [
      { from: 'Engineering', group: 'dev' },
      { from: 'platform-admins', group: 'ops', role: 'admin' },
    ],
  });
  assert.equal(answer.statusCode, 201, answer.body);
  const provider = answer.json();
  const domains = `/api/v1/identity-providers/${provider.id}/domains`;
  await organization.call('POST', domains, { domain: 'corp.example', proof: 'owner' });
  peer.start(await (await fetch(provider.addresses.samlMetadata)).text());

  async function formOf(browser: TestBrowser, query: string): Promise<Record<string, string>> {
    const page = await browser.get(`${console}/sign-in/with/${provider.id}${query}`);
    const text = await page.text();
    assert.equal(page.status, 200, text);
    return Object.fromEntries([...text.matchAll(/name="(\w+)" value="([^"]*)"/g)].map((match) => [match[1], match[2]]));
  }
  return {
    fixture,
    organization,
    peer,
    console,
    provider,
    begin: (browser) => formOf(browser, ''),
    async signIn(browser, next) {
      const fields = await formOf(browser, `?next=${encodeURIComponent(next)}`);
      const page = await browser.post(provider.addresses.callback, fields, { origin: peer.entityId });
      const text = await page.text();
      const onward = /<a id="next" href="([^"]+)"/.exec(text)?.[1]?.replaceAll('&amp;', '&');
      assert.ok(onward !== undefined, text);
      return await (await browser.get(new URL(onward, console).href)).text();
    },
    async me(browser) {
      const token = browser.cookie(console, 'zn_console');
      const response = await fetch(`${console}/api/v1/me`, { headers: { cookie: `zn_console=${token}` } });
      return (await response.json()) as Awaited<ReturnType<SamlWorld['me']>>;
    },
  };
}
