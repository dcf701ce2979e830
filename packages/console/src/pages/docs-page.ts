import { type RouteDefinition, routes } from '@zeronaut/model';
import type { FastifyInstance } from 'fastify';
import { createOpenApi } from '../api/openapi.ts';
import type { Context } from '../domains/context.ts';
import { type Html, html } from './html.ts';
import { type Page, sendPage } from './layout.ts';
import { signedIn } from './signed-in.ts';
import { texts } from './texts.en.ts';

type Operation = {
  operationId: string;
  parameters: { name: string; in: string; required: boolean; schema: unknown; description?: string }[];
  requestBody?: { content: Record<string, { schema: unknown }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: unknown }> }>;
};

/** The OpenAPI document and a page to read it by, both from the route table; nothing is loaded from elsewhere. */
export function registerDocsPage(app: FastifyInstance, context: Context): void {
  const document = () => createOpenApi(context.settings.publicUrl());
  app.get('/api/v1/openapi.json', async (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(JSON.stringify(document())),
  );
  app.get('/api/docs', async (request, reply) => {
    const caller = await signedIn(context, request);
    const page = docsPage(document().paths as Record<string, Record<string, Operation>>);
    return sendPage(reply, { ...page, user: caller === null ? null : { email: caller.actor.name } });
  });
}

function docsPage(paths: Record<string, Record<string, Operation>>): Page {
  const operations = new Map(
    Object.values(paths).flatMap((methods) => Object.values(methods).map((one) => [one.operationId, one] as const)),
  );
  const groups = Map.groupBy(Object.entries(routes) as [string, RouteDefinition][], ([, route]) => route.tag);
  return {
    title: 'API',
    // What the routes say of themselves is English alone; half of a page in another language helps nobody.
    only: texts,
    content: html`<h1>API</h1>
<p class="soft">JSON over HTTP with <code>Authorization: Bearer …</code> (a session token or an API key). A refusal is an
RFC 9457 problem with a stable <code>reason</code>. The whole as <a href="/api/v1/openapi.json">OpenAPI 3.1</a>.</p>
${[...groups].map(
  ([tag, rows]) => html`<h2>${tag}</h2>${rows.map(([id, route]) => routeDetails(route, operations.get(id)!))}`,
)}`,
  };
}

function routeDetails(route: RouteDefinition, operation: Operation): Html {
  const body = operation.requestBody?.content['application/json']?.schema;
  const answer = operation.responses[String(route.status)]?.content?.['application/json']?.schema;
  return html`<details>
<summary><span class="method">${route.method}</span><code>${route.path}</code><span class="soft small">${route.summary}</span></summary>
<div>
<p class="small">${route.permission === 'none' ? 'No credentials needed.' : html`Needs <code>${route.permission}</code>.`}</p>
${
  operation.parameters.length === 0
    ? null
    : html`<h3>Parameters</h3>${operation.parameters.map(
        (one) =>
          html`<p class="small"><code>${one.name}</code> in ${one.in}${one.required ? ', required' : ''}${one.description === undefined ? '' : `. ${one.description}`}</p>`,
      )}`
}
${body === undefined ? null : html`<h3>Body</h3><pre>${JSON.stringify(body, null, 2)}</pre>`}
<h3>Answer ${route.status}</h3>
${answer === undefined ? html`<p class="small">No content.</p>` : html`<pre>${JSON.stringify(answer, null, 2)}</pre>`}
</div>
</details>`;
}
