/** What forms about people offer: roles that the caller may give, and groups that there are. */
import { useQuery } from '@tanstack/react-query';
import type { Role } from '@zeronaut/model';
import { routeQuery } from './api.ts';
import { useMay, useMe } from './session.ts';

const LOOKED_AT = { query: { limit: 500 } } as const;

/** Nobody gives more than they may themselves, and only an owner makes an owner. */
export function useRoles(): readonly Role[] {
  const me = useMe();
  const may = useMay();
  const { data } = useQuery({ ...routeQuery('roles.list', {}), enabled: may('roles:read') });
  if (data === undefined) return ['member'];
  return data.items
    .filter(({ name, permissions }) => (name === 'owner' ? me.role === 'owner' : permissions.every(may)))
    .map(({ name }) => name);
}

export function useGroups(): readonly string[] {
  const may = useMay();
  const { data } = useQuery({ ...routeQuery('groups.list', LOOKED_AT), enabled: may('users:read') });
  return data?.items.map(({ name }) => name) ?? [];
}

/** Whose something is: the name where it is known, else the id. */
export function useNameOf(): (userId: string) => string {
  const may = useMay();
  const me = useMe();
  const { data } = useQuery({ ...routeQuery('users.list', LOOKED_AT), enabled: may('users:read') });
  const names = new Map(data?.items.map(({ id, name }) => [id, name]));
  return (userId) => names.get(userId) ?? (me.user?.id === userId ? me.user.name : userId);
}
