import { z } from 'zod';
import { defineRoutes } from './route.ts';

/** What a backup is encrypted with: whoever has both can be this console. */
export const backupPassphrase = z.string().min(12).max(256);

export const backupRoutes = defineRoutes({
  'backups.create': {
    tag: 'organizations',
    permission: 'backups:write',
    method: 'POST',
    path: '/api/v1/backups',
    summary:
      'A copy of the whole console (database and master key) as it is now, encrypted with a passphrase; SQLite alone, and where there is one organization',
    stepUp: true,
    status: 200,
    body: z.strictObject({ passphrase: backupPassphrase }),
    download: 'application/vnd.zeronaut.backup',
  },
});
