import { join } from 'node:path';
import { z } from 'zod';
import { ensureDirectory, homeDirectory } from '../profile/home.ts';
import { readPrivateFile, writePrivateFile } from '../profile/private-file.ts';

/**
 * What this machine has seen of audit logs: the newest checkpoint that was verified of each, and the keys that signed it. A
 * console that shows another past, or other keys, is found out by it.
 */
const known = z.strictObject({ note: z.string().max(65_536), keys: z.array(z.string().max(4096)).min(1).max(32) });
export type KnownCheckpoint = z.infer<typeof known>;

const file = z.strictObject({ version: z.literal(1), logs: z.record(z.string().max(64), known) });

const pathOf = () => join(homeDirectory(), 'audit-known.json');

export function readKnown(organizationId: string): KnownCheckpoint | undefined {
  return readPrivateFile(pathOf(), file)?.logs[organizationId];
}

export function writeKnown(organizationId: string, checkpoint: KnownCheckpoint): void {
  ensureDirectory(homeDirectory());
  const logs = readPrivateFile(pathOf(), file)?.logs ?? {};
  writePrivateFile(pathOf(), { version: 1, logs: { ...logs, [organizationId]: checkpoint } });
}
