import { z } from 'zod';

/**
 * Header rules of an HTTP resource: what is set, added or removed on the way to the service and back. What they may not touch is
 * said here, once; gateways compile what passed. Names are compared with every mark as `-`, because services that hand fields on as
 * variables take `X_Name` and `X-Name` for one.
 */
export const MAX_HEADER_RULES = 50;
export const MAX_HEADER_NAME_LENGTH = 64;
export const MAX_HEADER_VALUE_LENGTH = 4096;
/** Of all lines that one direction adds, with names. */
export const MAX_HEADER_RULES_BYTES = 8192;

/** `X_Forwarded.For` as `x-forwarded-for`. */
export function foldHeaderName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '-');
}

/** Framing, the connection itself, what the bytes of a body are, and what we vouch for. Folded. */
const OURS = new Set([
  ...['connection', 'content-encoding', 'content-length', 'content-range', 'expect', 'host', 'http2-settings'],
  ...['keep-alive', 'proxy', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'x-request-id'],
]);
const OUR_PREFIXES = ['proxy-', 'sec-websocket-', 'x-zeronaut-'];
/** Who the visitor is and where they asked: only we tell the service. */
const OURS_IN_REQUESTS = new Set([
  ...['forwarded', 'x-real-ip'],
  ...['by', 'for', 'host', 'port', 'proto', 'scheme', 'server', 'ssl'].map((name) => `x-forwarded-${name}`),
]);
/** There can be only one of them in a request. */
const SINGLE = new Set(['authorization', 'cookie']);
const SECRET_NAME = /auth|cookie|credential|key|passw|secret|token/;

/** Whether a value under this name is taken for a secret where nobody says. */
export function isSecretHeaderName(name: string): boolean {
  return SECRET_NAME.test(foldHeaderName(name));
}

function isFree(name: string, side: 'request' | 'response'): boolean {
  const folded = foldHeaderName(name);
  return !(
    OURS.has(folded) ||
    OUR_PREFIXES.some((prefix) => folded.startsWith(prefix)) ||
    (side === 'request' ? OURS_IN_REQUESTS.has(folded) : folded === 'date')
  );
}

const action = z.enum(['set', 'add', 'remove']);
const name = z
  .string()
  .min(1)
  .max(MAX_HEADER_NAME_LENGTH)
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'a header name such as X-Environment');
const value = z
  .string()
  .min(1)
  .max(MAX_HEADER_VALUE_LENGTH)
  .regex(/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/, 'printable ASCII, no blank at either end');
const nameIn = (side: 'request' | 'response') =>
  name.refine(
    (text) => isFree(text, side),
    'none that the gateway itself needs, such as Host, Connection, X-Zeronaut-*',
  );

/** What the service reads as Host: a name or an address, with a port if need be. */
const hostHeader = z
  .string()
  .max(262)
  .regex(
    /^(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/,
    'a host name in lower case, with :port if need be',
  );

interface Rule {
  readonly action: z.infer<typeof action>;
  readonly name: string;
  readonly value: string | null;
}

type Issues = z.RefinementCtx;

/** A rule by itself. */
function checkRule(rule: Rule, issues: Issues): void {
  const complain = (field: string, message: string) =>
    issues.addIssue({ code: 'custom', path: [field], message, input: rule });
  if (rule.action === 'remove' && rule.value !== null) complain('value', 'what is removed has no value');
  if (rule.value?.toLowerCase().includes('__host-zn_')) complain('value', 'not one of our own cookies');
}

/** Rules beside one another: what is set or removed is nobody else's, and all lines have to fit into a head. */
function checkRules(rules: readonly Rule[], issues: Issues): void {
  const first = new Map<string, Rule>();
  let bytes = 0;
  for (const [index, rule] of rules.entries()) {
    const folded = foldHeaderName(rule.name);
    const other = first.get(folded);
    const complain = (field: string, message: string) =>
      issues.addIssue({ code: 'custom', path: [index, field], message, input: rules });
    if (other === undefined) first.set(folded, rule);
    else if (rule.action !== 'add' || other.action === 'remove')
      complain('name', 'named twice: only add may repeat a name');
    if (rule.value !== null) bytes += rule.name.length + rule.value.length + 4;
    if (bytes > MAX_HEADER_RULES_BYTES) complain('value', `more than ${MAX_HEADER_RULES_BYTES} bytes in all`);
  }
}

const requestRule = z
  .strictObject({
    action,
    name: nameIn('request'),
    value: value.nullable().default(null).describe('of a secret, null: the one that is there stays'),
    secret: z.boolean().optional().describe('nobody reads it again; absent: by the name'),
  })
  .superRefine((rule, issues) => {
    checkRule(rule, issues);
    const complain = (field: string, message: string) =>
      issues.addIssue({ code: 'custom', path: [field], message, input: rule });
    const secret = rule.secret ?? isSecretHeaderName(rule.name);
    if (rule.action !== 'remove' && rule.value === null && !secret) complain('value', 'it needs a value');
    if (rule.action === 'add' && SINGLE.has(foldHeaderName(rule.name))) {
      complain('action', 'a request has one at most: set it');
    }
  });

const responseRule = z
  .strictObject({ action, name: nameIn('response'), value: value.nullable().default(null) })
  .superRefine((rule, issues) => {
    checkRule(rule, issues);
    if (rule.action !== 'remove' && rule.value === null) {
      issues.addIssue({ code: 'custom', path: ['value'], message: 'it needs a value', input: rule });
    }
  });

/** As people write them. */
export const headerRulesInput = z.strictObject({
  host: hostHeader
    .nullable()
    .default(null)
    .describe('what the service reads as Host; null: what the visitor asked for'),
  request: z.array(requestRule).max(MAX_HEADER_RULES).superRefine(checkRules).default([]).describe('to the service'),
  response: z.array(responseRule).max(MAX_HEADER_RULES).superRefine(checkRules).default([]).describe('to the visitor'),
});
export type HeaderRulesInput = z.infer<typeof headerRulesInput>;

/** As they are shown: without the values of secrets, which nobody reads again. */
export const headerRules = z.strictObject({
  host: hostHeader.nullable(),
  request: z
    .array(z.strictObject({ action, name, value: value.nullable(), secret: z.boolean() }))
    .max(MAX_HEADER_RULES),
  response: z.array(z.strictObject({ action, name, value: value.nullable() })).max(MAX_HEADER_RULES),
});
export type HeaderRules = z.infer<typeof headerRules>;

export const NO_HEADER_RULES: HeaderRules = Object.freeze({ host: null, request: [], response: [] });

/** As gateways get them, secrets included. */
export const snapshotHeaderRules = z.strictObject({
  host: hostHeader.optional(),
  request: z.array(z.strictObject({ action, name, value: value.optional() })).max(MAX_HEADER_RULES),
  response: z.array(z.strictObject({ action, name, value: value.optional() })).max(MAX_HEADER_RULES),
});
export type SnapshotHeaderRules = z.infer<typeof snapshotHeaderRules>;
