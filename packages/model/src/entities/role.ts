import { z } from 'zod';

export const role = z.enum(['owner', 'admin', 'operator', 'auditor', 'member']);
export type Role = z.infer<typeof role>;
