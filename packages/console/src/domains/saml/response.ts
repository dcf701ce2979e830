/**
 * A SAML response to who it speaks of. The assertion itself must be signed: a signature of the response alone does not
 * count, because what it covers is taken apart before it is used. Around the signature everything unsigned is used only to
 * refuse; who the person is comes from the text that the signature check gave back.
 */
import { Refusal } from '../../store/refusal.ts';
import { decryptAssertion } from './decryption.ts';
import type { SamlKey } from './metadata.ts';
import { misplaced, verifySigned } from './signature.ts';
import {
  childrenOf,
  descendants,
  is,
  MAX_RESPONSE_BYTES,
  malformed,
  NS,
  onlyChild,
  parseXml,
  textOf,
  type XmlDocument,
  type XmlElement,
} from './xml.ts';

const SUCCESS = 'urn:oasis:names:tc:SAML:2.0:status:Success';
const BEARER = 'urn:oasis:names:tc:SAML:2.0:cm:bearer';

export interface ExpectedResponse {
  /** Entity id of the provider. */
  readonly issuer: string;
  readonly keys: readonly SamlKey[];
  /** Our entity id. */
  readonly audience: string;
  /** Our ACS URL. */
  readonly recipient: string;
  /** `ID` of the request that it answers. */
  readonly requestId: string;
  readonly wantResponseSigned: boolean;
  /** PEM, of the key that assertions are encrypted for. */
  readonly privateKey: string;
  readonly nowMs: number;
  /** How far the clocks may be apart. */
  readonly toleranceMs: number;
  /** Longest age of an assertion, whatever it says of itself. */
  readonly maxAgeMs: number;
}

export interface Assertion {
  readonly id: string;
  /** Until when its id must be remembered. */
  readonly untilMs: number;
  readonly nameId: string;
  readonly nameIdFormat: string;
  readonly sessionIndex: string | null;
  /** When the person signed in there; null: it is not said. */
  readonly signedInMs: number | null;
  readonly attributes: ReadonlyMap<string, readonly string[]>;
}

/** `base64`: the form field `SAMLResponse`. */
export function readResponse(base64: string, expected: ExpectedResponse): Assertion | Refusal {
  const text = decode(base64);
  if (text instanceof Refusal) return text;
  const document = parseXml(text, { maxBytes: MAX_RESPONSE_BYTES });
  if (document instanceof Refusal) return document;
  const envelope = checkEnvelope(document.root, expected);
  if (envelope !== null) return envelope;
  const response = checkResponseSignature(document, expected);
  if (response !== null) return response;
  const verified = verifyAssertion(document, expected);
  if (verified instanceof Refusal) return verified;
  // From here on nothing is read but what was signed.
  const signed = parseXml(verified, { maxBytes: MAX_RESPONSE_BYTES });
  if (signed instanceof Refusal) return signed;
  return readAssertion(signed.root, expected);
}

function decode(base64: string): string | Refusal {
  const packed = base64.replace(/[\r\n\t ]+/g, '');
  if (packed === '') return malformed('there is no SAMLResponse');
  if (packed.length > Math.ceil(MAX_RESPONSE_BYTES / 3) * 4) return malformed(`more than ${MAX_RESPONSE_BYTES} bytes`);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(packed)) return malformed('not base64');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(packed, 'base64'));
  } catch {
    // The decoder has no other way to say so.
    return malformed('not UTF-8');
  }
}

function checkEnvelope(root: XmlElement, expected: ExpectedResponse): Refusal | null {
  if (!is(root, NS.protocol, 'Response')) return malformed('not a SAML response');
  if (root.attributes.get('Version') !== '2.0') return malformed('not SAML 2.0');
  const parts = root.children.map(({ namespace, name }) => {
    const known = namespace === NS.protocol || namespace === NS.assertion || namespace === NS.signature;
    return known ? name : `{${namespace}}${name}`;
  });
  if (!/^(?:Issuer )?(?:Signature )?Status(?: (?:Assertion|EncryptedAssertion))*$/.test(parts.join(' '))) {
    return misplaced(`the response holds ${parts.join(' ')}`.slice(0, 300));
  }
  const issuers = childrenOf(root, NS.assertion, 'Issuer');
  if (issuers.length > 0 && textOf(issuers[0]!) !== expected.issuer) return issuerMismatch(textOf(issuers[0]!));
  if (root.attributes.get('Destination') !== expected.recipient) {
    return new Refusal('idp.recipient_mismatch', { detail: `Destination ${root.attributes.get('Destination')}` });
  }
  if (root.attributes.get('InResponseTo') !== expected.requestId) {
    return new Refusal('idp.nonce_mismatch', { detail: 'the response answers another request' });
  }
  const status = onlyChild(root, NS.protocol, 'Status');
  const code = status === null ? null : onlyChild(status, NS.protocol, 'StatusCode');
  if (status === null || code === null) return malformed('the response has no status');
  if (code.attributes.get('Value') === SUCCESS) return null;
  const codes = [...descendants(code)].map((one) => (one.attributes.get('Value') ?? '').split(':').at(-1));
  const message = textOf(onlyChild(status, NS.protocol, 'StatusMessage')) ?? '';
  return new Refusal('idp.refused', { detail: `${codes.join(' ')} ${message}`.trim().slice(0, 300) });
}

