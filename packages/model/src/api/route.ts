import type { z } from 'zod';
import type { Permission } from '../permissions.ts';

/**
 * One row of the API. The console registers exactly these rows, the OpenAPI document is made from them, and clients
 * call them by `id`, so that neither side can drift.
 */
export interface RouteDefinition {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Fastify syntax: `/api/v1/resources/:id`. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  /** `none`: no credentials. Everything else asks for a session or an API key whose role has the permission. */
  readonly permission: Permission | 'none';
  /**
   * Where the call says which resource it is about, by id or name; `share`: `params.id` is a share link of it. A
   * credential whose scope names single resources can call only routes that have this.
   */
  readonly resource?: 'params.id' | 'share' | 'query.resourceId' | 'body.name';
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** `form`: the body may also come as application/x-www-form-urlencoded (RFC 8628 demands it). */
  readonly form?: boolean;
  readonly status: number;
  /**
   * It gives a lasting way in, or takes somebody's protection away: a session must rest on a sign-in that is not older than the
   * organization's `factorMaxAgeSeconds`. API keys and the like have nothing to show anew.
   */
  readonly stepUp?: boolean;
  /** Absent for 204, and for a download. */
  readonly response?: z.ZodType;
  /** The media type of an answer that is a file, byte after byte. */
  readonly download?: string;
  /**
   * The write may collide: `If-Match` with the ETag that was read is required, or `optional`: clients from before there was one do
   * not send it, and what they write goes through whatever somebody else wrote meanwhile.
   */
  readonly ifMatch?: true | 'optional';
  /**
   * It can turn what assertions of policies ask: `BROKEN_ASSERTIONS_HEADER` of the answer then tells which it broke, to whom may
   * read them.
   */
  readonly asserted?: boolean;
  /** `Idempotency-Key` is honoured: the same key and body give the same answer, once. */
  readonly idempotent?: boolean;
}

export function defineRoutes<const T extends Record<string, RouteDefinition>>(routes: T): T {
  return routes;
}

type Output<S> = S extends z.ZodType ? z.output<S> : undefined;
type Input<S> = S extends z.ZodType ? z.input<S> : undefined;

/** What a caller passes. Parts that a route has not are absent. */
export type RouteInput<R extends RouteDefinition> = (R['params'] extends z.ZodType
  ? { params: Input<R['params']> }
  : { params?: undefined }) &
  (R['query'] extends z.ZodType ? { query?: Input<R['query']> } : { query?: undefined }) &
  (R['body'] extends z.ZodType ? { body: Input<R['body']> } : { body?: undefined });

/** What a handler gets, after validation. */
export interface RouteRequest<R extends RouteDefinition> {
  params: Output<R['params']>;
  query: Output<R['query']>;
  body: Output<R['body']>;
}

export type RouteResponse<R extends RouteDefinition> = R['response'] extends z.ZodType
  ? z.output<R['response']>
  : R['download'] extends string
    ? AsyncIterable<Uint8Array>
    : undefined;
