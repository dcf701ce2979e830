import { z } from 'zod';
import { PERMISSIONS, type Permission } from '../permissions.ts';

/** Permissions about single resources: only these may be narrowed to one. */
export const RESOURCE_PERMISSIONS = [
  'resources:read',
  'resources:write',
  'events:read',
] as const satisfies readonly Permission[];

/** What may be narrowed to one identity provider. */
export const PROVIDER_PERMISSIONS = ['scim:write'] as const satisfies readonly Permission[];

export interface ParsedScope {
  readonly permission: Permission;
  /** A resource, or an identity provider; null: every one. */
  readonly resourceId: string | null;
}

/** `resources:read`, or `resources:write@res_01…` for one resource. Null when it is neither. */
export function parseScope(text: string): ParsedScope | null {
  const at = text.indexOf('@');
  const permission = at === -1 ? text : text.slice(0, at);
  if (!Object.hasOwn(PERMISSIONS, permission)) return null;
  if (at === -1) return { permission: permission as Permission, resourceId: null };
  const resourceId = text.slice(at + 1);
  const ofResource = (RESOURCE_PERMISSIONS as readonly string[]).includes(permission);
  const ofProvider = (PROVIDER_PERMISSIONS as readonly string[]).includes(permission);
  if (
    !(ofResource && /^res_[0-9a-z]{1,60}$/.test(resourceId)) &&
    !(ofProvider && /^idp_[0-9a-z]{1,60}$/.test(resourceId))
  ) {
    return null;
  }
  return { permission: permission as Permission, resourceId };
}

/** One thing that a credential may do. Scopes only narrow: what the role of its user does not allow, no scope does. */
export const scope = z
  .string()
  .max(100)
  .refine((text) => parseScope(text) !== null, 'a permission such as resources:read, or resources:write@RESOURCE_ID');

export const scopes = z
  .array(scope)
  .min(1)
  .max(50)
  .refine((list) => new Set(list).size === list.length, 'each scope once');

/** Whether `granted` (null: everything) lets a caller use `permission`, on `resourceId` where the call is about one. */
export function scopesCover(
  granted: readonly string[] | null,
  permission: Permission,
  resourceId: string | null,
): boolean {
  if (granted === null) return true;
  return granted.some((text) => {
    const parsed = parseScope(text);
    if (parsed === null || parsed.permission !== permission) return false;
    return parsed.resourceId === null || parsed.resourceId === resourceId;
  });
}

/** Whether every one of `scopes` is covered by `granted`: nobody hands on more than they hold. */
export function scopesWithin(scopes: readonly string[] | null, granted: readonly string[] | null): boolean {
  if (granted === null) return true;
  if (scopes === null) return false;
  return scopes.every((text) => {
    const parsed = parseScope(text);
    return parsed !== null && scopesCover(granted, parsed.permission, parsed.resourceId);
  });
}
