import type { Outbound } from '../../outbound/outbound.ts';
import { Refusal } from '../../store/refusal.ts';

/** Carries a refusal through a library that knows only thrown errors; `refusalIn` takes it out again. */
class RefusedFetch extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(`${refusal.reason}: ${refusal.detail ?? ''}`);
    this.refusal = refusal;
  }
}

/** The guarded way out in the shape of `fetch`, for libraries that take one. */
export function fetchThrough(outbound: Outbound) {
  return async (
    url: string | URL,
    init: { method?: string; headers?: Record<string, string> | [string, string][] | Headers; body?: unknown } = {},
  ): Promise<Response> => {
    const body = init.body;
    const answer = await outbound.fetch(String(url), {
      method: init.method ?? 'GET',
      headers: Object.fromEntries(new Headers(init.headers).entries()),
      ...(body === undefined || body === null
        ? {}
        : { body: body instanceof Uint8Array ? body : String(body as string | URLSearchParams) }),
    });
    if (answer instanceof Refusal) throw new RefusedFetch(answer);
    return answer;
  };
}

export function refusalIn(error: unknown): Refusal | null {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof RefusedFetch) return at.refusal;
  return null;
}
