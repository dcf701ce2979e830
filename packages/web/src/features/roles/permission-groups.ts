/** The permissions as people look for them. What no group has is in the last one, with its own name: a newer console may have more. */
export const PERMISSION_GROUPS = {
  people: ['users', 'roles', 'sessions', 'risks', 'access_requests', 'scim'],
  programs: ['service_accounts', 'api_keys', 'relying_parties', 'identity_providers'],
  network: ['resources', 'gateways', 'gateway_logs', 'sites', 'devices', 'policies'],
  watching: ['events', 'incidents', 'audit', 'audit_exports', 'audit_retention', 'audit_erasures'],
  organization: ['organization', 'backups', 'self'],
} as const;

export type PermissionGroup = keyof typeof PERMISSION_GROUPS;

export function groupOf(permission: string): PermissionGroup {
  const noun = permission.split(':', 1)[0]!;
  const found = (Object.keys(PERMISSION_GROUPS) as PermissionGroup[]).find((group) =>
    (PERMISSION_GROUPS[group] as readonly string[]).includes(noun),
  );
  return found ?? 'organization';
}
