import type { FactorKind } from '@zeronaut/model';
import type { PolicyAction } from '../policy-schema.ts';
import { ACCESS_TEMPLATES } from './templates-access.ts';
import { PROTECTION_TEMPLATES } from './templates-protection.ts';

/**
 * Policies to start from: text with parameters, and cases that say what it does. A test runs every case with the real
 * evaluator, so that what is written of a template is what it does.
 */
export interface PolicyTemplate {
  /** Also the `@id` of the policy, unless another one is asked for. */
  readonly name: string;
  readonly summary: string;
  readonly parameters: readonly TemplateParameter[];
  /** The policy without its `@id`. Values have been checked and written as Cedar literals. */
  text(values: Readonly<Record<string, string>>): string;
  readonly cases: readonly TemplateCase[];
}

export interface TemplateParameter {
  readonly name: string;
  readonly summary: string;
  readonly kind: ParameterKind;
  /** Null: it has to be given. */
  readonly default: string | null;
  /** What the cases are run with, where there is no default. */
  readonly example?: string;
}

/** `name`: of a group or segment. `networks`: addresses in CIDR notation, separated by commas. `countries`: ISO 3166-1, likewise. `instant`: ISO 8601. */
export type ParameterKind = 'name' | 'number' | 'hour' | 'instant' | 'networks' | 'countries' | 'path';

/** One request and what becomes of it, with the examples as parameters and a resource that lets in every user. */
export interface TemplateCase {
  readonly title: string;
  readonly expect: 'pass' | 'challenge' | 'deny';
  /** Default: a user without groups who is signed in with a password. */
  readonly who?: 'user' | 'service account' | 'visitor';
  readonly groups?: readonly string[];
  /** Default: read. */
  readonly action?: PolicyAction;
  /** Segments of what is accessed. Default: `prod`. */
  readonly segments?: readonly string[];
  /** Access mode of the resource. Default: `login`; `visitor`s need `public`. */
  readonly mode?: 'login' | 'policy' | 'public';
  readonly by?: 'session' | 'personal_access_token';
  /** ISO 8601. Default: a Wednesday noon. */
  readonly at?: string;
  readonly address?: string;
  /** Default: unknown. */
  readonly country?: string;
  readonly risk?: number;
  readonly factors?: readonly FactorKind[];
  readonly factorMinutesAgo?: number;
  readonly granted?: boolean;
  readonly method?: string;
  readonly path?: string;
  /** Absent: no device is known. */
  readonly device?: {
    readonly diskEncryption: 'on' | 'off' | 'unknown';
    readonly screenLock: 'on' | 'off' | 'unknown';
    readonly reportedMinutesAgo: number;
  };
}

export const POLICY_TEMPLATES: readonly PolicyTemplate[] = [...ACCESS_TEMPLATES, ...PROTECTION_TEMPLATES];

export type FilledTemplate =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problems: readonly { readonly parameter: string; readonly message: string }[] };

/** What each kind of parameter takes, for people and as a pattern. */
export const PARAMETER_KINDS: Readonly<Record<ParameterKind, { readonly what: string; readonly pattern: RegExp }>> = {
  name: { what: 'a name', pattern: /^\s*[\p{L}\p{N}][\p{L}\p{N} ._:@/-]{0,63}$/u },
  number: { what: 'a whole number from 0 to 1000000', pattern: /^\s*(?:0*\d{1,6}|1000000)\s*$/ },
  hour: { what: 'an hour from 0 to 24', pattern: /^\s*(?:[01]?\d|2[0-4])\s*$/ },
  instant: {
    what: 'a time such as 2027-01-31T18:00:00Z',
    pattern: /^\s*\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,3})?Z)?\s*$/,
  },
  networks: {
    what: 'a list of networks such as 10.0.0.0/8,2001:db8::/32',
    pattern: /^\s*[0-9a-fA-F.:]{2,45}(?:\/\d{1,3})?(?:\s*,\s*[0-9a-fA-F.:]{2,45}(?:\/\d{1,3})?){0,49}\s*$/,
  },
  countries: {
    what: 'a list of countries such as CH,DE',
    pattern: /^\s*[A-Z]{2}(?:\s*,\s*[A-Z]{2}){0,249}\s*$/,
  },
  path: { what: 'a path such as /admin', pattern: /^\s*\/[A-Za-z0-9._~/-]{0,200}\s*$/ },
};

/** The policy of a template. Nothing that a value holds can become Cedar other than the literal that is meant. */
export function fillTemplate(
  template: PolicyTemplate,
  given: Readonly<Record<string, string>>,
  id: string = template.name,
): FilledTemplate {
  const problems: { parameter: string; message: string }[] = [];
  const values: Record<string, string> = {};
  const known = new Set(template.parameters.map(({ name }) => name));
  for (const name of Object.keys(given)) {
    if (!known.has(name)) problems.push({ parameter: name, message: `${template.name} has no such parameter` });
  }
  for (const { name, kind, default: fallback } of template.parameters) {
    const value = Object.hasOwn(given, name) ? given[name]! : fallback;
    if (value === null) {
      problems.push({ parameter: name, message: 'it has to be given' });
      continue;
    }
    const literal = literalOf(kind, value.trim());
    if (literal === null)
      problems.push({ parameter: name, message: `${JSON.stringify(value)} is not ${PARAMETER_KINDS[kind].what}` });
    else values[name] = literal;
  }
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(id)) {
    problems.push({ parameter: 'id', message: 'a name has lower-case letters, digits and dashes' });
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, text: `@id(${JSON.stringify(id)})\n${template.text(values).trim()}\n` };
}

/** How a value is written in Cedar; null: it is not of that kind. */
function literalOf(kind: ParameterKind, value: string): string | null {
  if (!PARAMETER_KINDS[kind].pattern.test(value)) return null;
  switch (kind) {
    case 'name':
      return JSON.stringify(value);
    case 'number':
    case 'hour':
      return String(Number(value));
    case 'instant':
      return Number.isNaN(Date.parse(value)) ? null : `datetime(${JSON.stringify(value)})`;
    case 'networks': {
      const networks = value.split(',').map((part) => part.trim());
      return networks.map((network) => `context.address.isInRange(ip(${JSON.stringify(network)}))`).join(' ||\n  ');
    }
    case 'countries':
      return JSON.stringify(value.split(',').map((part) => part.trim())).replaceAll(',', ', ');
    case 'path':
      return JSON.stringify(`${value}*`);
  }
}
