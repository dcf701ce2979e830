import { z } from 'zod';

/**
 * `$ZERONAUT_HOME/local-credential.json`, mode 0600: written by the console at start for the OS user that runs it, read
 * by `zeronaut` of the same user. `apiKey` goes into `Authorization: Bearer …`.
 */
export const localCredential = z.object({
  consoleUrl: z.url({ protocol: /^https?$/ }),
  apiKey: z.string().min(20).max(200),
});
export type LocalCredential = z.infer<typeof localCredential>;

/** Name of the file under `$ZERONAUT_HOME`. */
export const LOCAL_CREDENTIAL_FILE = 'local-credential.json';
