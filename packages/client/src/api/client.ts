import type { KeyObject } from 'node:crypto';
import { hostname } from 'node:os';
import {
  BROKEN_ASSERTIONS_HEADER,
  type BrokenAssertions,
  brokenAssertions,
  DEVICE_PROOF_HEADER,
  oauthError,
  parseJson,
  problem,
  type RouteDefinition,
  type RouteId,
  type RouteInput,
  type RouteResponse,
  type Routes,
  routes,
} from '@zeronaut/model';
import type { z } from 'zod';
import { proveDevice } from '../profile/device-proof.ts';
import { softwareVersion } from '../version.ts';
import { ApiError, ConsoleUnreachable } from './api-error.ts';

/** An answer of the API is never larger than this (bytes); what is, does not come from a console. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

export interface CallOptions {
  /** Default 10 s, for everything from the dial to the last byte. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Repeating the call with the same key and body has no further effect (routes that are `idempotent`). */
  readonly idempotencyKey?: string;
  /** The ETag that was read (routes with `ifMatch`). */
  readonly ifMatch?: string;
  /** Proves this key in the place of that of the enrolled device. */
  readonly deviceKey?: KeyObject;
}

/**
 * The console's API by route id, from the same table that the console serves. Rejects with `ApiError` when the console
 * says no and with `ConsoleUnreachable` when it says nothing; with the abort reason when `signal` ends it.
 */
export class ApiClient {
  readonly consoleUrl: string;
  readonly #token: string | null;
  /** Shown to whoever approves a device, and in lists of sessions. */
  readonly #userAgent = `zeronaut/${softwareVersion()} (${hostname().replace(/[^\w.-]/g, '')})`;

  /** Asked for each call: a device may be enrolled meanwhile. */
  readonly #deviceKey: () => KeyObject | null;

  /** Told when an answer says that the change broke assertions of policies, or that some are broken. */
  onBrokenAssertions: (broken: BrokenAssertions) => void = () => undefined;

  constructor(options: { consoleUrl: string; token: string | null; deviceKey?: () => KeyObject | null }) {
    this.#deviceKey = options.deviceKey ?? (() => null);
    this.consoleUrl = options.consoleUrl.replace(/\/+$/, '');
    this.#token = options.token;
  }

  async call<Id extends RouteId>(
    routeId: Id,
    input: RouteInput<Routes[Id]>,
    options: CallOptions = {},
  ): Promise<RouteResponse<Routes[Id]>> {
    const route: RouteDefinition = routes[routeId];
    const parts = input as { params?: Record<string, unknown>; query?: Record<string, unknown>; body?: unknown };
    const headers: Record<string, string> = { accept: 'application/json', 'user-agent': this.#userAgent };
    const url = `${this.consoleUrl}${fillPath(route.path, parts.params, parts.query)}`;
    this.#identify(headers, route.method, url, options.deviceKey);
    if (parts.body !== undefined) headers['content-type'] = 'application/json';
    if (options.idempotencyKey !== undefined) headers['idempotency-key'] = options.idempotencyKey;
    if (options.ifMatch !== undefined) headers['if-match'] = options.ifMatch;

    const timeout = AbortSignal.timeout(options.timeoutMs ?? 10_000);
    const answer = await this.#fetch(url, {
      method: route.method,
      headers,
      ...(parts.body !== undefined && { body: JSON.stringify(parts.body) }),
      // A redirect would carry the credential to wherever it points.
      redirect: 'manual',
      signal: options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]),
    });
    if (answer.broken !== null) this.onBrokenAssertions(answer.broken);
    if (answer.status === route.status) return this.#parseResponse(route, answer) as RouteResponse<Routes[Id]>;
    const said = problem.safeParse(parseJson(answer.text));
    if (said.success) throw new ApiError(said.data);
    const saidByOAuth = oauthError.safeParse(parseJson(answer.text));
    if (saidByOAuth.success) {
      const { reason, requestId, error_description: title } = saidByOAuth.data;
      throw new ApiError({ type: 'about:blank', title, status: answer.status, reason, requestId });
    }
    throw new ConsoleUnreachable(this.consoleUrl, `HTTP status ${answer.status}, which is not an answer of the API`);
  }

  /** A route that answers with a file: its bytes as they come, without an end to the time that it may take. */
  async download<Id extends RouteId>(
    routeId: Id,
    body: unknown,
    options: Pick<CallOptions, 'signal'> = {},
  ): Promise<AsyncIterable<Uint8Array>> {
    const route: RouteDefinition = routes[routeId];
    const headers: Record<string, string> = { 'user-agent': this.#userAgent, 'content-type': 'application/json' };
    this.#identify(headers, route.method, `${this.consoleUrl}${route.path}`);
    const init = {
      ...{ method: route.method, headers, body: JSON.stringify(body), redirect: 'manual' as const },
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    };
    let response: Response;
    try {
      response = await fetch(`${this.consoleUrl}${route.path}`, init);
    } catch (error) {
      throw new ConsoleUnreachable(this.consoleUrl, whyUnreachable(error as Error), error);
    }
    if (response.status === route.status && response.body !== null) return response.body;
    const said = problem.safeParse(parseJson(await response.text()));
    if (said.success) throw new ApiError(said.data);
    throw new ConsoleUnreachable(this.consoleUrl, `HTTP status ${response.status}, which is not an answer of the API`);
  }

  #identify(headers: Record<string, string>, method: string, url: string, key = this.#deviceKey()): void {
    const token = this.#token;
    if (token === null) return;
    headers.authorization = `Bearer ${token}`;
    if (key !== null) headers[DEVICE_PROOF_HEADER] = proveDevice(key, { method, url, token });
  }

  async #fetch(
    url: string,
    init: RequestInit,
  ): Promise<{ status: number; text: string; broken: BrokenAssertions | null }> {
    try {
      const response = await fetch(url, init);
      const length = Number(response.headers.get('content-length') ?? '0');
      if (length > MAX_ANSWER_BYTES) throw new Error('the answer is too large');
      const told = brokenAssertions.safeParse(parseJson(response.headers.get(BROKEN_ASSERTIONS_HEADER) ?? ''));
      return { status: response.status, text: await response.text(), broken: told.success ? told.data : null };
    } catch (error) {
      if (init.signal?.aborted && (init.signal.reason as Error).name !== 'TimeoutError') throw init.signal.reason;
      throw new ConsoleUnreachable(this.consoleUrl, whyUnreachable(error as Error), error);
    }
  }

  #parseResponse(route: RouteDefinition, answer: { text: string }): unknown {
    if (route.response === undefined) return undefined;
    const parsed = parseTolerant(route.response, parseJson(answer.text));
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0]!;
    const where = issue.path.length === 0 ? 'the answer' : issue.path.join('.');
    throw new ConsoleUnreachable(this.consoleUrl, `${where} is not what this version expects: ${issue.message}`);
  }
}

