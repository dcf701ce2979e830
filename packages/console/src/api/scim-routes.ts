/**
 * SCIM 2.0 (RFC 7643, 7644): the directory of a company says who is there. Not in the route table, because its errors,
 * media type and paging are its own; each request goes: credential, its scope, the provider, the handler, the answer. The
 * credential is an API key that names this as a scope; sessions and keys that may do everything do not count here.
 */
import { REASONS, type Reason, roleHas, scopesCover } from '@zeronaut/model';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Context } from '../domains/context.ts';
import { findEnabledProvider } from '../domains/identity-providers/provider-rows.ts';
import { parsePatch } from '../domains/scim/patch.ts';
import * as groups from '../domains/scim/scim-groups.ts';
import { type Directory, listResponse, parseListQuery } from '../domains/scim/scim-resource.ts';
import { resourceTypes, schemas, serviceProviderConfig } from '../domains/scim/scim-schemas.ts';
import * as users from '../domains/scim/scim-users.ts';
import { RateLimit, rateLimitKey } from '../domains/sessions/rate-limit.ts';
import { Refusal } from '../store/refusal.ts';
import { identify } from './identify.ts';
import { originOf } from './origin.ts';

/** Requests of one key: directories ask for 25 a second at least. */
const BURST = 500;
const INTERVAL_MS = 25;
/** Requests without a good credential, of one address. */
const STRANGERS_BURST = 60;
const STRANGERS_INTERVAL_MS = 500;

const MEDIA_TYPE = 'application/scim+json; charset=utf-8';

type Handler = (directory: Directory, request: FastifyRequest, reply: FastifyReply) => unknown;

export function registerScim(app: FastifyInstance, context: Context, toRefusal: (error: Error) => Refusal): void {
  const limit = new RateLimit({ burst: BURST, intervalMs: INTERVAL_MS });
  const strangers = new RateLimit({ burst: STRANGERS_BURST, intervalMs: STRANGERS_INTERVAL_MS });

  app.register(
    async (scim) => {
      scim.addContentTypeParser('application/scim+json', { parseAs: 'string' }, (request, body, done) => {
        if (body === '') done(null, undefined);
        else void scim.getDefaultJsonParser('error', 'error')(request, body as string, done);
      });
      scim.setErrorHandler((error: Error, request, reply) => {
        const refusal = toRefusal(error);
        if (refusal.status >= 500) request.log.error({ err: error }, 'SCIM request failed');
        return sendScimError(reply, refusal);
      });
      scim.all('/*', (_request, reply) => sendScimError(reply, new Refusal('api.not_found')));

      const route = (method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, handler: Handler) =>
        scim.route({
          method,
          url: path,
          handler: async (request, reply) => {
            const directory = await directoryOf(request);
            const result = directory instanceof Refusal ? directory : await handler(directory, request, reply);
            if (reply.sent) return reply;
            if (result instanceof Refusal) return sendScimError(reply, result);
            if (result === undefined) return reply.code(204).send();
            return reply.type(MEDIA_TYPE).send(JSON.stringify(result));
          },
        });

      async function directoryOf(request: FastifyRequest): Promise<Directory | Refusal> {
        const { address } = originOf(request);
        const limited = (waitMs: number) =>
          new Refusal('api.rate_limited', { retryAfterSeconds: Math.ceil(waitMs / 1000) });
        const caller = request.headers.authorization === undefined ? null : await identify(context, request);
        if (caller === null || caller instanceof Refusal) {
          const waitMs = strangers.take(rateLimitKey(address), context.clock());
          return waitMs > 0 ? limited(waitMs) : (caller ?? new Refusal('api.unauthenticated'));
        }
        const waitMs = limit.take(caller.credentialId, context.clock());
        if (waitMs > 0) return limited(waitMs);
        const { provider: id } = request.params as { provider: string };
        const speaks =
          caller.credential === 'api_key' &&
          caller.scopes !== null &&
          roleHas(caller.role, 'scim:write') &&
          scopesCover(caller.scopes, 'scim:write', id);
        if (!speaks) return new Refusal('scim.not_allowed');
        const provider = await findEnabledProvider(context.store.db, id);
        // A provider of another organization does not exist for this key.
        if (provider instanceof Refusal || provider.organizationId !== caller.organizationId) {
          return new Refusal('idp.not_found');
        }
        return { context, provider, caller, baseUrl: `${context.settings.publicUrl()}/scim/v2/${provider.id}` };
      }

      registerDescriptions(route);
      registerUsers(route);
      registerGroups(route);
    },
    { prefix: '/scim/v2/:provider' },
  );
}

type Route = (method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, handler: Handler) => void;

function registerDescriptions(route: Route): void {
  const all = (list: readonly object[]) =>
    listResponse(list.length, { filter: null, offset: 0, count: list.length }, list as never);
  const one = (list: readonly { id: string }[], request: FastifyRequest) =>
    list.find(({ id }) => id === idOf(request)) ?? new Refusal('api.not_found');
  route('GET', '/ServiceProviderConfig', ({ baseUrl }) => serviceProviderConfig(baseUrl));
  route('GET', '/ResourceTypes', ({ baseUrl }) => all(resourceTypes(baseUrl)));
  route('GET', '/ResourceTypes/:id', ({ baseUrl }, request) => one(resourceTypes(baseUrl), request));
  route('GET', '/Schemas', ({ baseUrl }) => all(schemas(baseUrl)));
  route('GET', '/Schemas/:id', ({ baseUrl }, request) => one(schemas(baseUrl), request));
}

