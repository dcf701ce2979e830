import type { BuiltInRole } from './entities/index.ts';

/** What a role may do through the API. One readable table, printed in docs/permissions.md; a permission that is missing is refused. */
export const PERMISSIONS = {
  'organization:read': ['owner', 'admin', 'operator', 'auditor', 'member'],
  'organization:write': ['owner'],
  'users:read': ['owner', 'admin', 'auditor'],
  'users:write': ['owner', 'admin'],
  'roles:read': ['owner', 'admin', 'auditor'],
  /** Of the organization's own roles; nobody puts more into one than they may themselves. */
  'roles:write': ['owner', 'admin'],
  'sessions:read': ['owner', 'admin', 'auditor'],
  'sessions:write': ['owner', 'admin'],
  'api_keys:read': ['owner', 'admin', 'auditor'],
  'api_keys:write': ['owner', 'admin'],
  'service_accounts:read': ['owner', 'admin', 'auditor'],
  'service_accounts:write': ['owner', 'admin'],
  'relying_parties:read': ['owner', 'admin', 'auditor'],
  'relying_parties:write': ['owner', 'admin'],
  'identity_providers:read': ['owner', 'admin', 'auditor'],
  /** Whoever sets an identity provider can sign in as anybody of the organization, owners included. */
  'identity_providers:write': ['owner'],
  /** For the key of a company's directory, which must name it as a scope; a key without scopes does not do. */
  'scim:write': ['owner', 'admin'],
  'devices:read': ['owner', 'admin', 'operator', 'auditor'],
  'devices:write': ['owner', 'admin', 'operator'],
  'gateways:read': ['owner', 'admin', 'operator', 'auditor', 'member'],
  'gateways:write': ['owner', 'admin'],
  /** It names addresses of visitors and what went wrong with them. */
  'gateway_logs:read': ['owner', 'admin', 'operator'],
  'resources:read': ['owner', 'admin', 'operator', 'auditor', 'member'],
  'resources:write': ['owner', 'admin', 'operator'],
  'sites:read': ['owner', 'admin', 'operator', 'auditor', 'member'],
  'sites:write': ['owner', 'admin', 'operator'],
  'policies:read': ['owner', 'admin', 'operator', 'auditor'],
  'policies:write': ['owner', 'admin'],
  /** Only that the call may be made: who decides a request is said by the approval rule of what is asked for. */
  'access_requests:decide': ['owner', 'admin', 'operator', 'auditor', 'member'],
  'risks:read': ['owner', 'admin', 'operator', 'auditor'],
  /** Raising somebody's risk can lock them out; lowering it can let them in. */
  'risks:write': ['owner', 'admin'],
  'events:read': ['owner', 'admin', 'operator', 'auditor'],
  'incidents:read': ['owner', 'admin', 'operator', 'auditor'],
  'incidents:write': ['owner', 'admin', 'operator'],
  'audit:read': ['owner', 'admin', 'auditor'],
  'audit_exports:read': ['owner', 'admin', 'auditor'],
  /** Sends the log away, from its first entry on. */
  'audit_exports:write': ['owner'],
  /** Makes texts of the log go when they are old enough. */
  'audit_retention:write': ['owner'],
  /** Makes what the log says of a person unreadable for ever. */
  'audit_erasures:write': ['owner'],
  /** Takes the whole console along: everything of everybody, and its keys. */
  'backups:write': ['owner'],
  /** Own things: my profile, my sessions, enrol my device. */
  'self:read': ['owner', 'admin', 'operator', 'auditor', 'member'],
  'self:write': ['owner', 'admin', 'operator', 'auditor', 'member'],
} as const satisfies Record<string, readonly BuiltInRole[]>;

export type Permission = keyof typeof PERMISSIONS;

/** What the table says of a built-in role; every other name has nothing here. */
export function roleHas(role: string, permission: Permission): boolean {
  return (PERMISSIONS[permission] as readonly string[]).includes(role);
}

/** All that the table gives a built-in role, in its order. */
export function permissionsOfBuiltIn(role: BuiltInRole): readonly Permission[] {
  return (Object.keys(PERMISSIONS) as Permission[]).filter((permission) => roleHas(role, permission));
}

/** With one of these somebody could become an owner: no role of an organization's own can have it. */
export function isForOwnersAlone(permission: Permission): boolean {
  return PERMISSIONS[permission].length === 1;
}
