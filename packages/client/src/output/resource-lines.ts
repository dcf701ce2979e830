import type { Balancing, HeaderRules, ResourceLimits } from '@zeronaut/model';
import { formatBytes } from './format.ts';

type Lines = [name: string, text: string][];

function limitLines({ concurrent, bodyBytes, responseTimeoutMs, idleTimeoutMs, rate }: ResourceLimits): Lines {
  const texts = [
    concurrent === null ? null : `${concurrent} at the same time`,
    bodyBytes === null ? null : `bodies of at most ${formatBytes(bodyBytes)}`,
    responseTimeoutMs === null ? null : `${responseTimeoutMs / 1000} s until the answer`,
    idleTimeoutMs === null ? null : `${idleTimeoutMs / 1000} s without a byte`,
    rate === null ? null : `${rate.requests} in ${rate.perSeconds} s from one address`,
  ];
  return texts.filter((text) => text !== null).map((text) => ['limit', text]);
}

function headerLines({ host, request, response }: HeaderRules): Lines {
  const shown = (direction: string, rules: HeaderRules['request'] | HeaderRules['response']) =>
    rules.map((rule): [string, string] => {
      const value = rule.value ?? (rule.action === 'remove' ? null : '(secret)');
      return ['header', `${direction}: ${rule.action} ${rule.name}${value === null ? '' : `: ${value}`}`];
    });
  return [
    ...(host === null ? [] : [['header', `to the service: Host: ${host}`] as [string, string]]),
    ...shown('to the service', request),
    ...shown('to the visitor', response),
  ];
}

/** What `resources show` and `resources test` say of a resource beside its targets and access: name and text of each line. */
export function resourceLines(shown: {
  readonly headers: HeaderRules | null;
  readonly limits: ResourceLimits | null;
  readonly balancing: Balancing | null;
}): Lines {
  const { headers, limits, balancing } = shown;
  return [
    ...(balancing === null || balancing === 'weighted' ? [] : [['balancing', balancing] as Lines[number]]),
    ...(headers === null ? [] : headerLines(headers)),
    ...(limits === null ? [] : limitLines(limits)),
  ];
}
