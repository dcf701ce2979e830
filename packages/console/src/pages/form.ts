import type { FastifyRequest } from 'fastify';

/** One field of a form; empty when it is missing or came twice. */
export function field(request: FastifyRequest, name: string): string {
  const body = request.body as Record<string, unknown> | null | undefined;
  const value = body?.[name];
  return typeof value === 'string' ? value : '';
}
