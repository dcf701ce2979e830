import type { AccessQuestionInput, AssumedCircumstances, FactorKind } from '@zeronaut/model';

export const ACTIONS = ['read', 'write', 'connect', 'forward'] as const;
export const FACTORS: readonly FactorKind[] = ['password', 'provider', 'passkey', 'mail', 'totp', 'recovery_code'];

/** A question as it is typed: what is empty is not assumed. */
export interface QuestionFields {
  readonly user: string;
  readonly action: (typeof ACTIONS)[number];
  readonly object: string;
  readonly address: string;
  readonly country: string;
  /** Its id. */
  readonly device: string;
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
  country: '',
  device: '',
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
  if (fields.country.trim() !== '') circumstances.country = fields.country.trim().toUpperCase();
  if (fields.device !== '') circumstances.deviceId = fields.device;
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
  const { address, country, deviceId, at, risk, factors, factorMinutesAgo, granted, method, path, gateway } =
    circumstances;
  return {
    user: user ?? '',
    action,
    object,
    address: address ?? '',
    country: country ?? '',
    device: deviceId ?? '',
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

/** The question in the address of the page; what is empty is left out. */
export type QuestionSearch = { readonly [Key in keyof QuestionFields]?: string };

export function searchOf(fields: QuestionFields, administers: boolean): Record<string, string> {
  const { factors, granted, at, action, ...texts } = fields;
  return Object.fromEntries(
    Object.entries({
      ...texts,
      action: administers ? ADMINISTER : action,
      at: at === '' ? '' : new Date(at).toISOString(),
      factors: factors.join(','),
      granted: granted ? '1' : '',
    }).filter(([, text]) => text !== ''),
  );
}

/** Addresses come from anywhere: what makes no sense is as if it were not there. */
export function fieldsOfSearch(search: QuestionSearch): {
  readonly fields: QuestionFields;
  readonly administers: boolean;
} {
  const { factors = '', granted, at, action, ...texts } = search;
  const fields = {
    ...EMPTY_QUESTION,
    ...texts,
    action: ACTIONS.find((one) => one === action) ?? EMPTY_QUESTION.action,
    at: at === undefined || Number.isNaN(Date.parse(at)) ? '' : localMinuteOf(at),
    factors: FACTORS.filter((one) => factors.split(',').includes(one)),
    granted: granted === '1',
  };
  return { fields, administers: action === ADMINISTER };
}

const ADMINISTER = 'administer';

function localMinuteOf(at: string): string {
  const time = new Date(at);
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
