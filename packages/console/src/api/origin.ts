import { DEVICE_PROOF_HEADER, parseAddress } from '@zeronaut/model';
import type { FastifyRequest } from 'fastify';
import type { Origin } from '../domains/context.ts';

export function originOf(request: FastifyRequest): Origin {
  const { 'user-agent': agent, [DEVICE_PROOF_HEADER]: proof } = request.headers;
  const [path] = request.url.split('?', 1);
  return {
    address: parseAddress(request.ip) ?? '',
    userAgent: typeof agent === 'string' ? agent.slice(0, 300) : '',
    requestId: request.id,
    deviceProof: typeof proof === 'string' ? { jws: proof, method: request.method, path: path! } : null,
  };
}
