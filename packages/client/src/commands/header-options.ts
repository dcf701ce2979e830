import type { HeaderRulesInput } from '@zeronaut/model';
import { type Command, InvalidArgumentError } from 'commander';

/** Header rules on the command line: `Name: value` sets, `+Name: value` adds, `Name:` removes, as people know it from curl. */
export type HeaderOption = HeaderRulesInput['response'][number];

export interface HeaderOptions {
  readonly hostHeader?: string;
  readonly requestHeader?: HeaderOption[];
  readonly responseHeader?: HeaderOption[];
}

export function addHeaderOptions(command: Command, none: string): Command {
  return command
    .option('--host-header <host>', `what the service reads as Host${none}`)
    .option(
      '--request-header <rule>',
      "what the service reads: 'Name: value' sets, '+Name: value' adds, 'Name:' removes",
      parseHeader,
    )
    .option('--response-header <rule>', 'the same for what visitors get', parseHeader);
}

export function parseHeader(text: string, previous: readonly HeaderOption[] = []): HeaderOption[] {
  const colon = text.indexOf(':');
  const adds = text.startsWith('+');
  const name = text.slice(adds ? 1 : 0, Math.max(0, colon)).trim();
  const value = text.slice(colon + 1).trim();
  if (name === '' || (adds && value === '')) {
    throw new InvalidArgumentError("expected 'Name: value', '+Name: value' or 'Name:'");
  }
  const action = adds ? 'add' : value === '' ? 'remove' : 'set';
  return [...previous, { action, name, value: value === '' ? null : value }];
}
