import { type RouteId, type RouteInput, type RouteResponse, type Routes, routes } from '@zeronaut/model';

/** An answer of the console that is no success. */
export class ApiRefusal extends Error {
  readonly status: number;
  readonly reason: string;

  constructor(route: string, status: number, body: string) {
    super(`${route}: ${status} ${body}`);
    this.status = status;
    this.reason = /"reason":"([^"]+)"/.exec(body)?.[1] ?? '';
  }
}

/** The console's API as a program of somebody else would use it: by the published routes, with fetch. */
export class Api {
  readonly #consoleUrl: string;
  readonly #token: string | null;

  constructor(consoleUrl: string, token: string | null = null) {
    this.#consoleUrl = consoleUrl;
    this.#token = token;
  }

  as(token: string): Api {
    return new Api(this.#consoleUrl, token);
  }

  /** `version`: sent as If-Match. */
  async call<Id extends RouteId>(
    id: Id,
    input: RouteInput<Routes[Id]>,
    version?: number,
  ): Promise<RouteResponse<Routes[Id]>> {
    const { method, path } = routes[id];
    const { params, query, body } = input as {
      params?: Record<string, string>;
      query?: Record<string, unknown>;
      body?: unknown;
    };
    const url = new URL(
      path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params![name]!)),
      this.#consoleUrl,
    );
    for (const [name, value] of Object.entries(query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const response = await fetch(url, {
      method,
      headers: {
        ...(this.#token !== null && { authorization: `Bearer ${this.#token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(version !== undefined && { 'if-match': `"${version}"` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(10_000),
    });
    const text = await response.text();
    if (!response.ok) throw new ApiRefusal(id, response.status, text);
    return (text === '' ? undefined : JSON.parse(text)) as RouteResponse<Routes[Id]>;
  }
}
