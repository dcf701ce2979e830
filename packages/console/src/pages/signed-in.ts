import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { checkSameOrigin, ownOrigin } from '../api/guards.ts';
import { originOf } from '../api/origin.ts';
import { readSessionCookie } from '../api/session-cookie.ts';
import type { Caller, Context } from '../domains/context.ts';
import { authenticate } from '../domains/sessions/authenticate.ts';
import { Refusal } from '../store/refusal.ts';
import { html } from './html.ts';
import { sendPage } from './layout.ts';
import { reasonText, textsFor } from './reader.ts';

/** Who looks at the page, by cookie alone. Null: nobody that we know. */
export async function signedIn(context: Context, request: FastifyRequest): Promise<Caller | null> {
  const token = readSessionCookie(request, context.settings.publicUrl());
  if (token === null) return null;
  const caller = await authenticate(context, token, originOf(request));
  return caller instanceof Refusal ? null : caller;
}

/** Every form is ours or is refused, also those that need no session: nobody signs a visitor in as somebody else. */
export function refuseForeignForm(context: Context, request: FastifyRequest, reply: FastifyReply): FastifyReply | null {
  const isOwn = ownOrigin(request.headers.host, context.settings.publicUrl());
  const refusal = checkSameOrigin(request.headers, isOwn);
  return refusal === null ? null : sendRefusal(reply, refusal);
}

/** A form for people who are signed in, refused unless it is ours. Whoever is not signed in is sent there, and back to `page`. */
export function onForm(
  app: FastifyInstance,
  context: Context,
  { path, page }: { readonly path: string; readonly page: string },
  run: (caller: Caller, request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>,
): void {
  app.post(path, async (request, reply) => {
    const foreign = refuseForeignForm(context, request, reply);
    if (foreign !== null) return foreign;
    const caller = await signedIn(context, request);
    if (caller === null) return reply.redirect(`/sign-in?next=${encodeURIComponent(page)}`, 303);
    return await run(caller, request, reply);
  });
}

export function sendRefusal(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const t = textsFor(reply.request);
  const { title, next } = reasonText(t, refusal);
  const { detail } = refusal;
  const text = t.language === 'en' ? (detail ?? next) : next;
  return sendPage(
    reply,
    {
      title,
      content: html`<h1>${title}</h1>${text === '' ? null : html`<p>${text}</p>`}
${detail === undefined || text === detail ? null : html`<p class="soft small" lang="en">${detail}</p>`}
<p class="soft small"><code>${refusal.reason}</code> · ${reply.request.id}</p><p><a href="/">${t.toConsole}</a></p>`,
    },
    refusal.status,
  );
}
