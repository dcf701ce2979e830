import type { ServiceView } from '@zeronaut/model';
import type { FastifyInstance } from 'fastify';
import type { Caller, Context } from '../domains/context.ts';
import { listServices } from '../domains/services/services.ts';
import { Refusal } from '../store/refusal.ts';
import { type Html, html } from './html.ts';
import { type Page, sendPage } from './layout.ts';
import { sendRefusal, signedIn } from './signed-in.ts';

const FIRST_COMMAND = 'npx zeronaut expose localhost:3000 http';
const MAX_SHOWN = 500;

const COPY_SCRIPT = `document.querySelectorAll('[data-copy]').forEach(function(button){
button.hidden=!navigator.clipboard;
button.addEventListener('click',function(){
navigator.clipboard.writeText(button.dataset.copy).then(function(){button.textContent='Copied'})})})`;

/** What agents publish, for everybody in the organization. */
export function registerServicesPage(app: FastifyInstance, context: Context): void {
  app.get('/', async (request, reply) => {
    const caller = await signedIn(context, request);
    if (caller === null) return reply.redirect('/sign-in', 303);
    const page = await listServices(context, caller, { limit: MAX_SHOWN });
    if (page instanceof Refusal) return sendRefusal(reply, page);
    const publishers = await loadPublishers(context, caller, page.items);
    return sendPage(reply, servicesPage(caller, page.items, publishers, page.nextCursor !== null));
  });
}

/** Device and user behind each service, by device id. */
async function loadPublishers(
  context: Context,
  caller: Caller,
  services: readonly ServiceView[],
): Promise<Map<string, string>> {
  const ids = [...new Set(services.flatMap((service) => service.deviceId ?? []))];
  if (ids.length === 0) return new Map();
  const rows = await context.store.db
    .selectFrom('devices')
    .innerJoin('users', 'users.id', 'devices.user_id')
    .select(['devices.id', 'devices.name', 'users.name as user_name'])
    .where('devices.organization_id', '=', caller.organizationId)
    .where('devices.id', 'in', ids)
    .execute();
  return new Map(rows.map((row) => [row.id, `${row.user_name} on ${row.name}`]));
}

function servicesPage(
  caller: Caller,
  services: readonly ServiceView[],
  publishers: ReadonlyMap<string, string>,
  more: boolean,
): Page {
  const user = { email: caller.actor.name };
  if (services.length === 0) {
    return {
      title: 'Services',
      user,
      script: COPY_SCRIPT,
      content: html`<h1>Services</h1>
<div class="card">
<h2 class="first">Nothing is published yet</h2>
<p>Run this on the machine where your service listens. It gets a public address; visitors sign in before they reach it.</p>
${command(FIRST_COMMAND)}
<p class="soft small">On another machine run <code>npx zeronaut login</code> with the address of this console first.</p>
</div>`,
    };
  }
  return {
    title: 'Services',
    user,
    content: html`<h1>Services</h1>
<p class="soft">${services.length}${more ? '+' : ''} published</p>
<table>
<thead><tr><th scope="col">Service</th><th scope="col">Protocol</th><th scope="col">Access</th><th scope="col">Published by</th></tr></thead>
<tbody>${services.map((service) => serviceRow(service, publishers))}</tbody>
</table>
${more ? html`<p class="soft small">The first ${MAX_SHOWN} are shown; the API and <code>zeronaut services</code> list all.</p>` : null}`,
  };
}

function serviceRow(service: ServiceView, publishers: ReadonlyMap<string, string>): Html {
  const links = service.urls.map((url) =>
    service.protocol === 'http'
      ? html`<a href="${url}" rel="noreferrer">${url}</a><br>`
      : html`<code>${url}</code><br>`,
  );
  return html`<tr>
<td><span class="name">${service.name}</span><br>${links}</td>
<td data-label="Protocol">${service.protocol.toUpperCase()}</td>
<td data-label="Access">${access(service)}</td>
<td data-label="Published by">${publishers.get(service.deviceId ?? '') ?? 'unknown'}</td>
</tr>`;
}

function access({ access: rule }: ServiceView): Html {
  if (rule.mode === 'public') return html`<span class="tag open">public</span>`;
  const doors = [
    rule.allow.length === 0 ? 'every user' : rule.allow.join(', '),
    ...(rule.addresses.length === 0 ? [] : [`addresses ${rule.addresses.join(', ')}`]),
    ...(rule.basic.length === 0 ? [] : ['basic password']),
    ...(rule.tokens === null ? [] : ['bearer tokens']),
  ];
  return html`<span class="tag shut">sign-in</span><br><span class="soft small">${doors.join(' · ')}</span>`;
}

function command(text: string): Html {
  return html`<div class="command"><code>${text}</code><button class="quiet small" type="button" data-copy="${text}" hidden>Copy</button></div>`;
}
