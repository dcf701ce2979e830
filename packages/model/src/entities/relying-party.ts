import { z } from 'zod';
import { displayName, groupName, id, timestamp } from './scalars.ts';

/** Whole and exact, as RFC 9700, 2.1 asks: no patterns. Plain http only where it does not leave the machine. */
const redirectUri = z
  .string()
  .max(500)
  .refine((text) => {
    const url = URL.parse(text);
    if (url === null || url.hash !== '' || text.includes('#') || url.username !== '' || text.includes('*'))
      return false;
    return (
      url.protocol === 'https:' || (url.protocol === 'http:' && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname))
    );
  }, 'an https URL without fragment, or http to this machine');

/** What can be changed of one that is there. */
const changeable = {
  /** Shown to people where they are asked for consent. */
  name: displayName,
  redirectUris: z.array(redirectUri).min(1).max(20),
  /** Where it is told that a session ended which signed somebody in to it (Back-Channel Logout). Null: it is not told. */
  logoutUri: redirectUri.nullable(),
  /** `ask`: each person, once, which claims it may have. `skip`: the organization decided for its people. */
  consent: z.enum(['ask', 'skip']),
  /** Only members of one of these groups may sign in. Null: everybody of the organization. */
  groups: z.array(groupName).min(1).max(50).nullable(),
};

export const relyingPartyInput = z.strictObject({
  ...changeable,
  logoutUri: changeable.logoutUri.default(null),
  /** How it proves itself at the token endpoint; `none` is for programs that can keep no secret. PKCE is asked of all. */
  authentication: z.enum(['client_secret_basic', 'client_secret_post', 'none']).default('client_secret_basic'),
  consent: changeable.consent.default('ask'),
  groups: changeable.groups.default(null),
});

/** What is absent stays. How it proves itself stays in any case: its id and secret are written down elsewhere. */
export const relyingPartyChange = z.strictObject(changeable).partial();
export type RelyingPartyChange = z.infer<typeof relyingPartyChange>;
export type RelyingPartyInput = z.infer<typeof relyingPartyInput>;

/** A service that signs people in through this console (OpenID Connect). Its id is its `client_id`. */
export const relyingParty = z.strictObject({
  ...relyingPartyInput.shape,
  id,
  organizationId: id,
  /** What the service is configured with, besides its id and secret. */
  issuer: z.string(),
  createdAt: timestamp,
  lastUsedAt: timestamp.nullable(),
  revokedAt: timestamp.nullable(),
  version: z.int().min(1),
});
export type RelyingParty = z.infer<typeof relyingParty>;
