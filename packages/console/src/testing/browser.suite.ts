import assert from 'node:assert/strict';

/** As much of a browser as a sign-in needs: cookies by host, redirects, forms. One hop at a time is kept in `hops`. */
export class TestBrowser {
  readonly hops: string[] = [];
  readonly #cookies = new Map<string, Map<string, string>>();

  /** Follows redirects until there is none. */
  async get(url: string): Promise<Response> {
    return await this.#go('GET', url, null, {});
  }

  async post(url: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> {
    return await this.#go('POST', url, new URLSearchParams(fields).toString(), headers);
  }

  /** One request without following: for tests that change what comes back. */
  async hop(url: string): Promise<Response> {
    return await this.#once('GET', url, null, {});
  }

  cookie(url: string, name: string): string | null {
    return this.#cookies.get(new URL(url).hostname)?.get(name) ?? null;
  }

  /** Another browser that happens to have no cookies. */
  forget(): void {
    this.#cookies.clear();
  }

  async #go(method: string, url: string, body: string | null, headers: Record<string, string>): Promise<Response> {
    let at = url;
    let response = await this.#once(method, at, body, headers);
    for (let i = 0; response.status >= 300 && response.status < 400; i++) {
      assert.ok(i < 20, `redirected too often: ${this.hops.join(' ')}`);
      at = new URL(response.headers.get('location')!, at).href;
      response = await this.#once('GET', at, null, {});
    }
    return response;
  }

  async #once(method: string, url: string, body: string | null, headers: Record<string, string>): Promise<Response> {
    const { hostname } = new URL(url);
    const jar = this.#cookies.get(hostname) ?? new Map<string, string>();
    this.#cookies.set(hostname, jar);
    this.hops.push(`${method} ${url}`);
    const response = await fetch(url, {
      method,
      body,
      redirect: 'manual',
      headers: {
        ...headers,
        cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(body === null ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair, ...attributes] = cookie.split(';');
      const [name, value] = [pair!.slice(0, pair!.indexOf('=')), pair!.slice(pair!.indexOf('=') + 1)];
      const expires = attributes.find((text) => /^\s*expires=/i.test(text));
      if (value === '' || (expires !== undefined && Date.parse(expires.split('=')[1]!) < Date.now())) jar.delete(name);
      else jar.set(name, value);
    }
    return response;
  }
}
