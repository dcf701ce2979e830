/**
 * Sign-in through a SAML 2.0 identity provider. There: a request by redirect. Back: a form that the provider's page posts
 * across sites, with which no cookie of ours comes along. So it is checked whole and kept, sealed, with the sign-in that it
 * answers; then a page of ours leads the same browser on, and only with its cookie does the answer count. An answer that
 * nobody here asked for is refused: there is no sign-in that begins at the provider.
 */
import { randomBytes } from 'node:crypto';
import { email as emailSchema } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import type { Context } from '../context.ts';
import { groupsClaim, textClaim } from '../identity-providers/claims.ts';
import type { AssertedIdentity } from '../identity-providers/external-sign-in.ts';
import { CLOCK_TOLERANCE_SECONDS, checkSignInAge } from '../identity-providers/oidc.ts';
import { type Provider, providerAddresses } from '../identity-providers/provider-rows.ts';
import { FLOW_TTL_MS, type FlowSecrets } from '../identity-providers/sign-in-flows.ts';
import { useOnce } from '../identity-providers/used-assertions.ts';
import { isRefreshable, loadMetadata } from './metadata-store.ts';
import { type ServiceAddresses, serviceMetadata, signInUrl } from './request.ts';
import { type Assertion, type ExpectedResponse, readResponse } from './response.ts';

const TRANSIENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient';
const EMAIL_ADDRESS = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress';

const FORCED = '_again-';

/** An `ID` for a request: an XML name that nobody guesses. `force`: the provider asks the person anew; see `isForced`. */
export function createRequestId(force: boolean): string {
  return `${force ? FORCED : '_'}${randomBytes(20).toString('hex')}`;
}

/** What a request asked for is part of its id, so that an answer to it needs no further memory. */
export function isForced(requestId: string): boolean {
  return requestId.startsWith(FORCED);
}

/** Where to send the browser. */
export async function startSaml(
  context: Context,
  provider: Provider<'saml'>,
  flow: Pick<FlowSecrets, 'state'>,
  requestId: string,
): Promise<URL | Refusal> {
  const metadata = await loadMetadata(context, provider);
  if (metadata instanceof Refusal) return metadata;
  return await signInUrl(
    metadata,
    addressesOf(context, provider),
    { id: requestId, relayState: flow.state, nowMs: context.clock(), force: isForced(requestId) },
    await context.authority.samlKey(),
  );
}

export async function samlServiceMetadata(context: Context, provider: Provider<'saml'>): Promise<string> {
  const { certificate } = await context.authority.samlKey();
  return serviceMetadata(addressesOf(context, provider), certificate);
}

/** `answer`: the form field `SAMLResponse`, for the request with that id. */
export async function finishSaml(
  context: Context,
  provider: Provider<'saml'>,
  requestId: string,
  answer: string,
  maxAgeSeconds: number | null,
): Promise<AssertedIdentity | Refusal> {
  const { entityId, acsUrl } = addressesOf(context, provider);
  const { privateKey } = await context.authority.samlKey();
  const read = async (fresh: boolean): Promise<Assertion | Refusal> => {
    const metadata = await loadMetadata(context, provider, fresh);
    if (metadata instanceof Refusal) return metadata;
    const expected: ExpectedResponse = {
      issuer: metadata.entityId,
      keys: metadata.keys,
      audience: entityId,
      recipient: acsUrl,
      requestId,
      wantResponseSigned: provider.settings.wantResponseSigned,
      privateKey,
      nowMs: context.clock(),
      toleranceMs: CLOCK_TOLERANCE_SECONDS * 1000,
      maxAgeMs: FLOW_TTL_MS,
    };
    return readResponse(answer, expected);
  };
  let assertion = await read(false);
  // Another key: also of what is encrypted, where nobody is told how far it came.
  const other = ['idp.key_unknown', 'idp.undecipherable'];
  if (assertion instanceof Refusal && other.includes(assertion.reason) && isRefreshable(provider)) {
    assertion = await read(true);
  }
  if (assertion instanceof Refusal) return assertion;
  if (!(await useOnce(context, provider, `saml:${assertion.id}`, assertion.untilMs)))
    return new Refusal('idp.replayed');
  const old = checkSignInAge(assertion.signedInMs, maxAgeSeconds, context.clock());
  if (old !== null) return old;
  return toIdentity(assertion, provider);
}

function toIdentity(assertion: Assertion, { settings }: Provider<'saml'>): AssertedIdentity | Refusal {
  const { nameId, nameIdFormat, attributes, sessionIndex } = assertion;
  if (nameIdFormat === TRANSIENT) {
    // A name that is another one each time cannot be known again.
    return new Refusal('idp.malformed', { detail: 'the NameID is transient: let the provider send a lasting one' });
  }
  const asserted = textClaim(attributes.get(settings.attributes.email)?.[0]);
  const address = emailSchema.safeParse(asserted ?? (nameIdFormat === EMAIL_ADDRESS ? nameId : ''));
  return {
    subject: nameId,
    email: address.success ? address.data : null,
    name: textClaim(attributes.get(settings.attributes.name)?.[0]),
    groups: groupsClaim(attributes.get(settings.attributes.groups)),
    providerSessionId: textClaim(sessionIndex),
  };
}

function addressesOf(context: Context, provider: Provider<'saml'>): ServiceAddresses {
  const { callback, samlEntityId } = providerAddresses(context.settings.publicUrl(), provider.id, 'saml');
  return { entityId: samlEntityId!, acsUrl: callback! };
}
