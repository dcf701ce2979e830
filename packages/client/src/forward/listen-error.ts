import { formatHostPort } from '@zeronaut/model';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import type { ForwardRule } from './rule.ts';

export function listenError(rule: ForwardRule, error: unknown): CliError {
  const { code, message } = error as NodeJS.ErrnoException;
  const address = formatHostPort(rule.localHost, rule.localPort);
  const taken = code === 'EADDRINUSE';
  return new CliError(taken ? `${address} is in use by another program` : `cannot listen on ${address}: ${message}`, {
    reason: 'cli.listen',
    next: 'Choose another local address, or localhost:0 for any free port.',
    exitCode: taken ? EXIT.conflict : EXIT.failed,
    cause: error,
  });
}
