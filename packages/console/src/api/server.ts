import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import cookie from '@fastify/cookie';
import { createId, Fault, routes } from '@zeronaut/model';
import fastify, {
  type ConnectionError,
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  LogController,
} from 'fastify';
import type { Context } from '../domains/context.ts';
import { isLiveUpgrade, registerLive } from '../live/register-live.ts';
import { Refusal } from '../store/refusal.ts';
import { isUnavailable } from '../store/store.ts';
import { createHostGuard } from './guards.ts';
import { sendProblem, toProblem } from './problems.ts';
import { registerRoutes } from './register-routes.ts';
import { registerScim } from './scim-routes.ts';
import { addSecurityHeaders } from './security-headers.ts';

const BODY_LIMIT_BYTES = 1024 * 1024;
const REQUEST_TIMEOUT_MS = 30_000;

export interface ApiOptions {
  readonly log: FastifyBaseLogger;
  /** Bound to loopback: only names of this machine are answered. */
  readonly loopbackOnly: boolean;
  /** Addresses or networks of proxies whose `X-Forwarded-*` are believed. Default: none. */
  readonly trustedProxies?: readonly string[];
  /** Of live updates. Default: 15 s. */
  readonly heartbeatMs?: number;
  /** Further routes: the pages. */
  readonly register?: (app: FastifyInstance, context: Context) => void;
}

/** The HTTP side of the console, without a listener of its own. */
export async function createApi(context: Context, options: ApiOptions): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: options.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Ids of callers are not taken over: they end up in the log and in the audit chain.
    requestIdHeader: false,
    genReqId: () => createId('request'),
    trustProxy: options.trustedProxies === undefined ? false : [...options.trustedProxies],
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 128, caseSensitive: true },
    return503OnClosing: true,
    // Everything else that asks for another protocol is served as the HTTP/1.1 that it is (RFC 9110, 7.8).
    http: { shouldUpgradeCallback: isLiveUpgrade },
    // A URL that cannot be decoded never reaches a route or the handlers below.
    frameworkErrors: (error, _request, reply) => {
      sendProblem(reply as unknown as FastifyReply, toRefusal(error));
    },
    clientErrorHandler: refuseConnection,
  });
  addSecurityHeaders(app);
  const guardHost = createHostGuard({ loopbackOnly: options.loopbackOnly, publicUrl: context.settings.publicUrl });
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    const refusal = guardHost(request.headers.host);
    if (refusal !== null) return sendProblem(reply, refusal);
  });
  app.addHook('onResponse', async (request, reply) => {
    request.log.info(
      {
        method: request.method,
        // The route, not the URL: a path or query may carry a secret (a setup link).
        route: request.routeOptions.url ?? '',
        status: reply.statusCode,
        address: request.ip,
        ms: Math.round(reply.elapsedTime * 10) / 10,
      },
      'request',
    );
  });

  await app.register(cookie);
  app.removeContentTypeParser(['text/plain', 'application/json']);
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    // Many clients name the type also where they send nothing, above all with DELETE.
    if (body === '') done(null, undefined);
    else void parseJson(request, body as string, done);
  });
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: BODY_LIMIT_BYTES },
    (_request, body, done) => done(null, parseForm(body as string)),
  );

  app.setErrorHandler((error: FastifyError, request, reply) => {
    const refusal = toRefusal(error);
    if (refusal.status >= 500) request.log.error({ err: error }, 'request failed');
    return sendProblem(reply, refusal, refusal.reason === 'api.invalid' ? 400 : refusal.status);
  });
  app.setNotFoundHandler((request, reply) => {
    const methods = methodsAt(request.url.split('?', 1)[0]!);
    if (methods.length > 0) reply.header('allow', methods.join(', '));
    return methods.length > 0
      ? sendProblem(reply, new Refusal('api.not_found', { detail: `use ${methods.join(' or ')}` }), 405)
      : sendProblem(reply, new Refusal('api.not_found'));
  });

  registerRoutes(app, context);
  registerScim(app, context, (error) => toRefusal(error as FastifyError));
  registerLive(app, context, options.heartbeatMs === undefined ? {} : { heartbeatMs: options.heartbeatMs });
  options.register?.(app, context);
  return app;
}

const ROUTE_PATTERNS = Object.values(routes).map(({ method, path }) => ({
  method,
  pattern: new RegExp(`^${path.replaceAll(/:[A-Za-z]+/g, '[^/]+')}$`),
}));

/** What the route table knows at a path, for 405 instead of 404 (RFC 9110, 15.5.6). */
function methodsAt(path: string): string[] {
  return ROUTE_PATTERNS.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
}

/** Bytes that are no HTTP: there is no request to answer to, so the problem is written by hand. */
function refuseConnection(error: ConnectionError, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const reason =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? 'http.head_too_large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? 'http.timeout'
        : 'http.malformed';
  const problem = toProblem(new Refusal(reason), createId('request'));
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\nconnection: close\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** A name that comes twice is an array, which no schema takes: RFC 6749, 3.1 forbids repeated parameters. */
function parseForm(body: string): Record<string, string | string[]> {
  const fields: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of new URLSearchParams(body)) {
    const known = fields[name];
    fields[name] = known === undefined ? value : [known, value].flat();
  }
  return fields;
}

function toRefusal(error: FastifyError | Fault): Refusal {
  if (error instanceof Fault) return new Refusal(error.retry === 'yes' ? 'api.unavailable' : 'api.internal');
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new Refusal('api.too_large');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new Refusal('api.media_type');
  }
  if (error.statusCode === 413) return new Refusal('api.too_large');
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return new Refusal('api.invalid', { errors: [{ path: '/', message: 'the body cannot be read' }] });
  }
  return new Refusal(error.statusCode === 503 || isUnavailable(error) ? 'api.unavailable' : 'api.internal');
}
