import { createSign } from 'node:crypto';
import { promisify } from 'node:util';
import { deflateRaw } from 'node:zlib';
import type { SamlServiceKey } from '../../authority/authority.ts';
import type { SamlMetadata } from './metadata.ts';
import { BINDING_POST } from './metadata.ts';
import { escapeXml, NS } from './xml.ts';

const SIGNATURE_ALGORITHM = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';

export interface ServiceAddresses {
  readonly entityId: string;
  readonly acsUrl: string;
}

/** Where the browser goes with our request: HTTP-Redirect, signed when the provider's metadata ask for it. */
export async function signInUrl(
  metadata: SamlMetadata,
  service: ServiceAddresses,
  request: { id: string; relayState: string; nowMs: number; force: boolean },
  key: SamlServiceKey,
): Promise<URL> {
  // No NameIDPolicy and no authentication context: which name and which factors is for whoever runs the provider to say.
  const xml =
    `<samlp:AuthnRequest xmlns:samlp="${NS.protocol}" ID="${request.id}" Version="2.0" ` +
    `IssueInstant="${new Date(request.nowMs).toISOString()}" Destination="${escapeXml(metadata.signInUrl)}" ` +
    `${request.force ? 'ForceAuthn="true" ' : ''}ProtocolBinding="${BINDING_POST}" AssertionConsumerServiceURL="${escapeXml(service.acsUrl)}">` +
    `<saml:Issuer xmlns:saml="${NS.assertion}">${escapeXml(service.entityId)}</saml:Issuer></samlp:AuthnRequest>`;
  const packed = (await promisify(deflateRaw)(xml)).toString('base64');
  let query = `SAMLRequest=${encodeURIComponent(packed)}&RelayState=${encodeURIComponent(request.relayState)}`;
  if (metadata.wantsSignedRequests) {
    // SAML Bindings, 3.4.4.1: over exactly these characters, in this order.
    query += `&SigAlg=${encodeURIComponent(SIGNATURE_ALGORITHM)}`;
    const signature = createSign('RSA-SHA256').update(query).sign(key.privateKey, 'base64');
    query += `&Signature=${encodeURIComponent(signature)}`;
  }
  const url = new URL(metadata.signInUrl);
  url.search = url.search === '' ? query : `${url.search}&${query}`;
  url.hash = '';
  return url;
}

/** What an identity provider has to know of us. */
export function serviceMetadata(service: ServiceAddresses, certificate: string): string {
  const body = certificate.replace(/-----[A-Z ]+-----|\s+/g, '');
  const key = (use: string) =>
    `<md:KeyDescriptor use="${use}"><ds:KeyInfo xmlns:ds="${NS.signature}"><ds:X509Data><ds:X509Certificate>${body}` +
    '</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>';
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<md:EntityDescriptor xmlns:md="${NS.metadata}" entityID="${escapeXml(service.entityId)}">` +
    `<md:SPSSODescriptor AuthnRequestsSigned="true" WantAssertionsSigned="true" protocolSupportEnumeration="${NS.protocol}">` +
    `${key('signing')}${key('encryption')}` +
    `<md:AssertionConsumerService Binding="${BINDING_POST}" Location="${escapeXml(service.acsUrl)}" index="0" isDefault="true"/>` +
    '</md:SPSSODescriptor></md:EntityDescriptor>\n'
  );
}
