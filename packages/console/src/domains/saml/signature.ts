/**
 * Whether an element is signed by one of the provider's keys, and what exactly was signed. The shape of a signature is
 * checked before any cryptography: one reference, to the element that it stands in, with the two transforms that SAML
 * knows. Only the text that this returns may be believed; the document around it is the sender's word.
 */
import { SignedXml } from 'xml-crypto';
import { Refusal } from '../../store/refusal.ts';
import type { SamlKey } from './metadata.ts';
import { childrenOf, malformed, NS, textOf, type XmlDocument, type XmlElement } from './xml.ts';

const EXCLUSIVE_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
/** RSA with SHA-2. No SHA-1, and no HMAC: its "key" would be a certificate that everybody knows. */
const SIGNATURE_ALGORITHMS: readonly string[] = [
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
  'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1',
];
const DIGEST_ALGORITHMS: readonly string[] = [
  'http://www.w3.org/2001/04/xmlenc#sha256',
  'http://www.w3.org/2001/04/xmlenc#sha512',
];

/** The canonical text of `element` as it was signed, without its signature. */
export function verifySigned(
  document: XmlDocument,
  element: XmlElement,
  keys: readonly SamlKey[],
  nowMs: number,
): string | Refusal {
  const signatures = childrenOf(element, NS.signature, 'Signature');
  if (signatures.length === 0) return new Refusal('idp.unsigned', { detail: `the ${element.name} is not signed` });
  if (signatures.length > 1) return misplaced(`the ${element.name} has several signatures`);
  const shape = checkShape(element, signatures[0]!);
  if (shape !== null) return shape;
  const valid = keys.filter(({ notBeforeMs, notAfterMs }) => notBeforeMs <= nowMs && nowMs < notAfterMs);
  if (valid.length === 0) {
    return new Refusal('idp.key_unknown', { detail: 'every certificate in the metadata is past its time' });
  }
  for (const { publicKey } of valid) {
    const result = verifyWith(document.text, signatures[0]!, publicKey);
    if (result !== null) return result;
  }
  return new Refusal('idp.key_unknown', { detail: `none of ${valid.length} keys in the metadata made the signature` });
}

function checkShape(element: XmlElement, signature: XmlElement): Refusal | null {
  const names = (parent: XmlElement) =>
    parent.children
      .map(({ namespace, name }) => (namespace === NS.signature ? name : `{${namespace}}${name}`))
      .join(' ');
  if (!/^SignedInfo SignatureValue(?: KeyInfo)?$/.test(names(signature))) {
    return misplaced(`the signature holds ${names(signature)}`.slice(0, 300));
  }
  const [signedInfo, signatureValue] = signature.children;
  if (!isBase64(signatureValue!)) return malformed('the signature value is not base64');
  if (names(signedInfo!) !== 'CanonicalizationMethod SignatureMethod Reference') {
    return misplaced(`what is signed: ${names(signedInfo!)}`.slice(0, 300));
  }
  const [canonicalization, method, reference] = signedInfo!.children;
  const refused = (detail: string) => new Refusal('idp.algorithm_refused', { detail: detail.slice(0, 300) });
  const algorithmOf = (one: XmlElement) => one.attributes.get('Algorithm') ?? '';
  if (algorithmOf(canonicalization!) !== EXCLUSIVE_C14N) {
    return refused(`canonicalization ${algorithmOf(canonicalization!)}`);
  }
  if (!SIGNATURE_ALGORITHMS.includes(algorithmOf(method!))) return refused(`signature ${algorithmOf(method!)}`);
  if (method!.children.length > 0) return refused('a signature algorithm with parameters');
  if (names(reference!) !== 'Transforms DigestMethod DigestValue') return malformed('the reference is not complete');
  const [transforms, digestMethod, digestValue] = reference!.children;
  if (!DIGEST_ALGORITHMS.includes(algorithmOf(digestMethod!))) return refused(`digest ${algorithmOf(digestMethod!)}`);
  if (!isBase64(digestValue!)) return malformed('the digest is not base64');
  const chain = transforms!.children.map((one) => (one.name === 'Transform' ? algorithmOf(one) : one.name)).join(' ');
  if (chain !== `${ENVELOPED} ${EXCLUSIVE_C14N}`) return refused(`transforms ${chain}`);
  const parameters = transforms!.children.flatMap((one) => one.children);
  if (parameters.some((one) => one.namespace !== EXCLUSIVE_C14N || one.name !== 'InclusiveNamespaces')) {
    return refused('transforms with parameters');
  }
  const id = element.attributes.get('ID') ?? '';
  if (!/^[A-Za-z_][A-Za-z0-9_.-]{0,255}$/.test(id)) return malformed(`the ${element.name} has no proper ID`);
  if (reference!.attributes.get('URI') !== `#${id}`) {
    return misplaced(`the signature of the ${element.name} is of something else`);
  }
  return null;
}

function isBase64(element: XmlElement): boolean {
  return /^[A-Za-z0-9+/]+={0,2}$/.test((textOf(element) ?? '').replace(/\s+/g, ''));
}

/** Null: this key did not make it. */
function verifyWith(text: string, signature: XmlElement, publicKey: string): string | Refusal | null {
  // A key that the message brings along proves nothing: whatever it holds is not looked at.
  const check = new SignedXml({ publicCert: publicKey, getCertFromKeyInfo: () => null });
  try {
    check.loadSignature(signature.node as unknown as Parameters<SignedXml['loadSignature']>[0]);
    if (!check.checkSignature(text)) {
      return new Refusal('idp.signature_invalid', { detail: 'the digest is of another content' });
    }
  } catch (error) {
    const { message } = error as Error;
    return message.startsWith('invalid signature: the signature value') ? null : malformed(message.slice(0, 300));
  }
  const [signed, ...more] = check.getSignedReferences();
  return signed === undefined || more.length > 0 ? misplaced('not one signed part') : signed;
}

export function misplaced(detail: string): Refusal {
  return new Refusal('idp.signature_misplaced', { detail });
}
