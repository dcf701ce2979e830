import type { AccessQuestionInput, AssumedCircumstances, FactorKind } from '@zeronaut/model';

export const ACTIONS = ['read', 'write', 'connect', 'forward'] as const;
export const FACTORS: readonly FactorKind[] = ['password', 'provider', 'passkey', 'mail', 'totp', 'recovery_code'];

/** A question as it is typed: what is empty is not assumed. */
export interface QuestionFields {
  readonly user: string;
  readonly action: (typeof ACTIONS)[number];
  readonly object: string;
  readonly address: string;
  /** In the zone of whoever asks, as `<input type="datetime-local">` has it. */
  readonly at: string;
  readonly risk: string;
  readonly factors: readonly FactorKind[];
  readonly factorMinutesAgo: string;
  readonly granted: boolean;
  readonly method: string;
  readonly path: string;
  readonly gateway: string;
}

export const EMPTY_QUESTION: QuestionFields = {
  user: '',
  action: 'read',
  object: '',
  address: '',
  at: '',
  risk: '',
  factors: [],
  factorMinutesAgo: '',
  granted: false,
  method: '',
  path: '',
  gateway: '',
};

export function questionOf(fields: QuestionFields): AccessQuestionInput {
  const circumstances: AssumedCircumstances = {};
  for (const key of ['address', 'method', 'path', 'gateway'] as const) {
    const text = fields[key].trim();
    if (text !== '') circumstances[key] = text;
  }
  if (fields.at !== '') circumstances.at = new Date(fields.at).toISOString();
  for (const key of ['risk', 'factorMinutesAgo'] as const) {
    const text = fields[key].trim();
    if (text !== '') circumstances[key] = Number(text);
  }
  if (fields.factors.length > 0) circumstances.factors = [...fields.factors];
  if (fields.granted) circumstances.granted = true;
  const user = fields.user.trim();
  return { user: user === '' ? null : user, action: fields.action, object: fields.object.trim(), circumstances };
}

export function fieldsOf({ user, action, object, circumstances }: AccessQuestionInput): QuestionFields {
  const { address, at, risk, factors, factorMinutesAgo, granted, method, path, gateway } = circumstances;
  return {
    user: user ?? '',
    action,
    object,
    address: address ?? '',
    at: at === undefined ? '' : localMinuteOf(at),
    risk: risk === undefined ? '' : String(risk),
    factors: factors ?? [],
    factorMinutesAgo: factorMinutesAgo === undefined ? '' : String(factorMinutesAgo),
    granted: granted ?? false,
    method: method ?? '',
    path: path ?? '',
    gateway: gateway ?? '',
  };
}

function localMinuteOf(at: string): string {
  const time = new Date(at);
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
