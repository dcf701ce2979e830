import { identityProviderInput } from '@zeronaut/model';

/** The file of `zeronaut idp add -f`. The secret is in no file: it comes from ZERONAUT_IDP_SECRET or standard input. */
export const providerFile = identityProviderInput.omit({ secret: true });
