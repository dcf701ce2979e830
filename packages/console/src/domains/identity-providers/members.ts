import type { User } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import type { Queries } from '../../store/store.ts';
import type { Context } from '../context.ts';
import { findUser, insertUser, toUser } from '../users/users.ts';
import type { Provider } from './provider-rows.ts';

/** Members of an organization as providers see and make them; nothing here knows where they come from. */
export async function findMember(queries: Queries, organizationId: string, userId: string): Promise<User | Refusal> {
  const user = await findUser(queries, organizationId, userId);
  return user instanceof Refusal ? new Refusal('idp.user_unknown') : user;
}

export async function findMemberByEmail(queries: Queries, organizationId: string, email: string): Promise<User | null> {
  const row = await queries
    .selectFrom('users')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('kind', '=', 'person')
    .where('email', '=', email)
    .executeTakeFirst();
  return row === undefined ? null : toUser(row);
}

/** A person without a password. The caller writes the audit entry. */
export async function createMember(
  queries: Queries,
  context: Context,
  provider: Provider,
  person: { email: string; name: string },
): Promise<User | Refusal> {
  return await insertUser(
    queries,
    provider.organizationId,
    {
      email: person.email,
      name: person.name.trim().slice(0, 120) || person.email.slice(0, 120),
      role: provider.defaultRole,
      groups: [],
      kind: 'person',
      passwordHash: null,
    },
    context.clock(),
  );
}
