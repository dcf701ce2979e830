import type { FastifyInstance } from 'fastify';
import { html } from './html.ts';
import { sendPage } from './layout.ts';

/** A person who mistyped an address gets a page; programs, and everything below /api/, get the problem document. */
export function registerNotFoundPage(app: FastifyInstance): void {
  app.get('/*', (request, reply) => {
    const forPeople = request.headers.accept?.includes('text/html') === true && !request.url.startsWith('/api/');
    if (!forPeople) return reply.callNotFound();
    const content = html`<h1>There is no such page</h1>
<p class="soft">Check the address.</p>
<p><a href="/">Services</a></p>`;
    return sendPage(reply, { title: 'Not found', content }, 404);
  });
}
