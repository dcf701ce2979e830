import type { FastifyReply } from 'fastify';
import { html } from './html.ts';
import { sendPage } from './layout.ts';
import { textsFor } from './reader.ts';

/** A page that leads on by itself, where a redirect would be held against the form before it or lose our cookie. */
export function goOn(reply: FastifyReply, title: string, href: string): FastifyReply {
  return sendPage(reply, {
    title,
    content: html`<h1>${title}</h1><p><a id="next" href="${href}">${textsFor(reply.request).goOn}</a></p>`,
    passing: true,
    script: "location.replace(document.getElementById('next').href)",
  });
}
