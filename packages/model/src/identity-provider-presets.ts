import { z } from 'zod';
import { type IdentityProviderSettings, identityProviderSettings } from './entities/index.ts';

/** What has to be known of one's own tenant, realm or server. */
export type PresetParameter = 'tenant' | 'url' | 'realm' | 'application' | 'organizations';

export interface IdentityProviderPreset {
  readonly displayName: string;
  readonly needs: readonly PresetParameter[];
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
    advice: 'Make the OAuth consent screen internal. Google sends no groups.',
    settings: (clientId) => ({ kind: 'oidc', issuer: 'https://accounts.google.com', clientId }),
  },
  entra: {
    displayName: 'Microsoft',
    needs: ['tenant'],
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
    advice:
      'An OAuth app of your organization. GitHub issues no ID token, so the person is asked of its API, and must be an active ' +
      'member of one of the organizations. Teams come as organization/team.',
    settings: (clientId, { organizations }) => ({
      kind: 'github',
      clientId,
      organizations: organizations.split(',').map((name) => name.trim()),
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
