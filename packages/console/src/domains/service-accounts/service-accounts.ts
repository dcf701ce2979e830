import type { Role, User } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import { isUniqueViolation, type Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import type { ListQuery } from '../list.ts';
import type { Page } from '../page.ts';
import { checkGrant, lockRole, roleWithin } from '../roles/held-role.ts';
import { insertUser, listUsers, toUser, updateUser } from '../users/users.ts';

/**
 * Service accounts: users that are programs. They have role and groups like people, and rules name them like people, by
 * an address that can be nobody's (RFC 6761, 6.4); but they have no password and no sign-in page opens for them.
 */
const DOMAIN = 'service-account.invalid';

export async function listServiceAccounts(
  context: Context,
  caller: Caller,
  query: ListQuery<'created' | 'name'> & { readonly status?: User['status'] | undefined },
): Promise<Page<User> | Refusal> {
  return await listUsers(context, caller, { ...query, kind: 'service_account' });
}

export async function findServiceAccount(
  queries: Queries,
  organizationId: string,
  id: string,
): Promise<User | Refusal> {
  const row = await queries
    .selectFrom('users')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('kind', '=', 'service_account')
    .where('id', '=', id)
    .where('status', '!=', 'removed')
    .executeTakeFirst();
  return row === undefined ? new Refusal('api.not_found') : toUser(row);
}

export async function createServiceAccount(
  context: Context,
  caller: Caller,
  input: { name: string; role: Role; groups: string[] },
  remember: (queries: Queries, response: User) => Promise<void>,
): Promise<User | Refusal> {
  const taken = new Refusal('api.conflict', {
    errors: [{ path: '/name', message: 'a service account has this name' }],
  });
  try {
    return await context.store.change(caller.organizationId, async (queries) => {
      const refusal = await checkGrant(queries, caller, input.role);
      if (refusal !== null) return refusal;
      const fields = {
        ...input,
        email: `${input.name}@${DOMAIN}`,
        kind: 'service_account' as const,
        passwordHash: null,
      };
      const account = await insertUser(queries, caller.organizationId, fields, context.clock());
      if (account instanceof Refusal) return taken;
      await appendAudit(queries, context, caller, {
        action: 'service_account.create',
        objectKind: 'user',
        objectId: account.id,
        after: account,
      });
      await remember(queries, account);
      return account;
    });
  } catch (error) {
    if (isUniqueViolation(error)) return taken;
    throw error;
  }
}

export async function updateServiceAccount(
  context: Context,
  caller: Caller,
  id: string,
  version: number,
  input: { role?: Role; groups?: string[]; status?: 'active' | 'disabled' },
): Promise<User | Refusal> {
  const account = await findServiceAccount(context.store.db, caller.organizationId, id);
  if (account instanceof Refusal) return account;
  return await updateUser(context, caller, id, version, input);
}

/** For what acts as the account: nobody gets at it who may do less. */
export async function checkActingAs(
  queries: Queries,
  caller: Caller,
  account: Pick<User, 'role'>,
): Promise<Refusal | null> {
  const role = await lockRole(queries, caller.organizationId, account.role);
  return role !== null && roleWithin(role, { name: caller.role, permissions: caller.permissions })
    ? null
    : new Refusal('api.forbidden', { detail: 'a service account cannot be given more than you may' });
}
