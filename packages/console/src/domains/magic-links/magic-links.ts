/**
 * Links that sign a person in, mailed to the person's own address: a first factor, where the organization allows it. A link works
 * once, for ten minutes, in the browser that asked for it, so that one that was forwarded or mailed by a stranger opens nothing.
 */
import type { Language, User } from '@zeronaut/model';
import { TEXTS } from '../../mail/texts.ts';
import { Refusal } from '../../store/refusal.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Context, Origin } from '../context.ts';
import { createToken, hashToken } from '../random-token.ts';
import { actorOf, completeSignIn, type PendingSignIn, type SignedIn } from '../sessions/complete-sign-in.ts';
import { getSignInPolicy } from '../sessions/sign-in-policy.ts';
import { findUser, toUser } from '../users/users.ts';

const MAGIC_LINK_TTL_MS = 600_000;

/** Whether some organization of this console allows them and there is a mail server: then the sign-in page offers them. */
export async function offersMagicLinks(context: Context): Promise<boolean> {
  if (context.mailer === null) return false;
  const row = await context.store.db
    .selectFrom('sign_in_policies')
    .select('organization_id')
    .where('policy', 'like', '%"magicLinks":true%')
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Mails one, if there is such a person whose organization allows it. Whoever asks gets the same answer without waiting for
 * this, so that neither words nor time tell who exists. `browser`: a secret of the browser that asks.
 */
export async function mailMagicLink(
  context: Context,
  {
    address,
    browser,
    next,
    language,
  }: {
    readonly address: string;
    readonly browser: string;
    readonly next: string;
    /** Of the page that asked. */
    readonly language: Language;
  },
  origin: Origin,
): Promise<void> {
  const { db } = context.store;
  const { mailer } = context;
  if (mailer === null) return;
  const row = await db
    .selectFrom('users')
    .selectAll()
    .where('email', '=', address)
    .where('kind', '=', 'person')
    .where('status', '=', 'active')
    .executeTakeFirst();
  if (row === undefined || !(await getSignInPolicy(db, row.organization_id)).magicLinks) return;
  const user = toUser(row);
  const token = createToken('magicLink');
  const nowMs = context.clock();
  await context.store.transaction(async (queries) => {
    await queries
      .insertInto('magic_links')
      .values({
        token_hash: hashToken(token),
        organization_id: user.organizationId,
        user_id: user.id,
        browser_hash: hashToken(browser),
        expires_at: nowMs + MAGIC_LINK_TTL_MS,
        used_at: null,
      })
      .execute();
    await appendAudit(
      queries,
      context,
      { organizationId: user.organizationId, actor: actorOf(user, origin), requestId: origin.requestId },
      { action: 'session.link_mailed', objectKind: 'user', objectId: user.id },
    );
  });
  const query = new URLSearchParams({ token, next });
  const url = `${context.settings.publicUrl()}/sign-in/link?${query}`;
  await mailer.send({ to: user.email, ...TEXTS[language].magicLink({ url }) });
}

/** Whom the link signs in, in this browser. Looking uses nothing up: mail servers look, too. */
export async function findMagicLink(context: Context, token: string, browser: string | null): Promise<User | Refusal> {
  if (browser === null) return new Refusal('factor.link_invalid');
  const row = await context.store.db
    .selectFrom('magic_links')
    .select(['organization_id', 'user_id'])
    .where('token_hash', '=', hashToken(token))
    .where('browser_hash', '=', hashToken(browser))
    .where('used_at', 'is', null)
    .where('expires_at', '>', context.clock())
    .executeTakeFirst();
  const user = row === undefined ? null : await findUser(context.store.db, row.organization_id, row.user_id);
  return user === null || user instanceof Refusal ? new Refusal('factor.link_invalid') : user;
}

/** Of two at the same time one comes too late. */
export async function signInWithMagicLink(
  context: Context,
  token: string,
  browser: string | null,
  origin: Origin,
): Promise<SignedIn | PendingSignIn | Refusal> {
  if (browser === null) return new Refusal('factor.link_invalid');
  const nowMs = context.clock();
  return await context.store.transaction(async (queries) => {
    const row = await queries
      .updateTable('magic_links')
      .set({ used_at: nowMs })
      .where('token_hash', '=', hashToken(token))
      .where('browser_hash', '=', hashToken(browser))
      .where('used_at', 'is', null)
      .where('expires_at', '>', nowMs)
      .returning(['organization_id', 'user_id'])
      .executeTakeFirst();
    // Looked at again: the organization may have turned them off while the link was on its way.
    if (row === undefined || !(await getSignInPolicy(queries, row.organization_id)).magicLinks) {
      return new Refusal('factor.link_invalid');
    }
    return await completeSignIn(
      queries,
      context,
      {
        userId: row.user_id,
        organizationId: row.organization_id,
        kind: 'console',
        factors: [{ kind: 'mail', atMs: nowMs }],
        canGoOn: true,
      },
      origin,
    );
  });
}
