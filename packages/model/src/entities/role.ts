import { z } from 'zod';
import { PERMISSIONS, type Permission } from '../permissions.ts';
import { label, timestamp } from './scalars.ts';

/** The roles that every organization has. What they may do is in `PERMISSIONS`. */
export const builtInRole = z.enum(['owner', 'admin', 'operator', 'auditor', 'member']);
export type BuiltInRole = z.infer<typeof builtInRole>;

/** Name of a role: a built-in one, or one that the organization made. Whether it has such a one, the console looks. */
export const role = label;
export type Role = z.infer<typeof role>;

export const permission = z.enum(Object.keys(PERMISSIONS) as [Permission, ...Permission[]]);

export const roleDefinition = z.strictObject({
  name: role,
  description: z.string().max(300),
  /** Sorted as in the table. Whatever every member may is part of each role. */
  permissions: z.array(permission),
  builtIn: z.boolean(),
  /** Null: built in. */
  createdAt: timestamp.nullable(),
  version: z.int().min(1),
});
export type RoleDefinition = z.infer<typeof roleDefinition>;
