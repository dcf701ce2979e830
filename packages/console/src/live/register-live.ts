import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { LIVE_MAX_FROM_CLIENT, LIVE_PATH } from '@zeronaut/model';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { WebSocketServer } from 'ws';
import { credentialOf, refuseForeignPage } from '../api/identify.ts';
import { originOf } from '../api/origin.ts';
import { sendProblem } from '../api/problems.ts';
import type { Caller, Context } from '../domains/context.ts';
import { authenticate } from '../domains/sessions/authenticate.ts';
import { RateLimit, rateLimitKey } from '../domains/sessions/rate-limit.ts';
import { Refusal } from '../store/refusal.ts';
import { LiveConnection } from './live-connection.ts';

const HEARTBEAT_MS = 15_000;
/** Connections of one user, of one organization, of all. */
const MAX_OF_USER = 30;
const MAX_OF_ORGANIZATION = 1_000;
const MAX_CONNECTIONS = 5_000;
/** Attempts to connect from one address: this many at once, then one after each interval. */
const CONNECT_BURST = 120;
const CONNECT_INTERVAL_MS = 500;

/** "Going away" (RFC 6455, 7.4.1). */
const GOING_AWAY = 1001;

/** Asked of each request before it is parsed further: whether it leaves HTTP. Anything else is served as if it had not asked. */
export function isLiveUpgrade(request: IncomingMessage): boolean {
  return request.url?.split('?', 1)[0] === LIVE_PATH && /^websocket$/i.test(request.headers.upgrade ?? '');
}

/**
 * `/ws`: the WebSocket of live updates. An upgrade goes through the same hooks as every request and is refused as a problem; a
 * cookie counts only from our own pages, as a page of somebody else can open a WebSocket to anywhere.
 */
export function registerLive(app: FastifyInstance, context: Context, options: { heartbeatMs?: number } = {}): void {
  const heartbeatMs = options.heartbeatMs ?? HEARTBEAT_MS;
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // Compressed together, what others did and what the attacker did tell of each other by their size.
    perMessageDeflate: false,
    maxPayload: LIVE_MAX_FROM_CLIENT,
  });
  const upgrades = new WeakMap<IncomingMessage, { socket: Duplex; head: Buffer }>();
  const connections = new Map<LiveConnection, Caller>();
  const connects = new RateLimit({ burst: CONNECT_BURST, intervalMs: CONNECT_INTERVAL_MS });

  app.server.on('upgrade', (request, socket, head) => {
    upgrades.set(request, { socket, head });
    socket.on('error', () => socket.destroy());
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as Parameters<typeof response.assignSocket>[0]);
    // A refusal: nobody speaks HTTP on this connection any more.
    response.on('finish', () => socket.end(() => socket.destroy()));
    app.routing(request, response);
  });
  app.addHook('preClose', async () => {
    for (const connection of [...connections.keys()]) connection.close(GOING_AWAY);
  });

  function refuse(caller: Caller): Refusal | null {
    const callers = [...connections.values()];
    const ofOrganization = callers.filter((other) => other.organizationId === caller.organizationId);
    const full =
      callers.length >= MAX_CONNECTIONS ||
      ofOrganization.length >= MAX_OF_ORGANIZATION ||
      ofOrganization.filter((other) => other.userId === caller.userId).length >= MAX_OF_USER;
    return full ? new Refusal('api.rate_limited', { detail: 'too many live connections', retryAfterSeconds: 5 }) : null;
  }

  async function admit(request: FastifyRequest): Promise<{ caller: Caller; token: string } | Refusal> {
    const origin = originOf(request);
    const waitMs = connects.take(rateLimitKey(origin.address), context.clock());
    if (waitMs > 0) return new Refusal('api.rate_limited', { retryAfterSeconds: Math.ceil(waitMs / 1000) });
    const credential = credentialOf(context, request);
    if (credential instanceof Refusal) return credential;
    if (credential.cookie) {
      const foreign = refuseForeignPage(context, request);
      if (foreign !== null) return foreign;
    }
    const caller = await authenticate(context, credential.token, origin);
    if (caller instanceof Refusal) return caller;
    return refuse(caller) ?? { caller, token: credential.token };
  }

  app.get(LIVE_PATH, { exposeHeadRoute: false }, async (request, reply) => {
    const upgrade = upgrades.get(request.raw);
    if (upgrade === undefined) {
      reply.header('upgrade', 'websocket');
      return sendProblem(reply, new Refusal('api.upgrade_required'));
    }
    const admitted = await admit(request);
    if (admitted instanceof Refusal) return sendProblem(reply, admitted);
    const { caller, token } = admitted;
    const { socket, head } = upgrade;
    const { deviceProof } = caller;
    const asItCame =
      deviceProof == null ? caller : { ...caller, deviceProof: { ...deviceProof, takenAtMs: context.clock() } };
    if (socket.destroyed) return reply;
    reply.hijack();
    reply.raw.detachSocket(socket as Parameters<typeof reply.raw.detachSocket>[0]);
    server.handleUpgrade(request.raw, socket, head, (client) => {
      const connection: LiveConnection = new LiveConnection({
        feed: context.live,
        socket: client,
        caller,
        check: () => authenticate(context, token, asItCame, false),
        heartbeatMs,
        onClosed: () => connections.delete(connection),
        onFailed: (error) => request.log.error({ err: error }, 'a live connection was not checked'),
      });
      connections.set(connection, caller);
    });
    return reply;
  });
}
