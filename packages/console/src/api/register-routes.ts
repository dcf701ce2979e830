import { Readable } from 'node:stream';
import {
  PERMISSIONS,
  type Permission,
  parseScope,
  type RouteDefinition,
  type RouteId,
  routes,
  scopesCover,
} from '@zeronaut/model';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Caller, Context } from '../domains/context.ts';
import { reportAdministration } from '../domains/policies/report-administration.ts';
import { RateLimit, rateLimitKey } from '../domains/sessions/rate-limit.ts';
import { requireFreshSession } from '../domains/sessions/step-up.ts';
import { Refusal } from '../store/refusal.ts';
import { tellBroken } from './broken-assertions.ts';
import { type Handlers, handlers } from './handlers.ts';
import { createIdempotency, type Idempotency, parseIdempotencyKey } from './idempotency.ts';
import { identify } from './identify.ts';
import { originOf } from './origin.ts';
import { sendOAuthError, sendProblem } from './problems.ts';
import { resourceOfCall } from './resource-of-call.ts';

/** Calls of routes that need no credentials, per address: enough for a fleet behind one address, too few to guess. */
const ANONYMOUS_BURST = 60;
const ANONYMOUS_INTERVAL_MS = 500;

/** The handler as the generic code below calls it; its real type was checked where it was written. */
type AnyHandler = (
  context: Context,
  call: {
    params: unknown;
    query: unknown;
    body: unknown;
    caller: Caller | null;
    origin: ReturnType<typeof originOf>;
    version: number | null;
    remember: Idempotency['remember'];
  },
) => unknown;

/**
 * Registers exactly the rows of the route table. Each request goes: credentials, same origin, permission, freshness, validation,
 * If-Match, Idempotency-Key, handler, answer. A row whose permission is not in the table of permissions is a bug and
 * ends the start.
 */
export function registerRoutes(app: FastifyInstance, context: Context, table: Handlers = handlers): void {
  const anonymous = new RateLimit({ burst: ANONYMOUS_BURST, intervalMs: ANONYMOUS_INTERVAL_MS });
  for (const [id, route] of Object.entries(routes) as [RouteId, RouteDefinition][]) {
    if (route.permission !== 'none' && !Object.hasOwn(PERMISSIONS, route.permission)) {
      throw new Error(`route ${id} has no known permission`);
    }
    const handler = table[id] as unknown as AnyHandler;
    const refuse = id.startsWith('oauth.') && route.permission === 'none' ? sendOAuthError : sendProblem;
    app.route({
      method: route.method,
      url: route.path,
      // HEAD comes with GET; answering it costs what GET costs.
      exposeHeadRoute: route.method === 'GET',
      handler: async (request, reply) => {
        const result = await serve(context, id, route, handler, anonymous, request, reply);
        if (result instanceof Refusal) return refuse(reply, result);
        return answer(reply, route, result);
      },
    });
  }
}

