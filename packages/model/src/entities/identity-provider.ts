import { z } from 'zod';
import { role } from './role.ts';
import { displayName, groupName, hostname, id, label, timestamp } from './scalars.ts';

/**
 * Who vouches for people of an organization. `github` stands apart from `oidc` because GitHub speaks OAuth 2.0 alone:
 * it issues no ID token, so who signed in is asked of its API over TLS.
 */
export const identityProviderKind = z.enum(['oidc', 'github', 'saml', 'ldap']);
export type IdentityProviderKind = z.infer<typeof identityProviderKind>;

const url = z
  .string()
  .max(1024)
  .refine((text) => URL.canParse(text) && /^https?:/.test(text), 'a URL');
const attribute = z.string().min(1).max(256);
const pem = z.string().max(65_536);

/** Asymmetric only: with HS256 whoever knows the client secret could sign, and `none` is no signature. */
export const idTokenAlgorithm = z.enum([
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
]);

export const oidcSettings = z.strictObject({
  kind: z.literal('oidc'),
  /** Exactly as the provider writes it in its tokens; discovery is below it. */
  issuer: url,
  clientId: z.string().min(1).max(256),
  clientAuthentication: z.enum(['client_secret_basic', 'client_secret_post', 'none']).default('client_secret_basic'),
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/))
    .max(20)
    .default(['openid', 'email', 'profile']),
  idTokenAlgorithms: z.array(idTokenAlgorithm).min(1).max(10).default(['RS256', 'PS256', 'ES256', 'EdDSA']),
  /** Claim names; a dot leads into an object (`realm_access.roles`), unless a claim has the dotted name itself. */
  claims: z
    .strictObject({
      email: attribute.default('email'),
      name: attribute.default('name'),
      groups: attribute.default('groups'),
    })
    .prefault({}),
  /** `claim`: `email_verified` must be true. `trusted`: every address it sends counts (Entra ID sends no such claim). */
  emailVerification: z.enum(['claim', 'trusted']).default('claim'),
});
export type OidcSettings = z.infer<typeof oidcSettings>;

export const githubSettings = z.strictObject({
  kind: z.literal('github'),
  clientId: z.string().min(1).max(256),
  /** Whose members may sign in: organization logins. Never empty, or every GitHub account could. */
  organizations: z
    .array(z.string().regex(/^[A-Za-z0-9-]{1,39}$/))
    .min(1)
    .max(50),
  /** Of a GitHub Enterprise Server; the default is github.com. */
  webUrl: url.default('https://github.com'),
  apiUrl: url.default('https://api.github.com'),
});
export type GithubSettings = z.infer<typeof githubSettings>;

export const samlSettings = z.strictObject({
  kind: z.literal('saml'),
  /** Where the metadata is and is refreshed from; null: `metadata` was given by hand and is never refreshed. */
  metadataUrl: url.nullable().default(null),
  metadata: z.string().max(262_144).nullable().default(null),
  /** Needed when the metadata describes several identity providers. */
  entityId: z.string().min(1).max(1024).nullable().default(null),
  attributes: z
    .strictObject({
      email: attribute.default('email'),
      name: attribute.default('name'),
      groups: attribute.default('groups'),
    })
    .prefault({}),
  /** The whole response must be signed too, not only the assertion. */
  wantResponseSigned: z.boolean().default(false),
});
export type SamlSettings = z.infer<typeof samlSettings>;

