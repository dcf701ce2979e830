import { type FactorList, parseJson, routes } from '@zeronaut/model';
import { PASSKEY_SCRIPTS } from '@zeronaut/passkeys';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Caller, Context } from '../domains/context.ts';
import { listFactors, personOf, removeFactor, renewRecoveryCodes } from '../domains/factors/factors.ts';
import { confirmTotp, startTotp } from '../domains/factors/totp.ts';
import { createPasskey, startPasskey } from '../domains/passkeys/passkeys.ts';
import { requireFreshSession } from '../domains/sessions/step-up.ts';
import { Refusal } from '../store/refusal.ts';
import { recoveryCodes, totpForm } from './factor-page.ts';
import { field } from './form.ts';
import { type Html, html } from './html.ts';
import { notice, type Page, sendPage } from './layout.ts';
import { passkeyCreationForm } from './passkey-forms.ts';
import { day, minute, sentenceOf, textsFor } from './reader.ts';
import { onForm, sendRefusal, signedIn } from './signed-in.ts';
import type { Texts } from './texts.en.ts';

/** How the person who is signed in signs in: second factors and recovery codes. */
export function registerAccountPage(app: FastifyInstance, context: Context): void {
  app.get('/account', async (request, reply) => {
    const caller = await signedIn(context, request);
    if (caller === null) return reply.redirect('/sign-in?next=%2Faccount', 303);
    return await show(reply, caller, null);
  });

  async function show(reply: FastifyReply, caller: Caller, problem: Refusal | null): Promise<FastifyReply> {
    const factors = await listFactors(context, caller.organizationId, caller.userId);
    if (factors instanceof Refusal) return sendRefusal(reply, factors);
    const stale = await requireFreshSession(context.store.db, context, caller);
    const options = stale ?? (await startPasskey(context, caller));
    const t = textsFor(reply.request);
    const page = accountPage(t, caller, factors, options, problem === null ? null : sentenceOf(t, problem));
    return sendPage(reply, page, problem?.status ?? 200);
  }

  /** Every form of this page: ours, and of somebody who is signed in. */
  function form(path: string, run: (caller: Caller, request: FastifyRequest) => Promise<Html | null | Refusal>): void {
    onForm(app, context, { path, page: '/account' }, async (caller, request, reply) => {
      // As the API asks for the same things: what a stolen session must not do.
      const result = (await requireFreshSession(context.store.db, context, caller)) ?? (await run(caller, request));
      if (result instanceof Refusal) return await show(reply, caller, result);
      if (result === null) return reply.redirect('/account', 303);
      return sendPage(reply, {
        title: textsFor(request).account.title,
        user: { email: caller.actor.name },
        content: result,
      });
    });
  }

  form('/account/totp', async (caller, request) => {
    const t = textsFor(request);
    const user = await personOf(context, caller);
    if (user instanceof Refusal) return user;
    const started = await startTotp(context, user, caller);
    if (started instanceof Refusal) return started;
    return html`<h1>${t.factor.setUpApp}</h1>
<div class="card slim">${totpForm(t, started, '/account/totp/confirmation', '/account')}</div>`;
  });

  form('/account/totp/confirmation', async (caller, request) => {
    const user = await personOf(context, caller);
    if (user instanceof Refusal) return user;
    return shown(textsFor(request), await confirmTotp(context, user, field(request, 'code').slice(0, 40), caller));
  });

  form('/account/passkeys', async (caller, request) => {
    const input = routes['passkeys.create'].body.safeParse({
      name: field(request, 'name').trim(),
      credential: parseJson(field(request, 'credential')),
    });
    if (!input.success) return new Refusal('passkey.malformed');
    const created = await createPasskey(context, caller, input.data.name, input.data.credential);
    if (created instanceof Refusal) return created;
    return created.recoveryCodes.length === 0 ? null : shown(textsFor(request), created.recoveryCodes);
  });

  form('/account/recovery-codes', async (caller, request) =>
    shown(textsFor(request), await renewRecoveryCodes(context, caller)),
  );

  form('/account/factors/removal', async (caller, request) => {
    return (await removeFactor(context, caller, field(request, 'id'))) ?? null;
  });
}

function shown(t: Texts, codes: string[] | Refusal): Html | Refusal {
  if (codes instanceof Refusal) return codes;
  return html`${recoveryCodes(t, codes)}<p><a href="/account">${t.factor.kept}</a></p>`;
}

function accountPage(
  t: Texts,
  caller: Caller,
  factors: FactorList,
  passkey: Record<string, unknown> | Refusal,
  problem: string | null,
): Page {
  const hasTotp = factors.items.some(({ kind }) => kind === 'totp');
  const rows = factors.items.map(
    (factor) => html`<tr><td><span class="name">${factor.name}</span></td>
<td data-label="${t.account.kind}">${factor.kind === 'totp' ? t.account.app : t.account.passkey(factor.site)}</td>
<td data-label="${t.account.added}">${day(t, factor.createdAt)}</td>
<td data-label="${t.account.lastUsed}">${factor.lastUsedAt === null ? t.account.never : minute(t, factor.lastUsedAt)}</td>
<td><form method="post" action="/account/factors/removal"><input type="hidden" name="id" value="${factor.id}">
<button class="quiet small">${t.account.remove}</button></form></td></tr>`,
  );
  return {
    title: t.account.title,
    user: { email: caller.actor.name },
    script: PASSKEY_SCRIPTS[t.language],
    content: html`<h1>${t.account.title}</h1>
<p class="soft">${caller.actor.name} · ${caller.role} · <a href="/organizations">${t.account.organizations}</a></p>
${notice(problem)}
<h2>${t.account.factors}</h2>
${
  rows.length === 0
    ? html`<p>${t.account.none}</p>`
    : html`<table><thead><tr><th>${t.account.factor}</th><th>${t.account.kind}</th><th>${t.account.added}</th><th>${t.account.lastUsed}</th><th></th></tr></thead><tbody>${rows}</tbody></table>`
}
${
  passkey instanceof Refusal
    ? html`<p class="small"><a href="/sign-in?next=%2Faccount">${t.account.signInAgain}</a></p>`
    : passkeyCreationForm(t, passkey)
}
${
  hasTotp
    ? null
    : html`<form class="card slim" method="post" action="/account/totp"><button>${t.factor.setUpApp}</button></form>`
}
${
  rows.length === 0
    ? null
    : html`<h2>${t.factor.recoveryCodes}</h2>
<p>${t.account.codesLeft(factors.recoveryCodesLeft)}</p>
<form method="post" action="/account/recovery-codes"><button class="quiet">${t.account.newCodes}</button></form>`
}`,
  };
}
