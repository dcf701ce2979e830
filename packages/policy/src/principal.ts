import type { SnapshotUser } from '@zeronaut/model';

/**
 * Whether `principal` (`ann@example.com`, `group:dev`, `role:owner`) names this user. Compared exactly: addresses are
 * lower-cased where they enter the system, and folding them here again could make two different addresses equal.
 */
export function matchesPrincipal(principal: string, user: SnapshotUser): boolean {
  if (principal.startsWith('group:')) return user.groups.includes(principal.slice(6));
  if (principal.startsWith('role:')) return user.role === principal.slice(5);
  return principal.includes('@') && principal === user.email;
}
