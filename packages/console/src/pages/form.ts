import type { FastifyRequest } from 'fastify';

/** One field of a form; empty when it is missing or came twice. */
export function field(request: FastifyRequest, name: string): string {
  const body = request.body as Record<string, unknown> | null | undefined;
  const value = body?.[name];
  return typeof value === 'string' ? value : '';
}

/** A field that holds JSON; undefined when it does not. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // JSON.parse has no other way to say so.
    return undefined;
  }
}
