import { foldHeaderName, type HeaderRules, type HeaderRulesInput } from '@zeronaut/model';

/** Rules in the words in which they are shown: `X-Environment: prod`. */
export function ruleText(rule: {
  readonly name: string;
  readonly value: string | null;
  readonly secret?: boolean;
}): string {
  return rule.value === null
    ? rule.secret === true
      ? `${rule.name}: ••••••`
      : rule.name
    : `${rule.name}: ${rule.value}`;
}

export function hasHeaderRules({ host, request, response }: HeaderRules): boolean {
  return host !== null || request.length + response.length > 0;
}

/**
 * What most sites should say and few do. One policy more beside one of the service counts too, so that is added; the others are
 * one line by nature.
 */
const SECURITY_HEADERS: HeaderRulesInput['response'] = [
  { action: 'set', name: 'Strict-Transport-Security', value: 'max-age=31536000' },
  { action: 'set', name: 'X-Content-Type-Options', value: 'nosniff' },
  { action: 'set', name: 'Referrer-Policy', value: 'strict-origin-when-cross-origin' },
  { action: 'add', name: 'Content-Security-Policy', value: "frame-ancestors 'self'" },
];

/** Those of them that no rule speaks of yet. */
export function missingSecurityHeaders(rules: HeaderRulesInput['response']): HeaderRulesInput['response'] {
  const named = new Set(rules.map(({ name }) => foldHeaderName(name)));
  return SECURITY_HEADERS.filter(({ name }) => !named.has(foldHeaderName(name)));
}