/** Routes that answer page by page. */
type ListRouteId = {
  [Id in RouteId]: RouteResponse<Routes[Id]> extends { items: unknown[]; nextCursor: string | null } ? Id : never;
}[RouteId];
type ParamsOf<Id extends RouteId> = RouteInput<Routes[Id]> extends { params: infer P } ? [params: P] : [];
type ItemOf<Id extends ListRouteId> = RouteResponse<Routes[Id]> extends { items: (infer T)[] } ? T : never;

/** Every page of a list route, in order. */
export async function listAll<Id extends ListRouteId>(
  api: ApiClient,
  routeId: Id,
  filter: Readonly<Record<string, string | undefined>> = {},
  ...[params]: ParamsOf<Id>
): Promise<ItemOf<Id>[]> {
  const items: ItemOf<Id>[] = [];
  let cursor: string | null = null;
  do {
    const query: Record<string, unknown> = {
      ...filter,
      limit: 500,
      ...(cursor !== null && { cursor }),
    };
    const input: object = { params, query };
    const page = (await api.call(routeId, input as RouteInput<Routes[Id]>)) as {
      items: ItemOf<Id>[];
      nextCursor: string | null;
    };
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return items;
}

function fillPath(path: string, params: Record<string, unknown> = {}, query: Record<string, unknown> = {}): string {
  const filled = path.replace(/:([a-zA-Z]+)/g, (_, name: string) => encodeURIComponent(String(params[name])));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  return search.size === 0 ? filled : `${filled}?${search}`;
}

/**
 * The schemas refuse unknown keys, which is right for what comes in; but a console that is newer than we may say more
 * than we know. Unknown keys are left out, everything else must be as expected.
 */
function parseTolerant(schema: z.ZodType, value: unknown): z.ZodSafeParseResult<unknown> {
  const strict = schema.safeParse(value);
  if (strict.success || value === null || typeof value !== 'object') return strict;
  for (const issue of strict.error.issues) {
    if (issue.code !== 'unrecognized_keys') return strict;
    let holder: unknown = value;
    for (const step of issue.path) holder = (holder as Record<PropertyKey, unknown>)[step];
    for (const key of issue.keys) delete (holder as Record<string, unknown>)[key];
  }
  return schema.safeParse(value);
}

function whyUnreachable(error: Error): string {
  if (error.name === 'TimeoutError') return 'no answer in time';
  const cause = error.cause as { code?: string; message?: string } | undefined;
  switch (cause?.code) {
    case 'ECONNREFUSED':
      return 'connection refused';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the host name cannot be resolved';
    default:
      return cause?.message ?? error.message;
  }
}