function registerUsers(route: Route): void {
  route('GET', '/Users', async (directory, request) => {
    const query = parseListQuery(request.query as Record<string, unknown>);
    return query instanceof Refusal ? query : await users.listScimUsers(directory, query);
  });
  route('POST', '/Users', async (directory, request, reply) =>
    created(reply, await users.createScimUser(directory, request.body)),
  );
  route('GET', '/Users/:id', async (directory, request, reply) =>
    shown(request, reply, await users.getScimUser(directory, idOf(request))),
  );
  route('PUT', '/Users/:id', async (directory, request, reply) => {
    const version = versionOf(request);
    if (version instanceof Refusal) return version;
    return tagged(reply, await users.replaceScimUser(directory, idOf(request), version, request.body));
  });
  route('PATCH', '/Users/:id', async (directory, request, reply) => {
    const [version, changes] = [versionOf(request), parsePatch(request.body)];
    if (version instanceof Refusal) return version;
    if (changes instanceof Refusal) return changes;
    return tagged(reply, await users.patchScimUser(directory, idOf(request), version, changes));
  });
  route('DELETE', '/Users/:id', async (directory, request) => {
    const version = versionOf(request);
    return version instanceof Refusal ? version : await users.deleteScimUser(directory, idOf(request), version);
  });
}

function registerGroups(route: Route): void {
  route('GET', '/Groups', async (directory, request) => {
    const query = parseListQuery(request.query as Record<string, unknown>);
    return query instanceof Refusal ? query : await groups.listScimGroups(directory, query, withMembers(request));
  });
  route('POST', '/Groups', async (directory, request, reply) =>
    created(reply, await groups.createScimGroup(directory, request.body)),
  );
  route('GET', '/Groups/:id', async (directory, request, reply) =>
    shown(request, reply, await groups.getScimGroup(directory, idOf(request), withMembers(request))),
  );
  route('PUT', '/Groups/:id', async (directory, request, reply) => {
    const version = versionOf(request);
    if (version instanceof Refusal) return version;
    return tagged(reply, await groups.replaceScimGroup(directory, idOf(request), version, request.body));
  });
  route('PATCH', '/Groups/:id', async (directory, request, reply) => {
    const [version, changes] = [versionOf(request), parsePatch(request.body)];
    if (version instanceof Refusal) return version;
    if (changes instanceof Refusal) return changes;
    return tagged(reply, await groups.patchScimGroup(directory, idOf(request), version, changes));
  });
  route('DELETE', '/Groups/:id', async (directory, request) => {
    const version = versionOf(request);
    return version instanceof Refusal ? version : await groups.deleteScimGroup(directory, idOf(request), version);
  });
}

function idOf(request: FastifyRequest): string {
  return (request.params as { id: string }).id;
}

/** Members of a large group are left out where the directory says that it does not want them. */
function withMembers(request: FastifyRequest): boolean {
  const { attributes, excludedAttributes } = request.query as Record<string, unknown>;
  const names = (value: unknown) => (typeof value === 'string' ? value.toLowerCase().split(/[\s,]+/) : null);
  if (names(excludedAttributes)?.includes('members') === true) return false;
  return names(attributes)?.some((name) => name.startsWith('members')) ?? true;
}

/** `If-Match`, weak or not; null: whatever the version is. */
function versionOf(request: FastifyRequest): number | null | Refusal {
  const header = request.headers['if-match'];
  if (header === undefined || header === '*') return null;
  const match = /^(?:W\/)?"(\d{1,9})"$/.exec(header);
  return match === null ? new Refusal('api.precondition_failed') : Number(match[1]);
}

type Resource = Record<string, unknown> & { readonly id: string };

function tagged(reply: FastifyReply, result: Resource | Refusal): Resource | Refusal {
  if (result instanceof Refusal) return result;
  const { version, location } = result.meta as { version: string; location: string };
  reply.header('etag', version).header('content-location', location);
  return result;
}

function created(reply: FastifyReply, result: Resource | Refusal): Resource | Refusal {
  if (result instanceof Refusal) return result;
  reply.code(201).header('location', (result.meta as { location: string }).location);
  return tagged(reply, result);
}

function shown(request: FastifyRequest, reply: FastifyReply, result: Resource | Refusal): unknown {
  const answer = tagged(reply, result);
  if (answer instanceof Refusal) return answer;
  if (request.headers['if-none-match'] !== (answer.meta as { version: string }).version) return answer;
  return reply.code(304).send();
}

const SCIM_TYPES: Partial<Record<Reason, string>> = {
  'scim.syntax_invalid': 'invalidSyntax',
  'scim.filter_invalid': 'invalidFilter',
  'scim.path_invalid': 'invalidPath',
  'scim.value_invalid': 'invalidValue',
  'scim.read_only': 'mutability',
  'scim.taken': 'uniqueness',
  'api.invalid': 'invalidSyntax',
};

/** RFC 7644, 3.12. `reason` and `requestId` are additions of ours. */
function sendScimError(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const { status, title } = REASONS[refusal.reason];
  if (refusal.retryAfterSeconds !== undefined) reply.header('retry-after', String(refusal.retryAfterSeconds));
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="zeronaut"');
  const scimType = SCIM_TYPES[refusal.reason];
  return reply
    .code(status)
    .type(MEDIA_TYPE)
    .send(
      JSON.stringify({
        schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
        status: String(status),
        ...(scimType === undefined ? {} : { scimType }),
        detail: refusal.detail === undefined ? title : `${title}: ${refusal.detail}`,
        reason: refusal.reason,
        requestId: reply.request.id,
      }),
    );
}