/** A signature that is there must be good, wanted or not. */
function checkResponseSignature(document: XmlDocument, expected: ExpectedResponse): Refusal | null {
  const signed = childrenOf(document.root, NS.signature, 'Signature').length > 0;
  if (!signed && !expected.wantResponseSigned) return null;
  const verified = verifySigned(document, document.root, expected.keys, expected.nowMs);
  return verified instanceof Refusal ? verified : null;
}

/** The one assertion, where it belongs, and no other anywhere. Resolves to what was signed. */
function verifyAssertion(document: XmlDocument, expected: ExpectedResponse): string | Refusal {
  const everything = [...descendants(document.root)];
  const plain = everything.filter((one) => is(one, NS.assertion, 'Assertion'));
  const encrypted = everything.filter((one) => is(one, NS.assertion, 'EncryptedAssertion'));
  if (plain.length + encrypted.length === 0) return malformed('the response holds no assertion');
  if (plain.length + encrypted.length > 1) return misplaced('the response holds several assertions');
  const only = (plain[0] ?? encrypted[0])!;
  if (!document.root.children.includes(only)) return misplaced('the assertion is not where it belongs');
  const signatures = everything.filter((one) => is(one, NS.signature, 'Signature'));
  const owned = [document.root, only].flatMap((one) => childrenOf(one, NS.signature, 'Signature'));
  if (signatures.some((one) => !owned.includes(one))) return misplaced('a signature is where none belongs');
  if (plain.length === 1) return verifySigned(document, only, expected.keys, expected.nowMs);

  const text = decryptAssertion(only, expected.privateKey);
  if (text instanceof Refusal) return text;
  const inner = parseXml(text, { maxBytes: MAX_RESPONSE_BYTES });
  // One answer for all of it: whoever sends guesses must not learn how far they came.
  const closed = new Refusal('idp.undecipherable', { detail: 'it does not open, or is not signed by the provider' });
  if (inner instanceof Refusal || !is(inner.root, NS.assertion, 'Assertion')) return closed;
  const below = [...descendants(inner.root)].filter((one) => is(one, NS.assertion, 'Assertion'));
  if (below.length > 1) return closed;
  const verified = verifySigned(inner, inner.root, expected.keys, expected.nowMs);
  return verified instanceof Refusal ? closed : verified;
}

function readAssertion(assertion: XmlElement, expected: ExpectedResponse): Assertion | Refusal {
  if (!is(assertion, NS.assertion, 'Assertion') || assertion.attributes.get('Version') !== '2.0') {
    return malformed('not a SAML 2.0 assertion');
  }
  const issuer = textOf(onlyChild(assertion, NS.assertion, 'Issuer'));
  if (issuer !== expected.issuer) return issuerMismatch(issuer);
  const issuedMs = timeOf(assertion, 'IssueInstant');
  if (issuedMs === null) return malformed('the assertion has no IssueInstant');
  if (issuedMs > expected.nowMs + expected.toleranceMs) return timeInvalid('it is of the future');
  if (issuedMs < expected.nowMs - expected.maxAgeMs - expected.toleranceMs) return timeInvalid('it is too old');
  const conditions = checkConditions(assertion, expected);
  if (conditions !== null) return conditions;
  const subject = onlyChild(assertion, NS.assertion, 'Subject');
  const name = subject === null ? null : onlyChild(subject, NS.assertion, 'NameID');
  const nameId = textOf(name);
  if (subject === null || nameId === null || nameId === '') return malformed('the assertion has no NameID');
  if (nameId.length > 1024) return malformed('the NameID is too long');
  const untilMs = checkConfirmations(subject, expected);
  if (untilMs instanceof Refusal) return untilMs;
  const statements = childrenOf(assertion, NS.assertion, 'AuthnStatement');
  if (statements.length === 0) return malformed('the assertion says nothing of a sign-in');
  for (const statement of statements) {
    const endMs = timeOf(statement, 'SessionNotOnOrAfter');
    if (endMs !== null && endMs + expected.toleranceMs <= expected.nowMs) return timeInvalid('the session is over');
  }
  return {
    id: assertion.attributes.get('ID')!,
    untilMs: Math.max(untilMs, expected.nowMs + expected.maxAgeMs) + expected.toleranceMs,
    nameId,
    nameIdFormat: name!.attributes.get('Format') ?? '',
    sessionIndex: statements[0]!.attributes.get('SessionIndex') ?? null,
    signedInMs: timeOf(statements[0]!, 'AuthnInstant'),
    attributes: attributesOf(assertion),
  };
}

