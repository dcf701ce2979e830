import type { Balancing, ResourceInput } from '@zeronaut/model';
import type { Command } from 'commander';
import { usageError } from '../cli-error.ts';
import type { withHeaders as WithHeaders } from './changed-headers.ts';
import { type CommandLine, type CommonOptions, connect, createCommand, outputOf } from './command-line.ts';
import { addHeaderOptions, type HeaderOptions } from './header-options.ts';
import { addBalancingOption, addLimitOptions, type LimitOptions, withLimits } from './limit-options.ts';
import { findResource } from './resource-questions.ts';

interface UpdateOptions extends CommonOptions, HeaderOptions, LimitOptions {
  readonly balancing?: Balancing;
  readonly headers?: boolean;
}

/** `zeronaut resources update`: what is named changes, everything else of the resource stays. */
export function updateResourceCommand(line: CommandLine): Command {
  const command = createCommand('update', {
    summary: 'change settings of a declared resource, and leave the others as they are',
    description:
      'What is named changes, everything else stays. Names, targets and access are changed by zeronaut resources apply. ' +
      'A value that sounds like a secret (Authorization, X-Api-Key, …) is not shown again.',
    examples: [
      "resources update wiki --request-header 'X-Environment: prod' --response-header 'Server:'",
      "resources update wiki --host-header wiki.internal --response-header '+Content-Security-Policy: frame-ancestors self'",
      'resources update wiki --no-headers',
      'resources update wiki --concurrent 50 --max-body 10MiB --rate 100/10s --balancing least-connections',
      'resources update ssh --idle-timeout 30m --concurrent none',
    ],
  }).argument('<name>', 'name or id');
  addBalancingOption(addLimitOptions(addHeaderOptions(command, '; empty: what the visitor asked for')));
  return command
    .option('--no-headers', 'no header rules any more')
    .action(async (name: string, options: UpdateOptions) => {
      const { resourceInputOf } = await import('@zeronaut/model');
      const { withHeaders } = await import('./changed-headers.ts');
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const resource = await findResource(api, name);
      if (resource.origin === 'service') {
        throw usageError(`${name} is a service of an agent`, 'Give the options to zeronaut expose.');
      }
      const before = resourceInputOf(resource);
      const body: ResourceInput = {
        ...before,
        headers: headersOf(before.headers, options, withHeaders),
        limits: withLimits(before.limits, options),
        balancing: options.balancing ?? before.balancing,
      };
      const input = { params: { id: resource.id }, body };
      const after = await api.call('resources.update', input, { ifMatch: `"${resource.version}"` });
      output.document(after);
      output.line(after.version === resource.version ? `${after.name} is as it was.` : `${after.name} is changed.`);
    });
}

function headersOf(
  before: ResourceInput['headers'],
  options: UpdateOptions,
  withHeaders: typeof WithHeaders,
): ResourceInput['headers'] {
  const given = options.hostHeader !== undefined || options.requestHeader || options.responseHeader;
  if (options.headers === false) {
    if (given) throw usageError('--no-headers takes all rules away, and others are given beside it');
    return { host: null, request: [], response: [] };
  }
  return {
    host: options.hostHeader === undefined ? before.host : options.hostHeader || null,
    request: withHeaders(before.request, options.requestHeader ?? []),
    response: withHeaders(before.response, options.responseHeader ?? []),
  };
}
