import { z } from 'zod';
import { type IdentityProviderSettings, identityProviderSettings } from './entities/index.ts';

/** What has to be known of one's own tenant, realm or server. */
export type PresetParameter =
  | 'tenant'
  | 'url'
  | 'realm'
  | 'application'
  | 'organizations'
  | 'metadata-url'
  | 'metadata';

export interface IdentityProviderPreset {
  readonly displayName: string;
  readonly needs: readonly PresetParameter[];
  /** SAML knows no client id: there both sides have an entity id. */
  readonly clientId: boolean;
  /** For people who set it up over there. */
  readonly advice: string;
  readonly settings: (
    clientId: string,
    parameters: Readonly<Record<PresetParameter, string>>,
  ) => z.input<typeof identityProviderSettings>;
}

const withoutSlash = (url: string) => url.replace(/\/+$/, '');

/** The providers that people use, with what is peculiar about each. */
export const IDENTITY_PROVIDER_PRESETS = {
  google: {
    displayName: 'Google',
    needs: [],
    clientId: true,
    advice: 'Make the OAuth consent screen internal. Google sends no groups.',
    settings: (clientId) => ({ kind: 'oidc', issuer: 'https://accounts.google.com', clientId }),
  },
  entra: {
    displayName: 'Microsoft',
    needs: ['tenant'],
    clientId: true,
    advice:
      'Use the tenant id, not "common". The user principal name is taken for the address, because its domain is one that the ' +
      'tenant proved and "email" is not. Groups come as object ids, once the groups claim is added to the ID token.',
    settings: (clientId, { tenant }) => ({
      kind: 'oidc',
      issuer: `https://login.microsoftonline.com/${tenant}/v2.0`,
      clientId,
      claims: { email: 'preferred_username' },
      emailVerification: 'trusted',
    }),
  },
  okta: {
    displayName: 'Okta',
    needs: ['url'],
    clientId: true,
    advice: 'Give the Okta domain as URL, and add a groups claim to the ID token.',
    settings: (clientId, { url }) => ({
      kind: 'oidc',
      issuer: withoutSlash(url),
      clientId,
      scopes: ['openid', 'email', 'profile', 'groups'],
    }),
  },
  keycloak: {
    displayName: 'Keycloak',
    needs: ['url', 'realm'],
    clientId: true,
    advice: 'Add a "Group Membership" mapper named groups to the client, without full path.',
    settings: (clientId, { url, realm }) => ({
      kind: 'oidc',
      issuer: `${withoutSlash(url)}/realms/${encodeURIComponent(realm)}`,
      clientId,
    }),
  },
  authentik: {
    displayName: 'authentik',
    needs: ['url', 'application'],
    clientId: true,
    advice:
      'The application slug is in the provider\'s "OpenID Configuration Issuer". authentik calls no address verified by itself.',
    settings: (clientId, { url, application }) => ({
      kind: 'oidc',
      issuer: `${withoutSlash(url)}/application/o/${encodeURIComponent(application)}/`,
      clientId,
      emailVerification: 'trusted',
    }),
  },
  github: {
    displayName: 'GitHub',
    needs: ['organizations'],
    clientId: true,
    advice:
      'An OAuth app of your organization. GitHub issues no ID token, so the person is asked of its API, and must be an active ' +
      'member of one of the organizations. Teams come as organization/team.',
    settings: (clientId, { organizations }) => ({
      kind: 'github',
      clientId,
      organizations: organizations.split(',').map((name) => name.trim()),
    }),
  },
  'google-saml': {
    displayName: 'Google',
    needs: ['metadata'],
    clientId: false,
    advice:
      'A custom SAML app in the admin console; its metadata are downloaded as a file. Map "Primary email" to email, and groups ' +
      'to groups.',
    settings: (_clientId, { metadata }) => ({ kind: 'saml', metadata }),
  },
  'entra-saml': {
    displayName: 'Microsoft',
    needs: ['tenant', 'application'],
    clientId: false,
    advice:
      'An enterprise application with SAML; application is its application id, whose own signing certificate the metadata then ' +
      'show. The user principal name is taken for the address, because its domain is one that the tenant proved. Groups come as ' +
      'object ids.',
    settings: (_clientId, { tenant, application }) => ({
      kind: 'saml',
      metadataUrl:
        `https://login.microsoftonline.com/${encodeURIComponent(tenant)}/federationmetadata/2007-06/federationmetadata.xml` +
        `?appid=${encodeURIComponent(application)}`,
      attributes: {
        email: 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name',
        name: 'http://schemas.microsoft.com/identity/claims/displayname',
        groups: 'http://schemas.microsoft.com/ws/2008/06/identity/claims/groups',
      },
    }),
  },
  'okta-saml': {
    displayName: 'Okta',
    needs: ['metadata-url'],
    clientId: false,
    advice:
      'The metadata URL is on the Sign On tab. Add attribute statements email (user.email) and name, and a group attribute ' +
      'statement groups. The application of a dashboard opens the sign-in page: let it lead to /sign-in/with/<id>.',
    settings: (_clientId, parameters) => ({ kind: 'saml', metadataUrl: parameters['metadata-url'] }),
  },
  'keycloak-saml': {
    displayName: 'Keycloak',
    needs: ['url', 'realm'],
    clientId: false,
    advice:
      'Import our metadata as a client, set "Sign assertions" and a lasting name id format, and add mappers: user property email ' +
      'as email, and a group list as groups without full path.',
    settings: (_clientId, { url, realm }) => ({
      kind: 'saml',
      metadataUrl: `${withoutSlash(url)}/realms/${encodeURIComponent(realm)}/protocol/saml/descriptor`,
    }),
  },
  'authentik-saml': {
    displayName: 'authentik',
    needs: ['metadata-url'],
    clientId: false,
    advice:
      'The metadata URL is on the page of the provider ("Copy download URL"). Choose a signing certificate with an RSA key and ' +
      'switch "Sign assertions" on.',
    settings: (_clientId, parameters) => ({
      kind: 'saml',
      metadataUrl: parameters['metadata-url'],
      attributes: {
        email: 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress',
        name: 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name',
        groups: 'http://schemas.xmlsoap.org/claims/Group',
      },
    }),
  },
} as const satisfies Record<string, IdentityProviderPreset>;

export type PresetName = keyof typeof IDENTITY_PROVIDER_PRESETS;

/** The settings of a preset, complete and checked; or which parameters are missing. */
export function presetSettings(
  name: PresetName,
  clientId: string,
  parameters: Readonly<Partial<Record<PresetParameter, string>>>,
): { settings: IdentityProviderSettings } | { missing: readonly PresetParameter[] } | { invalid: string } {
  const preset: IdentityProviderPreset = IDENTITY_PROVIDER_PRESETS[name];
  const missing = preset.needs.filter((need) => (parameters[need] ?? '') === '');
  if (missing.length > 0) return { missing };
  const parsed = identityProviderSettings.safeParse(
    preset.settings(clientId, parameters as Record<PresetParameter, string>),
  );
  return parsed.success ? { settings: parsed.data } : { invalid: z.prettifyError(parsed.error) };
}