function checkConditions(assertion: XmlElement, expected: ExpectedResponse): Refusal | null {
  const conditions = onlyChild(assertion, NS.assertion, 'Conditions');
  if (conditions === null) return malformed('the assertion has no conditions');
  const time = checkTime(conditions, expected);
  if (time !== null) return time;
  // SAML Core, 2.5.1.1: a condition that is not understood makes the assertion invalid.
  const unknown = conditions.children.find(
    ({ namespace, name }) =>
      namespace !== NS.assertion || !['AudienceRestriction', 'OneTimeUse', 'ProxyRestriction'].includes(name),
  );
  if (unknown !== undefined) return malformed(`a condition that is not known: ${unknown.name.slice(0, 100)}`);
  const restrictions = childrenOf(conditions, NS.assertion, 'AudienceRestriction');
  const audiences = restrictions.map((one) => childrenOf(one, NS.assertion, 'Audience').map(textOf));
  // Each restriction narrows: all of them must name us, and there must be one.
  if (audiences.length === 0 || audiences.some((names) => !names.includes(expected.audience))) {
    return new Refusal('idp.audience_mismatch', { detail: `it is for ${audiences.flat().join(' ')}`.slice(0, 300) });
  }
  return null;
}

/** One bearer confirmation must hold in all its parts. Resolves to when it ends. */
function checkConfirmations(subject: XmlElement, expected: ExpectedResponse): number | Refusal {
  const bearers = childrenOf(subject, NS.assertion, 'SubjectConfirmation').filter(
    (one) => one.attributes.get('Method') === BEARER,
  );
  let first: Refusal | null = null;
  for (const bearer of bearers) {
    const result = checkBearer(onlyChild(bearer, NS.assertion, 'SubjectConfirmationData'), expected);
    if (!(result instanceof Refusal)) return result;
    first ??= result;
  }
  return first ?? malformed('the assertion has no bearer confirmation');
}

function checkBearer(data: XmlElement | null, expected: ExpectedResponse): number | Refusal {
  if (data === null) return malformed('the confirmation has no data');
  if (data.attributes.get('Recipient') !== expected.recipient) {
    return new Refusal('idp.recipient_mismatch', { detail: `Recipient ${data.attributes.get('Recipient')}` });
  }
  if (data.attributes.get('InResponseTo') !== expected.requestId) {
    return new Refusal('idp.nonce_mismatch', { detail: 'the assertion answers another request' });
  }
  const untilMs = timeOf(data, 'NotOnOrAfter');
  if (untilMs === null) return malformed('the confirmation has no end');
  return checkTime(data, expected) ?? untilMs;
}

function checkTime(element: XmlElement, { nowMs, toleranceMs }: ExpectedResponse): Refusal | null {
  for (const name of ['NotBefore', 'NotOnOrAfter'] as const) {
    if (!element.attributes.has(name)) continue;
    const atMs = timeOf(element, name);
    if (atMs === null) return malformed(`${name} is no time`);
    const early = name === 'NotBefore' && nowMs + toleranceMs < atMs;
    const late = name === 'NotOnOrAfter' && nowMs - toleranceMs >= atMs;
    if (early || late) return timeInvalid(`${element.name} ${name} ${new Date(atMs).toISOString()}`);
  }
  return null;
}

function attributesOf(assertion: XmlElement): Map<string, string[]> {
  const attributes = new Map<string, string[]>();
  for (const statement of childrenOf(assertion, NS.assertion, 'AttributeStatement')) {
    for (const attribute of childrenOf(statement, NS.assertion, 'Attribute')) {
      const name = attribute.attributes.get('Name') ?? '';
      const values = childrenOf(attribute, NS.assertion, 'AttributeValue').map(textOf);
      const known = attributes.get(name) ?? [];
      attributes.set(name, [...known, ...values.filter((value) => value !== null && value !== '')] as string[]);
    }
  }
  return attributes;
}

/** SAML Core, 1.3.3: UTC, and no other zone. */
function timeOf(element: XmlElement, name: string): number | null {
  const text = element.attributes.get(name) ?? '';
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/.test(text)) return null;
  const atMs = Date.parse(text.replace(/(\.\d{3})\d+Z$/, '$1Z'));
  return Number.isNaN(atMs) ? null : atMs;
}

function issuerMismatch(issuer: string | null): Refusal {
  return new Refusal('idp.issuer_mismatch', { detail: `it was issued by ${issuer}`.slice(0, 300) });
}

function timeInvalid(detail: string): Refusal {
  return new Refusal('idp.time_invalid', { detail });
}
