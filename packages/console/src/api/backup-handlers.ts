import type { backupRoutes } from '@zeronaut/model';
import { createBackup } from '../domains/backup/backup.ts';
import type { Handlers } from './handlers.ts';

export const backupHandlers: Pick<Handlers, keyof typeof backupRoutes> = {
  'backups.create': (context, { caller, body }) => createBackup(context, caller, body.passphrase),
};
