/**
 * What the Cedar library says of a text, as codes with values, so that other languages have words for it. What is not
 * known here stays in its own English.
 */
export interface CodedMessage {
  readonly code: string;
  readonly values: Readonly<Record<string, string>>;
}

const MESSAGES: readonly (readonly [code: string, pattern: RegExp])[] = [
  ['cedar.no_attribute', /^attribute `(?<name>[^`]+)` (?:in (?<of>context)|on entity type `(?<type>[^`]+)`) not found/],
  [
    'cedar.maybe_absent',
    /^unable to guarantee safety of access to optional attribute `(?<name>[^`]+)` (?:in (?<of>context)|on entity type `(?<type>[^`]+)`)/,
  ],
  ['cedar.types_differ', /^the types (?<one>.+) and (?<other>.+) are not compatible/],
  ['cedar.other_type', /^unexpected type: expected (?<expected>.+) but saw (?<saw>.+)/],
  ['cedar.no_type', /^unrecognized entity type `(?<name>[^`]+)`/],
  ['cedar.no_action', /^unrecognized action `(?<name>.+)`/],
  ['cedar.no_applicable_action', /^unable to find an applicable action/],
  ['cedar.impossible', /^policy is impossible/],
  ['cedar.no_function', /^`(?<name>[^`]+)` is not a valid (?:function|method)/],
  ['cedar.is_method', /^`(?<name>[^`]+)` is a method, not a function/],
  [
    'cedar.bad_value',
    /^error during extension function argument validation: failed to parse as (?:an? )?(?<what>[^:]+): `(?<value>.+)`$/,
  ],
  ['cedar.text_ends', /^unexpected end of input/],
  ['cedar.unexpected', /^unexpected token `(?<token>.+?)`/],
  ['cedar.bad_token', /^invalid token/],
  ['cedar.bad_effect', /^invalid policy effect: (?<effect>.+)/],
  ['cedar.empty_set', /^empty set literals are forbidden/],
  ['cedar.bad_number', /^integer parse error/],
  ['cedar.single_equals', /^'=' is not a valid operator/],
  ['cedar.bad_pattern', /^right hand side of a `like` expression must be a pattern literal/],
  ['cedar.annotation_twice', /^duplicate annotation: (?<name>@\w+)/],
];

export const CEDAR_CODES: readonly string[] = MESSAGES.map(([code]) => code);

export function codedMessage(message: string, help: string): CodedMessage {
  for (const [code, pattern] of MESSAGES) {
    const found = pattern.exec(message);
    if (found === null) continue;
    const { of, type, ...named } = found.groups ?? {};
    const values = Object.entries({ ...named, of: of ?? type }).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value.slice(0, 200)] as const],
    );
    const meant = /did you mean `(.+)`\?/.exec(help)?.[1];
    return {
      code,
      values: { ...Object.fromEntries(values), ...(meant !== undefined && { meant: meant.slice(0, 200) }) },
    };
  }
  return { code: '', values: {} };
}
