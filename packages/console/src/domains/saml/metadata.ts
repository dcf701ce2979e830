import { X509Certificate } from 'node:crypto';
import { Refusal } from '../../store/refusal.ts';
import { childrenOf, descendants, is, NS, parseXml, textOf, type XmlElement } from './xml.ts';

/** Longest metadata; a federation's whole list is not for us. */
export const MAX_METADATA_BYTES = 1_048_576;
/** What a forger would have to factor. */
const MIN_RSA_BITS = 2048;
const MAX_CERTIFICATES = 20;

export const BINDING_REDIRECT = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect';
export const BINDING_POST = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST';

/** What an identity provider says of itself, as far as it counts here. */
export interface SamlMetadata {
  readonly entityId: string;
  /** Where a browser is sent with a request (HTTP-Redirect). */
  readonly signInUrl: string;
  readonly wantsSignedRequests: boolean;
  /** RSA keys that may sign, at least one; those that are past their time still among them. */
  readonly keys: readonly SamlKey[];
  /** Null: it does not say. */
  readonly validUntilMs: number | null;
}

export interface SamlKey {
  /** PEM. */
  readonly publicKey: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** `entityId`: which of several; null: there must be one alone. `idp.answer_invalid` with what is wrong. */
export function parseMetadata(text: string, entityId: string | null): SamlMetadata | Refusal {
  const document = parseXml(text, { maxBytes: MAX_METADATA_BYTES, comments: true });
  if (document instanceof Refusal) return invalid(`the metadata: ${document.detail}`);
  const found = [...descendants(document.root)].filter(
    (element) => is(element, NS.metadata, 'EntityDescriptor') && roleOf(element) !== null,
  );
  const chosen = entityId === null ? found : found.filter((one) => one.attributes.get('entityID') === entityId);
  if (chosen.length === 0) return invalid('the metadata describe no such SAML 2.0 identity provider');
  if (chosen.length > 1) return invalid('the metadata describe several identity providers: name one with entityId');
  const entity = chosen[0]!;
  const role = roleOf(entity)!;
  const id = entity.attributes.get('entityID') ?? '';
  if (id === '' || id.length > 1024) return invalid('the metadata have no entityID');
  const service = childrenOf(role, NS.metadata, 'SingleSignOnService').find(
    (one) => one.attributes.get('Binding') === BINDING_REDIRECT,
  );
  const signInUrl = service?.attributes.get('Location') ?? '';
  if (!URL.canParse(signInUrl) || !/^https?:$/.test(new URL(signInUrl).protocol)) {
    return invalid('the metadata name no sign-in address for the HTTP-Redirect binding');
  }
  const keys = keysOf(role);
  if (keys.length === 0) return invalid(`the metadata hold no RSA key of ${MIN_RSA_BITS} bits or more for signatures`);
  const until = [document.root, entity, role].map((one) => one.attributes.get('validUntil')).filter((one) => one);
  const times = until.map((one) => Date.parse(one!));
  if (times.some(Number.isNaN)) return invalid('the metadata say with validUntil what is no time');
  return {
    entityId: id,
    signInUrl,
    wantsSignedRequests: /^(?:true|1)$/.test(role.attributes.get('WantAuthnRequestsSigned') ?? ''),
    keys,
    validUntilMs: times.length === 0 ? null : Math.min(...times),
  };
}

function roleOf(entity: XmlElement): XmlElement | null {
  const roles = childrenOf(entity, NS.metadata, 'IDPSSODescriptor');
  return (
    roles.find((role) =>
      (role.attributes.get('protocolSupportEnumeration') ?? '').split(/\s+/).includes(NS.protocol),
    ) ?? null
  );
}

/** Of certificates that cannot be read, or hold another kind of key, nothing is taken. */
function keysOf(role: XmlElement): SamlKey[] {
  const certificates = childrenOf(role, NS.metadata, 'KeyDescriptor')
    .filter((one) => (one.attributes.get('use') ?? 'signing') === 'signing')
    .flatMap((one) => [...descendants(one)].filter((part) => is(part, NS.signature, 'X509Certificate')))
    .slice(0, MAX_CERTIFICATES);
  return certificates.flatMap((element) => {
    const certificate = parseCertificate(textOf(element) ?? '');
    return certificate === null ? [] : [certificate];
  });
}

function parseCertificate(base64: string): SamlKey | null {
  try {
    const certificate = new X509Certificate(Buffer.from(base64.replace(/\s+/g, ''), 'base64'));
    const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
    if (asymmetricKeyType !== 'rsa' || (asymmetricKeyDetails?.modulusLength ?? 0) < MIN_RSA_BITS) return null;
    return {
      publicKey: certificate.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      notBeforeMs: Date.parse(certificate.validFrom),
      notAfterMs: Date.parse(certificate.validTo),
    };
  } catch {
    // OpenSSL's word that this is no certificate; there may be others.
    return null;
  }
}

function invalid(detail: string): Refusal {
  return new Refusal('idp.answer_invalid', { detail });
}
