import type { FastifyInstance } from 'fastify';
import type { Context } from '../domains/context.ts';
import { signedIn } from './signed-in.ts';

const ADDRESS_OF_THIS_MACHINE = /^(?:127(?:\.\d{1,3}){3}|\[::1\])(?=:\d{1,5}$|$)/;

/**
 * A person who opens a console of this machine at its address is led to the same page at `localhost`, the name that its
 * passkeys and cookies belong to. Whoever is signed in at the address stays there.
 */
export function leadToLocalhost(app: FastifyInstance, context: Context): void {
  app.addHook('onRequest', async (request, reply) => {
    // What only browsers say, and only of a page that a person opens.
    if (request.method !== 'GET' || request.headers['sec-fetch-mode'] !== 'navigate') return;
    const host = request.headers.host ?? '';
    if (!ADDRESS_OF_THIS_MACHINE.test(host)) return;
    const { protocol, hostname } = new URL(context.settings.publicUrl());
    if (hostname !== 'localhost' || (await signedIn(context, request)) !== null) return;
    // The port of the request: it may be the end of a tunnel.
    const name = host.replace(ADDRESS_OF_THIS_MACHINE, 'localhost');
    return reply.redirect(`${protocol}//${name}${request.url}`, 303);
  });
}
