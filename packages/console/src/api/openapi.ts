import { problem, REASONS, type RouteDefinition, routes } from '@zeronaut/model';
import { z } from 'zod';
import { VERSION } from '../version.ts';

type Json = Record<string, unknown>;

/** OpenAPI 3.1, made from the route table: what is registered and what is documented cannot differ. */
export function createOpenApi(publicUrl: string): Json {
  const paths: Record<string, Json> = {};
  for (const [id, route] of Object.entries(routes) as [string, RouteDefinition][]) {
    const path = route.path.replaceAll(/:([A-Za-z]+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(id, route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Zeronaut console',
      version: VERSION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description: 'Everything that the console, the CLI and gateways do goes through these routes.',
    },
    servers: [{ url: publicUrl }],
    tags: [...new Set(Object.values(routes).map((route) => route.tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'A session token or an API key.' },
      },
      schemas: {
        Problem: {
          ...schemaOf(problem, 'output'),
          description: `RFC 9457. \`reason\` is one of: ${Object.keys(REASONS)
            .filter((reason) => reason.startsWith('api.'))
            .join(', ')}, …`,
        },
      },
    },
  };
}

function operation(id: string, route: RouteDefinition): Json {
  const isOAuth = id.startsWith('oauth.') && route.permission === 'none';
  const body = route.body === undefined ? null : { schema: schemaOf(route.body, 'input') };
  return {
    operationId: id,
    tags: [route.tag],
    summary: route.summary,
    ...(route.permission === 'none'
      ? { security: [] }
      : { security: [{ bearer: [] }], 'x-permission': route.permission }),
    ...(route.stepUp === true ? { 'x-step-up': true } : {}),
    parameters: [
      ...parameters(route.params, 'path'),
      ...parameters(route.query, 'query'),
      ...(route.ifMatch === undefined
        ? []
        : [header('If-Match', route.ifMatch === true, 'The ETag that was read: it must still be current.')]),
      ...(route.idempotent === true
        ? [header('Idempotency-Key', false, 'The same key and body give the same answer, once, for 24 hours.')]
        : []),
    ],
    ...(body === null
      ? {}
      : {
          requestBody: {
            // A body that has a default for everything may be left out.
            required: !route.body!.safeParse({}).success,
            content: {
              'application/json': body,
              ...(route.form === true ? { 'application/x-www-form-urlencoded': body } : {}),
            },
          },
        }),
    responses: {
      [route.status]:
        route.download !== undefined
          ? { description: 'A file.', content: { [route.download]: {} } }
          : route.response === undefined
            ? { description: 'Done; no content.' }
            : {
                description: 'Done.',
                content: { 'application/json': { schema: schemaOf(route.response, 'output') } },
              },
      ...(isOAuth
        ? { 400: { description: 'An OAuth error (RFC 6749, 5.2) with `reason` and `requestId`.' } }
        : {
            default: {
              description: 'Refused or failed.',
              content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
            },
          }),
    },
  };
}

function parameters(schema: z.ZodObject | undefined, place: 'path' | 'query'): Json[] {
  if (schema === undefined) return [];
  return Object.entries(schema.shape).map(([name, field]) => ({
    name,
    in: place,
    required: place === 'path' || !(field as z.ZodType).safeParse(undefined).success,
    schema: schemaOf(field as z.ZodType, 'output'),
  }));
}

function header(name: string, required: boolean, description: string): Json {
  return { name, in: 'header', required, description, schema: { type: 'string' } };
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, target: 'draft-2020-12', unrepresentable: 'any' });
  return rest;
}
