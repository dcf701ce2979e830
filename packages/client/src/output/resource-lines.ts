import type { HeaderRules } from '@zeronaut/model';

/** What `resources show` and `resources test` say of a resource beside its targets and access: name and text of each line. */
export function headerLines({ host, request, response }: HeaderRules): [name: string, text: string][] {
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
