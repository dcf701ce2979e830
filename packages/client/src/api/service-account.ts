import type { User } from '@zeronaut/model';
import { CliError } from '../cli-error.ts';
import { type ApiClient, listAll } from './client.ts';

/** By id, or by the name that it was created with. Throws when there is none. */
export async function findServiceAccount(api: ApiClient, text: string): Promise<User> {
  const accounts = await listAll(api, 'serviceAccounts.list');
  const found = accounts.find((one) => one.id === text || one.name === text);
  if (found !== undefined) return found;
  throw new CliError(`there is no service account ${text}`, {
    reason: 'api.not_found',
    next: 'Run zeronaut service-accounts list to see what there is.',
  });
}