async function serve(
  context: Context,
  id: RouteId,
  route: RouteDefinition,
  handler: AnyHandler,
  anonymous: RateLimit,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const origin = originOf(request);
  let caller: Caller | null = null;
  if (route.permission === 'none') {
    const waitMs = id === 'health.get' ? 0 : anonymous.take(rateLimitKey(origin.address), context.clock());
    if (waitMs > 0) return new Refusal('api.rate_limited', { retryAfterSeconds: Math.ceil(waitMs / 1000) });
  } else {
    const found = await identify(context, request);
    if (found instanceof Refusal) return found;
    caller = found;
    if (!caller.permissions.has(route.permission)) {
      if (caller.withheld !== undefined) return caller.withheld;
      return new Refusal('api.forbidden', { detail: `${caller.role} lacks ${route.permission as Permission}` });
    }
    if (caller.scopes !== null && !caller.scopes.some((scope) => parseScope(scope)?.permission === route.permission)) {
      return new Refusal('api.scope_missing', { detail: `it takes the scope ${route.permission}` });
    }
    if (caller.wouldWithhold !== undefined) await reportAdministration(context, caller, id, route.permission);
  }
  if (caller !== null && route.stepUp === true) {
    const stale = await requireFreshSession(context.store.db, context, caller);
    if (stale !== null) return stale;
  }
  if (route.form !== true && isForm(request)) return new Refusal('api.media_type');

  const params = parse(route.params, request.params, 'params/');
  if (params instanceof Refusal) return params;
  const query = parse(route.query, request.query, 'query/');
  if (query instanceof Refusal) return query;
  const body = parse(route.body, request.body === undefined ? {} : request.body, '/');
  if (body instanceof Refusal) return body;

  if (caller !== null && route.permission !== 'none' && !scopesCover(caller.scopes, route.permission, null)) {
    const resourceId = await resourceOfCall(context, caller, route, { params, query, body });
    if (resourceId === null || !scopesCover(caller.scopes, route.permission, resourceId)) {
      return new Refusal('api.scope_missing', { detail: 'its scopes are bound to other resources' });
    }
  }

  const version = route.ifMatch === undefined ? null : parseIfMatch(request.headers['if-match'], route.ifMatch);
  if (version instanceof Refusal) return version;

  const key = route.idempotent === true ? parseIdempotencyKey(request.headers['idempotency-key']) : null;
  if (key instanceof Refusal) return key;
  const idempotency = key === null ? null : createIdempotency(context, caller!, id, key, body);
  const call = {
    params,
    query,
    body,
    caller,
    origin,
    version,
    remember: async (...args: Parameters<Idempotency['remember']>) => idempotency?.remember(...args),
  };
  const run = async () => {
    if (route.asserted !== true || caller === null) return await handler(context, call);
    return await tellBroken(context, caller, route, reply, () => handler(context, call));
  };
  if (idempotency === null) return await run();

  const before = await idempotency.replay();
  if (before !== null) return replayed(reply, before);
  const result = await run();
  // The same request may have been faster; its answer is then the answer to this one too.
  const meanwhile = result instanceof Refusal ? await idempotency.replay() : null;
  return meanwhile === null ? result : replayed(reply, meanwhile);
}

function replayed(reply: FastifyReply, before: { response: unknown } | Refusal): unknown {
  if (before instanceof Refusal) return before;
  reply.header('idempotent-replayed', 'true');
  return before.response;
}

function isForm(request: FastifyRequest): boolean {
  return (request.headers['content-type'] ?? '').toLowerCase().startsWith('application/x-www-form-urlencoded');
}

function parse(schema: z.ZodType | undefined, value: unknown, prefix: string): unknown {
  if (schema === undefined) return undefined;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  return new Refusal('api.invalid', {
    errors: parsed.error.issues.slice(0, 20).map((issue) => ({
      path: prefix + issue.path.map((part) => String(part).replaceAll('~', '~0').replaceAll('/', '~1')).join('/'),
      message: issue.message,
    })),
  });
}

function parseIfMatch(header: string | undefined, asked: true | 'optional'): number | null | Refusal {
  if (header === undefined) return asked === 'optional' ? null : new Refusal('api.precondition_required');
  const match = /^"(\d{1,9})"$/.exec(header);
  return match === null ? new Refusal('api.precondition_failed') : Number(match[1]);
}

function answer(reply: FastifyReply, route: RouteDefinition, result: unknown): FastifyReply {
  reply.code(route.status);
  if (route.download !== undefined) {
    return reply.type(route.download).send(Readable.from(result as AsyncIterable<Uint8Array>, { objectMode: false }));
  }
  if (route.response === undefined) return reply.send();
  const { version } = result as { version?: unknown };
  if (typeof version === 'number') reply.header('etag', `"${version}"`);
  return reply.type('application/json; charset=utf-8').send(JSON.stringify(result));
}
