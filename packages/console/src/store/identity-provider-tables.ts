import type { IdentityProviderKind, Role } from '@zeronaut/model';

/** Identity providers, who their subjects are here, sign-ins on their way, and what directories push: a part of `Schema`. */
export interface IdentityProviderTables {
  identity_providers: {
    id: string;
    organization_id: string;
    name: string;
    display_name: string;
    kind: IdentityProviderKind;
    enabled: number;
    position: number;
    settings: string;
    /** Client secret or bind password, sealed with the master key. */
    sealed_secret: string | null;
    create_users: number;
    default_role: Role;
    group_mappings: string;
    created_at: number;
    updated_at: number;
    version: number;
  };
  identity_provider_domains: {
    organization_id: string;
    provider_id: string;
    domain: string;
    proof: 'dns' | 'owner';
    /** What the TXT record must say. */
    challenge: string;
    verified_at: number | null;
  };
  /** Who a provider's subject is here. `granted_…`: what the provider gave at the last sign-in, so that it can be taken back. */
  external_identities: {
    organization_id: string;
    provider_id: string;
    subject: string;
    user_id: string;
    granted_groups: string;
    granted_role: Role | null;
    created_at: number;
    last_used_at: number;
  };
  /** A sign-in that is on its way to a provider and back. */
  sign_in_flows: {
    state_hash: string;
    organization_id: string;
    provider_id: string;
    browser_hash: string;
    /** `ID` of the SAML request, which the response must name. */
    request_id: string | null;
    next: string;
    created_at: number;
    expires_at: number;
    used_at: number | null;
    /** When a SAML response came for it: there is one try. */
    answered_at: number | null;
    /** Sealed: who the response says that it is, until the browser comes for it. */
    answer: string | null;
  };
  /** The last good metadata of SAML providers that are configured by URL. */
  saml_metadata: {
    provider_id: string;
    organization_id: string;
    /** Version of the provider's settings that it was fetched for. */
    provider_version: number;
    document: string;
    fetched_at: number;
    tried_at: number;
  };
  /** Whom a provider's directory manages here. `granted_…`: what its groups gave, so that it can be taken back. */
  scim_users: {
    organization_id: string;
    provider_id: string;
    user_id: string;
    external_id: string | null;
    given_name: string | null;
    family_name: string | null;
    granted_groups: string;
    granted_role: Role | null;
    created_at: number;
    updated_at: number;
  };
  /** Groups of a provider's directory, under its own names; mappings make groups and roles of ours from them. */
  scim_groups: {
    id: string;
    organization_id: string;
    provider_id: string;
    display_name: string;
    /** `display_name` in lower case. */
    name_key: string;
    external_id: string | null;
    created_at: number;
    updated_at: number;
    version: number;
  };
  scim_group_members: { organization_id: string; group_id: string; user_id: string };
  /** Which provider opened a session, and as whom: for logout from there, and because it acts in one organization only. */
  federated_sessions: {
    session_id: string;
    organization_id: string;
    provider_id: string;
    subject: string;
    /** `sid` of OIDC, `SessionIndex` of SAML. */
    provider_session_id: string | null;
  };
  /** Ids of assertions and logout tokens that must not come again before they expire. */
  used_assertions: { organization_id: string; provider_id: string; assertion_id: string; expires_at: number };
}