export const ldapSettings = z.strictObject({
  kind: z.literal('ldap'),
  /** `ldaps://host:636`, or `ldap://host:389` with `startTls`. Without either only in networks that the operator allowed. */
  url: z
    .string()
    .max(300)
    .regex(/^ldaps?:\/\/[^/?#@\s]+\/?$/, 'ldap://host:389 or ldaps://host:636'),
  startTls: z.boolean().default(false),
  /** PEM of the authority that issued its certificate; null: the public ones. */
  certificateAuthority: pem.nullable().default(null),
  /** The name in its certificate, when it is not the host of the URL. */
  tlsServerName: hostname.nullable().default(null),
  /** Who looks people up. Null: the person's own name and password bind directly, by `userDn`. */
  bindDn: z.string().max(1024).nullable().default(null),
  /** `{username}` is escaped and put in: `uid={username},ou=people,dc=example,dc=com`, or `{username}@corp.example`. */
  userDn: z.string().max(1024).includes('{username}').nullable().default(null),
  baseDn: z.string().min(1).max(1024),
  userFilter: z.string().max(1024).includes('{username}').default('(|(mail={username})(uid={username}))'),
  attributes: z
    .strictObject({
      /** What never changes of a person: `entryUUID`, in Active Directory `objectGUID`. */
      id: attribute.default('entryUUID'),
      email: attribute.default('mail'),
      name: attribute.default('cn'),
      group: attribute.default('cn'),
    })
    .prefault({}),
  /**
   * `member_of`: follow `memberOf` of the person and of each group found. `matching_rule`: one search that Active
   * Directory resolves through all levels (1.2.840.113556.1.4.1941). `member`: groups below `groupBaseDn` that list the person.
   */
  groups: z.enum(['none', 'member_of', 'matching_rule', 'member']).default('member_of'),
  groupBaseDn: z.string().max(1024).nullable().default(null),
});
export type LdapSettings = z.infer<typeof ldapSettings>;

export const identityProviderSettings = z.discriminatedUnion('kind', [
  oidcSettings,
  githubSettings,
  samlSettings,
  ldapSettings,
]);
export type IdentityProviderSettings = z.infer<typeof identityProviderSettings>;

/** A group of the provider (name, claim value or DN; without regard to case) to a group and a role of ours. */
export const groupMapping = z
  .strictObject({
    from: z.string().min(1).max(1024),
    group: groupName.nullable().default(null),
    role: role.nullable().default(null),
  })
  .refine(({ group, role }) => group !== null || role !== null, 'a group or a role');
export type GroupMapping = z.infer<typeof groupMapping>;

/** A domain of mail addresses that a provider vouches for. No leading wildcard: each domain is named. */
export const mailDomain = hostname.refine(
  (text) => !text.startsWith('*.') && text.includes('.'),
  'a domain such as example.com',
);

export const identityProviderDomain = z.strictObject({
  domain: mailDomain,
  /** `dns`: proved by a TXT record. `owner`: an owner said so; it counts within the organization only. */
  proof: z.enum(['dns', 'owner']),
  /** Null: not proved yet, and then it counts for nothing. */
  verifiedAt: timestamp.nullable(),
  /** The TXT record that proves it. */
  record: z.strictObject({ name: z.string(), value: z.string() }).nullable(),
});
export type IdentityProviderDomain = z.infer<typeof identityProviderDomain>;

export const identityProvider = z.strictObject({
  id,
  organizationId: id,
  /** Unique in the organization. */
  name: label,
  /** On the button: "Continue with …". */
  displayName,
  kind: identityProviderKind,
  enabled: z.boolean(),
  /** Order of the buttons, low first. */
  position: z.int().min(0).max(1000),
  settings: identityProviderSettings,
  /** Whether a client secret or bind password is kept. It is sealed and never given out. */
  hasSecret: z.boolean(),
  /** Whoever signs in and is nobody yet becomes a member. */
  createUsers: z.boolean(),
  defaultRole: role,
  groupMappings: z.array(groupMapping).max(500),
  domains: z.array(identityProviderDomain),
  /** What the other side has to be told; those that the kind does not use are null. */
  addresses: z.strictObject({
    callback: z.string().nullable(),
    backChannelLogout: z.string().nullable(),
    samlMetadata: z.string().nullable(),
    samlEntityId: z.string().nullable(),
    scim: z.string(),
  }),
  createdAt: timestamp,
  updatedAt: timestamp,
  version: z.int().min(1),
});
export type IdentityProvider = z.infer<typeof identityProvider>;

/** What the directory of a company pushes (SCIM). */
export const providerDirectory = z.strictObject({
  identityProviderId: id,
  url: z.string(),
  users: z.int(),
  activeUsers: z.int(),
  changedAt: timestamp.nullable(),
  groups: z
    .array(
      z.strictObject({
        id,
        displayName: z.string(),
        externalId: z.string().nullable(),
        members: z.int(),
        /** What the mappings of the provider make of it; both null: nothing. */
        group: groupName.nullable(),
        role: role.nullable(),
      }),
    )
    .describe('the first 200, by name'),
});
export type ProviderDirectory = z.infer<typeof providerDirectory>;

/** The service account whose keys a company's directory uses to push people of a provider, by the provider's name. */
export function scimAccountName(providerName: string): string {
  return `scim-${providerName}`.slice(0, 63).replace(/-+$/, '');
}

/** All that such a key may do. */
export function scimScope(providerId: string): string {
  return `scim:write@${providerId}`;
}
