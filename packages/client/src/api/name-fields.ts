import type { Command } from 'commander';
import type { ApiError } from './api-error.ts';

/** Fields that are called otherwise on the command line. */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  addresses: ['allowIp'],
  approvers: ['by'],
  expiresInSeconds: ['ttl', 'for'],
  graceSeconds: ['grace'],
  groupMappings: ['map'],
  jwksUri: ['keysUrl'],
  logoutUri: ['logout'],
  maxMinutes: ['max'],
  maxUses: ['uses'],
  minutes: ['for'],
  permissions: ['may', 'add'],
  redirectUris: ['redirect'],
  resources: ['for'],
  serviceAccountId: ['for'],
  to: ['mail'],
  tokenSeconds: ['ttl'],
  ttlSeconds: ['for', 'ttl', 'time'],
  url: ['webhook'],
};

/**
 * What the console refused by the name of a field, by the option or argument that set it instead: whoever typed
 * `--group` has never heard of `/groups/0`. Fields that nothing on the command line is named after stay as they are.
 */
export function nameFields(error: ApiError, command: Command): ApiError {
  return error.withPlaces((pointer) => placeOf(pointer, command));
}

/** `--group (entry 2)` or `<email>` for a JSON pointer into the body, `query/…` or `params/…`; null: nothing here set it. */
export function placeOf(pointer: string, command: Command): string | null {
  const steps = pointer.split('/').slice(1);
  const last = steps.at(-1) ?? '';
  const entry = /^\d+$/.test(last) ? ` (entry ${Number(last) + 1})` : '';
  // The innermost field that has an option: of `/settings/issuer` it is `issuer`.
  for (const field of steps.filter((step) => !/^\d+$/.test(step)).reverse()) {
    const names = [field, field.replace(/s$/, ''), ...(OTHER_NAMES[field] ?? [])];
    const option = command.options.find((one) => names.includes(one.attributeName()));
    if (option !== undefined && command.getOptionValueSource(option.attributeName()) !== undefined) {
      return `${option.long ?? option.short}${entry}`;
    }
    const argument = command.registeredArguments.find((one) => names.includes(one.name()));
    if (argument !== undefined) return `<${argument.name()}>`;
  }
  const first = command.registeredArguments[0];
  return pointer.startsWith('params/') && first !== undefined ? `<${first.name()}>` : null;
}
