import { parseAddress } from '@zeronaut/model';
import type { FastifyRequest } from 'fastify';
import type { Origin } from '../domains/context.ts';

export function originOf(request: FastifyRequest): Origin {
  const agent = request.headers['user-agent'];
  return {
    address: parseAddress(request.ip) ?? '',
    userAgent: typeof agent === 'string' ? agent.slice(0, 300) : '',
    requestId: request.id,
  };
}
