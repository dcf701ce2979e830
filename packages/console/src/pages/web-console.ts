import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isWebPage, WEB_WORKER } from '@zeronaut/model';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Context } from '../domains/context.ts';
import { html } from './html.ts';
import { sendPage } from './layout.ts';
import { textsFor } from './reader.ts';
import { signedIn } from './signed-in.ts';
import { chooseBody, type WebFile, WebFiles } from './web-files.ts';

/** Where `npm run web` puts the build. */
export const WEB_DIRECTORY = fileURLToPath(new URL('../../../web/dist/current', import.meta.url));

export function isWebBuilt(directory: string = WEB_DIRECTORY): boolean {
  return existsSync(join(directory, 'index.html'));
}

/**
 * Nothing but what this console serves runs or is fetched; no script or style stands in the page itself; and no program makes
 * markup or script out of text, nor the address of a script but that of the service worker.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types zeronaut-worker',
].join('; ');

/** The React program: its files, and its page for each address that is its own. Whoever is not signed in is sent there first. */
export function registerWebConsole(app: FastifyInstance, context: Context, directory: string): void {
  const files = new WebFiles(directory);
  app.get('/*', async (request, reply) => {
    const path = request.url.split('?', 1)[0]!;
    const isPage = isWebPage(path);
    const hasBuild = await files.refresh();
    const file = path === '/index.html' ? undefined : files.get(path);
    if (file !== undefined) {
      // A worker is bound by the policy of its own file, not by that of the page.
      if (path === WEB_WORKER) reply.header('content-security-policy', "default-src 'none'; connect-src 'self'");
      return sendFile(request, reply, file);
    }
    if (!isPage || path.startsWith('/api/')) return notFound(request, reply);
    if ((await signedIn(context, request)) === null) {
      return reply.redirect(path === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(request.url)}`, 303);
    }
    const page = files.get('/index.html');
    if (!hasBuild || page === undefined) return notBuilt(reply);
    reply.headers({
      'content-security-policy': POLICY,
      // With no-referrer browsers send "Origin: null" with our own forms, and we could not tell them from others.
      'referrer-policy': 'same-origin',
      'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    });
    return sendFile(request, reply, page);
  });
}

function sendFile(request: FastifyRequest, reply: FastifyReply, file: WebFile): FastifyReply {
  const [coding, { bytes, etag }] = chooseBody(file, request.headers['accept-encoding']);
  reply.headers({
    'cache-control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    'content-type': file.type,
    etag,
    vary: 'accept-encoding',
  });
  const known = request.headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (known?.includes(etag)) return reply.code(304).send();
  if (coding !== 'identity') reply.header('content-encoding', coding);
  return reply.send(bytes);
}

/** A person who mistyped an address gets a page; programs, and everything below /api/, get the problem document. */
function notFound(request: FastifyRequest, reply: FastifyReply): unknown {
  const forPeople = request.headers.accept?.includes('text/html') === true && !request.url.startsWith('/api/');
  if (!forPeople) return reply.callNotFound();
  const t = textsFor(request).notFound;
  const content = html`<h1>${t.heading}</h1>
<p class="soft">${t.text}</p>
<p><a href="/">${t.console}</a></p>`;
  return sendPage(reply, { title: t.title, content }, 404);
}

/** The console was started by itself, without `npm start`. Everything but this page works. */
function notBuilt(reply: FastifyReply): FastifyReply {
  const { notBuilt: t, requests } = textsFor(reply.request);
  const content = html`<h1>${t.heading}</h1>
<p>${t.text()}</p>
<p><a href="/account">${t.account}</a> · <a href="/requests">${requests.title}</a> · <a href="/api/docs">API</a></p>`;
  return sendPage(reply, { title: t.title, content }, 503);
}
