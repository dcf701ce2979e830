import { ERASE_ACTION } from '@zeronaut/audit';
import type { AuditErasure } from '@zeronaut/model';
import { sql } from 'kysely';
import { leaveNoTrace } from '../../store/leave-no-trace.ts';
import { Refusal } from '../../store/refusal.ts';
import type { Queries } from '../../store/store.ts';
import type { Caller, Context } from '../context.ts';
import { appendAudit } from './audit.ts';
import { mailHashOf } from './subjects.ts';

/**
 * Erases a person in the log: the keys of what entries say of them are destroyed, and an entry without personal data says so. What
 * was hashed stays, so everything that was proved stays provable.
 */

interface Person {
  readonly erasure: AuditErasure;
  readonly subjects: readonly string[];
}

async function findPerson(
  queries: Queries,
  context: Context,
  caller: Caller,
  userId: string,
  formerEmail: string | null,
): Promise<Person | Refusal> {
  const { organizationId } = caller;
  const user = await queries
    .selectFrom('users')
    .select(['id', 'email', 'status'])
    .where('organization_id', '=', organizationId)
    .where('id', '=', userId)
    .executeTakeFirst();
  if (user === undefined) return new Refusal('api.not_found');
  const email = formerEmail ?? user.email;
  const rows = await queries
    .selectFrom('audit_subjects')
    .select('id')
    .where('organization_id', '=', organizationId)
    .where('erased_at', 'is', null)
    .where((eb) =>
      eb.or([eb('user_id', '=', user.id), eb('mail_hash', '=', mailHashOf(context, organizationId, email))]),
    )
    .orderBy('id')
    .execute();
  const subjects = rows.map(({ id }) => id);
  const position = context.store.kind === 'sqlite' ? sql.raw('instr') : sql.raw('strpos');
  const count = async (texts: readonly string[], more = sql``) => {
    if (texts.length === 0) return 0;
    const holds = sql.join(
      texts.map((text) => sql`${position}(body, ${JSON.stringify(text)}) > 0`),
      sql` or `,
    );
    const { rows: counted } = await sql<{ count: number }>`
      select count(*) as count from audit_entries where organization_id = ${organizationId} and (${holds}) ${more}`.execute(
      queries,
    );
    return Number(counted[0]?.count ?? 0);
  };
  return {
    subjects,
    erasure: {
      ...{ userId: user.id, active: user.status === 'active', subjects, entries: await count(subjects) },
      plainEntries: await count([email]),
    },
  };
}

export async function previewErasure(
  context: Context,
  caller: Caller,
  userId: string,
  formerEmail: string | null = null,
): Promise<AuditErasure | Refusal> {
  const person = await findPerson(context.store.db, context, caller, userId, formerEmail);
  return person instanceof Refusal ? person : person.erasure;
}

/** `formerEmail`: of somebody whose account was just removed, and says it no more. */
export async function erase(
  context: Context,
  caller: Caller,
  userId: string,
  formerEmail: string | null = null,
): Promise<AuditErasure | Refusal> {
  const { db, kind } = context.store;
  // Counting reads the whole log: not while it is locked.
  const before = await previewErasure(context, caller, userId, formerEmail);
  if (before instanceof Refusal) return before;
  const erasing = leaveNoTrace(context.store, () =>
    context.store.transaction(async (queries) => {
      // Whoever appends waits here, and then finds no key: it makes a new subject.
      await queries
        .updateTable('organizations')
        .set((eb) => ({ audit_seq: eb.ref('audit_seq') }))
        .where('id', '=', caller.organizationId)
        .execute();
      const user = await queries
        .selectFrom('users')
        .select(['status', 'email'])
        .where('organization_id', '=', caller.organizationId)
        .where('id', '=', userId)
        .executeTakeFirst();
      if (user === undefined) return new Refusal('api.not_found');
      if (user.status === 'active') return new Refusal('audit.subject_active');
      const mailHash = mailHashOf(context, caller.organizationId, formerEmail ?? user.email);
      const rows = await queries
        .updateTable('audit_subjects')
        .set({ sealed_key: null, mail_hash: null, erased_at: context.clock() })
        .where('organization_id', '=', caller.organizationId)
        .where('erased_at', 'is', null)
        .where((eb) => eb.or([eb('user_id', '=', userId), eb('mail_hash', '=', mailHash)]))
        .returning('id')
        .execute();
      const subjects = rows.map(({ id }) => id).sort();
      await appendAudit(queries, context, caller, {
        action: ERASE_ACTION,
        objectKind: 'user',
        objectId: userId,
        after: { subjects, entries: before.entries },
      });
      return { ...before, active: false, subjects };
    }),
  );
  // Also where tidying up after the commit fails: the key is gone by then.
  const erased = await erasing.finally(() => context.authority.subjectKeys.forget());
  // Dead rows of PostgreSQL have the key until then.
  if (kind === 'postgres' && !(erased instanceof Refusal)) await sql`vacuum audit_subjects`.execute(db);
  return erased;
}
