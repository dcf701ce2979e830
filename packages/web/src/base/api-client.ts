import {
  BROKEN_ASSERTIONS_HEADER,
  type BrokenAssertions,
  OWN_PAGE_HEADER,
  type Problem,
  type RouteId,
  type RouteInput,
  type RouteResponse,
  type Routes,
} from '@zeronaut/model';

export type RouteTable = Readonly<
  Record<RouteId, { readonly method: string; readonly path: string; readonly permission: string }>
>;

export interface CallOptions {
  /** The version that was read: sent as If-Match. */
  readonly version?: number;
  readonly signal?: AbortSignal;
}

export type Call = <Id extends RouteId>(
  id: Id,
  input: RouteInput<Routes[Id]>,
  options?: CallOptions,
) => Promise<RouteResponse<Routes[Id]>>;

/** A "no" of the console, or that it could not be asked (`reason` is then `web.unreachable`, without a request id). */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(`${problem.reason}: ${problem.title}`);
    this.problem = problem;
  }
}

/** There is none, or none that the caller may know of. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ApiProblem && error.problem.status === 404;
}

/**
 * Calls rows of the route table with the cookie of the browser; no credential is known here. `onBroken`: told when a change broke
 * assertions of policies, or some were broken before.
 */
export function createCall(
  table: RouteTable,
  send: typeof fetch,
  onBroken: (broken: BrokenAssertions) => void = () => undefined,
): Call {
  const ask = createAsk(table, send);
  return async (id, input, options = {}) => {
    const answer = await ask(id, input, options);
    const broken = answer.headers.get(BROKEN_ASSERTIONS_HEADER);
    if (broken !== null) onBroken(JSON.parse(broken) as BrokenAssertions);
    const text = await answer.text();
    return (text === '' ? undefined : JSON.parse(text)) as RouteResponse<Routes[typeof id]>;
  };
}

/** The same, of rows that answer with a file. */
export function createDownload(
  table: RouteTable,
  send: typeof fetch,
): <Id extends RouteId>(id: Id, input: RouteInput<Routes[Id]>) => Promise<Blob> {
  const ask = createAsk(table, send);
  return async (id, input) => {
    const answer = await ask(id, input, {});
    return await answer.blob().catch(() => {
      throw new ApiProblem(unreachable());
    });
  };
}

type Ask = <Id extends RouteId>(id: Id, input: RouteInput<Routes[Id]>, options: CallOptions) => Promise<Response>;

/** Resolves with an answer that is a yes. */
function createAsk(table: RouteTable, send: typeof fetch): Ask {
  return async (id, input, { version, signal }) => {
    const { method, path } = table[id];
    const { params, query, body } = input as {
      params?: Record<string, string>;
      query?: Record<string, unknown>;
      body?: unknown;
    };
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) search.set(name, String(value));
    const url =
      path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params?.[name] ?? '')) +
      (search.size === 0 ? '' : `?${search}`);
    const answer = await send(url, {
      method,
      headers: {
        accept: 'application/json',
        [OWN_PAGE_HEADER]: '1',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(version !== undefined && { 'if-match': `"${version}"` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal !== undefined && { signal }),
      credentials: 'same-origin',
      redirect: 'error',
    }).catch((error: unknown) => {
      if (signal?.aborted) throw error;
      throw new ApiProblem(unreachable());
    });
    if (!answer.ok) throw new ApiProblem(problemOf(await answer.text(), answer));
    return answer;
  };
}

function unreachable(): Problem {
  return {
    type: 'urn:zeronaut:reason:web.unreachable',
    title: 'The console does not answer',
    status: 0,
    reason: 'web.unreachable',
    requestId: '',
  };
}

/** A proxy between us and the console may answer in its own words. */
function problemOf(text: string, answer: Response): Problem {
  try {
    const value = JSON.parse(text) as Partial<Problem> | null;
    if (typeof value?.reason === 'string' && typeof value.title === 'string') {
      return { type: '', status: answer.status, requestId: '', ...value } as Problem;
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return {
    type: 'urn:zeronaut:reason:web.unreadable',
    title: `HTTP ${answer.status}`,
    status: answer.status,
    reason: 'web.unreadable',
    requestId: answer.headers.get('x-request-id') ?? '',
  };
}
