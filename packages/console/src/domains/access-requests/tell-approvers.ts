import type { AccessRequest, ApprovalRuleInput, Language } from '@zeronaut/model';
import { TEXTS, untilMinute } from '../../mail/texts.ts';
import type { Queries } from '../../store/store.ts';
import type { Context } from '../context.ts';
import { isApprover } from './approval-rules.ts';

/** Approvers who are told of one request; where there are more, somebody of them will look anyway. */
const MAX_TOLD = 20;
/** Requests of one user within an hour that approvers are told of, so that nobody floods them. */
const MAX_TOLD_REQUESTS = 5;
const HOUR_MS = 3_600_000;

/** Whom to tell of a new request: people who may decide it. Nobody without a mail server, or after too many of them. */
export async function approversToTell(
  queries: Queries,
  context: Context,
  request: AccessRequest,
  rule: ApprovalRuleInput,
): Promise<string[]> {
  if (context.mailer === null) return [];
  const { organizationId, userId } = request;
  // Taken back or not: rows stay.
  const { recent } = await queries
    .selectFrom('access_requests')
    .select(({ fn }) => fn.countAll<number | string>().as('recent'))
    .where('organization_id', '=', organizationId)
    .where('user_id', '=', userId)
    .where('created_at', '>', context.clock() - HOUR_MS)
    .executeTakeFirstOrThrow();
  if (Number(recent) > MAX_TOLD_REQUESTS) return [];
  const users = await queries
    .selectFrom('users')
    .select(['id', 'email', 'role', 'groups'])
    .where('organization_id', '=', organizationId)
    .where('status', '=', 'active')
    .where('kind', '=', 'person')
    .where('id', '!=', userId)
    .orderBy('id')
    .execute();
  return users
    .filter(({ email, role, groups }) => isApprover(rule, { email, role, groups: JSON.parse(groups) }))
    .slice(0, MAX_TOLD)
    .map(({ email }) => email);
}

/**
 * After the commit, as a mail cannot be taken back; nobody waits for it. The reason that was given is on the page and not
 * in the mail, which must not carry what somebody else wrote. Never rejects.
 */
export async function tellApprovers(
  context: Context,
  request: AccessRequest,
  addresses: readonly string[],
  language: Language,
): Promise<void> {
  const { mailer } = context;
  if (mailer === null) return;
  const mail = TEXTS[language].accessRequest({
    ...{ email: request.email, kind: request.kind, object: request.object, minutes: request.minutes },
    ...{ url: `${context.settings.publicUrl()}/requests`, until: untilMinute(request.closesAt) },
  });
  await Promise.all(addresses.map((to) => mailer.send({ to, ...mail })));
}
