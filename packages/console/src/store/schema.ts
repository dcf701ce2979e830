import type { Language, Role } from '@zeronaut/model';
import type { Generated } from 'kysely';
import type { AddressGrantTables } from './address-grant-tables.ts';
import type { IdentityProviderTables } from './identity-provider-tables.ts';
import type { TrafficTables } from './traffic-tables.ts';

/**
 * The tables, the same in SQLite and PostgreSQL. Times are milliseconds since 1970 in `…_at` columns (bigint), JSON is
 * text, flags are 0 or 1. Every row but those of `settings` belongs to one organization.
 */
export interface Schema extends AddressGrantTables, IdentityProviderTables, TrafficTables {
  organizations: {
    id: string;
    name: string;
    slug: string;
    created_at: number;
    /** Head of the audit chain: updating this row is also the lock that puts writers in a line. */
    audit_seq: number;
    audit_head: string;
    /** IANA name; policies tell the time there. */
    time_zone: Generated<string>;
    /** Of mails and messages to its people. */
    language: Generated<Language>;
    /** JSON of `branding`; null: the product's own. */
    branding: Generated<string | null>;
    /** How long gateways may decide without hearing from the console; null: for ever. */
    snapshot_max_age_seconds: Generated<number | null>;
  };
  users: {
    id: string;
    organization_id: string;
    kind: 'person' | 'linked' | 'local' | 'service_account';
    email: string;
    name: string;
    role: Role;
    groups: string;
    /** `removed`: nothing of the person is left here but the id, which sessions, devices and the audit log name. */
    status: 'active' | 'disabled' | 'removed';
    created_at: number;
    version: number;
    /** When all sessions of the user were ended last: by a new password, a lost factor, a closed account. */
    sessions_ended_at: number | null;
    /** Of `linked` users alone: the user whose credentials are theirs. */
    home_user_id: Generated<string | null>;
  };
  /** What `users.groups` may hold; see `ensureGroups`. */
  groups: {
    id: string;
    organization_id: string;
    name: string;
    description: string;
    created_at: number;
    version: number;
  };
  password_hashes: { user_id: string; organization_id: string; hash: string; changed_at: number };
  sessions: {
    id: string;
    organization_id: string;
    user_id: string;
    kind: 'console' | 'portal' | 'cli';
    /** SHA-256 of the opaque token, base64url; null for portal sessions, whose token is signed. */
    token_hash: string | null;
    address: string;
    user_agent: string;
    /** JSON list of proved factors, each with its time. */
    factors: string;
    /** The session at home that this one came of, and ends with; null: it is its own. */
    home_session_id: Generated<string | null>;
    /** The device that proves its key with each call, and with which it ends; null: none. */
    device_id: Generated<string | null>;
    /** When the last of them was shown. Null only in rows of before there were factors. */
    authenticated_at: number | null;
    /** Exact to a minute. */
    last_used_at: number | null;
    /** Ends when it was not used for so long; null: never. */
    idle_ms: number | null;
    created_at: number;
    expires_at: number;
    revoked_at: number | null;
  };
  api_keys: {
    id: string;
    organization_id: string;
    user_id: string;
    name: string;
    prefix: string;
    key_hash: string;
    role: Role;
    created_at: number;
    expires_at: number | null;
    last_used_at: number | null;
    revoked_at: number | null;
    /** JSON list; null: everything that the role allows. */
    scopes: string | null;
    last_used_address: string | null;
    replaced_by: string | null;
  };
  devices: {
    id: string;
    organization_id: string;
    user_id: string;
    name: string;
    key_fingerprint: string;
    created_at: number;
    certificate_expires_at: number;
    /** Null: it waits for a person. */
    approved_at: number | null;
    revoked_at: number | null;
    segments: Generated<string>;
    /** When it had a tunnel last; exact to a minute. */
    last_seen_at: Generated<number | null>;
    /** JSON of `place`. */
    place: Generated<string | null>;
  };
  device_discoveries: {
    device_id: string;
    organization_id: string;
    /** JSON list of `discoveredService`. */
    services: string;
    publishes: number;
    reported_at: number;
  };
  device_policies: { organization_id: string; policy: string; version: number };
  device_postures: {
    device_id: string;
    organization_id: string;
    /** Canonical JSON of `postureFacts`. */
    facts: string;
    collected_at: number;
    received_at: number;
    /** The JWS itself. */
    report: string;
  };
  gateways: {
    id: string;
    organization_id: string;
    name: string;
    region: string;
    base_domain: string;
    public_host: string;
    https_port: number;
    tunnel_port: number;
    port_from: number;
    port_to: number;
    signing_key: string;
    tls_public_key: string;
    /** SHA-256 of the key of its sync certificate, base64url. */
    key_fingerprint: string;
    status: 'active' | 'revoked';
    last_seen_at: number | null;
    /** What the gateway says that it runs. */
    applied_version: number | null;
    software_version: string | null;
    /** JSON; null: nobody said. */
    place: string | null;
    segments: Generated<string>;
    /** What was built last: grows only when the content's hash changes. */
    snapshot_version: number;
    snapshot_hash: string;
    snapshot_issued_at: number;
    created_at: number;
    /** JSON of `gatewayLoad` as it said last, when, and what lists are sorted by. */
    load: string | null;
    load_at: number | null;
    cpu_percent: number | null;
    open_connections: number | null;
    /** It is being emptied; null: it is not. */
    drain_since: number | null;
    drain_until: number | null;
    /** How long it decides without hearing from the console, by the snapshot that it runs; null: for ever. */
    lease_seconds: Generated<number | null>;
  };
  /** Leaf certificates for a gateway's TLS key, one per host. */
  gateway_certificates: {
    organization_id: string;
    gateway_id: string;
    host: string;
    pem: string;
    not_after: number;
    renew_at: number;
  };
  enrolment_tokens: {
    id: string;
    organization_id: string;
    token_hash: string;
    created_by: string;
    created_at: number;
    expires_at: number;
    used_at: number | null;
  };
  setup_tokens: {
    token_hash: string;
    organization_id: string;
    created_at: number;
    expires_at: number;
    used_at: number | null;
  };
  device_authorizations: {
    device_code_hash: string;
    user_code_hash: string;
    status: 'pending' | 'approved' | 'denied' | 'used';
    organization_id: string | null;
    user_id: string | null;
    address: string;
    user_agent: string;
    created_at: number;
    expires_at: number;
    interval_seconds: number;
    last_polled_at: number | null;
    /** JSON: what the approving session had shown. */
    factors: string;
    approved_by_session: string | null;
  };
  resources: {
    id: string;
    organization_id: string;
    name: string;
    origin: 'service' | 'declared';
    protocol: 'http' | 'tcp' | 'udp';
    port: number | null;
    access: string;
    proxy_protocol: 'none' | 'v1' | 'v2';
    /** JSON: rules as they are shown. Null: none. */
    headers: string | null;
    /** JSON: the sealed values of those that are secrets, in their order. Null: none. */
    header_secrets: string | null;
    /** JSON. Null: none. */
    limits: string | null;
    /** Null: by weight. */
    balancing: 'least-connections' | 'source' | null;
    device_id: string | null;
    enabled: number;
    /** The name was made by us, so publishing the same address without a name finds it again. */
    auto_named: number;
    segments: string;
    created_at: number;
    updated_at: number;
    version: number;
  };
  /** Further host names, unique in an organization. */
  resource_domains: { organization_id: string; resource_id: string; domain: string; position: number };
  targets: {
    id: string;
    organization_id: string;
    resource_id: string;
    position: number;
    address: string;
    device_id: string | null;
    protocol: 'http' | 'https' | 'tcp' | 'udp';
    weight: number;
    health_check: string | null;
    tls_verify: number;
    tls_server_name: string | null;
  };
  shares: {
    id: string;
    organization_id: string;
    resource_id: string;
    created_by: string;
    created_at: number;
    expires_at: number;
    revoked_at: number | null;
  };
  sites: {
    id: string;
    organization_id: string;
    name: string;
    connection: 'tunnel' | 'local';
    device_id: string | null;
    destinations: string;
    access: string;
    segments: string;
    /** JSON of `place`. */
    place: Generated<string | null>;
    created_at: number;
    updated_at: number;
    version: number;
  };
  policies: {
    id: string;
    organization_id: string;
    name: string;
    description: string;
    text: string;
    /** The same in Cedar's JSON format, as gateways run it. */
    json: string;
    effect: 'permit' | 'forbid';
    mode: 'off' | 'report' | 'enforce';
    created_at: number;
    updated_at: number;
    version: number;
  };
  policy_versions: {
    organization_id: string;
    policy_id: string;
    version: number;
    /** `policyInput` as JSON. */
    body: string;
    at: number;
    by: string;
  };
  policy_assertions: { organization_id: string; assertions: string; version: number };
  approval_rules: {
    organization_id: string;
    /** Id of a resource or site. */
    object_id: string;
    /** JSON: `approver` of the model. */
    approvers: string;
    needed: number;
    max_minutes: number;
  };
  access_requests: {
    id: string;
    organization_id: string;
    user_id: string;
    object_id: string;
    object_name: string;
    reason: string;
    minutes: number;
    /** What somebody made of it; that its time is over is told from `closes_at` and `ends_at`. */
    status: 'pending' | 'approved' | 'refused' | 'cancelled' | 'ended';
    /** Approvals that were needed; null while it is pending. */
    needed: number | null;
    created_at: number;
    closes_at: number;
    ends_at: number | null;
  };
  access_request_decisions: {
    request_id: string;
    user_id: string;
    effect: 'approve' | 'refuse';
    note: string;
    at: number;
  };
  risks: {
    organization_id: string;
    /** Id of a user or device. */
    subject_id: string;
    score: number;
    reason: string;
    updated_at: number;
    expires_at: number | null;
  };
  access_events: {
    organization_id: string;
    gateway_id: string;
    epoch: string;
    seq: number;
    at: number;
    resource_id: string | null;
    effect: 'pass' | 'challenge' | 'deny';
    body: string;
    /** Of the body, to find it by; empty in events that were stored before there were these. */
    reason: Generated<string>;
    subject: Generated<string>;
    source_address: Generated<string>;
  };
  /** Per gateway and epoch: everything up to `seq` is stored. */
  event_heads: { organization_id: string; gateway_id: string; epoch: string; seq: number };
  audit_entries: {
    organization_id: string;
    seq: number;
    id: string;
    at: number;
    /** The entry as canonical JSON without its hashes: exactly what was hashed. Empty: pruned. */
    body: string;
    previous_hash: string;
    hash: string;
    /** Of the body, to find it by. */
    action: string;
    object_id: string;
    actor_id: string;
  };
  /** Access decisions by class that are not in the audit log yet. `resource_id`: empty where there was none. */
  decision_counts: {
    organization_id: string;
    /** SHA-256 of what makes the class, base64url. */
    class_key: string;
    gateway_id: string;
    epoch: string;
    resource_id: string;
    subject: string;
    effect: 'pass' | 'challenge' | 'deny';
    reason: string;
    snapshot_version: number;
    count: number;
    first_at: number;
    last_at: number;
    first_seq: number;
    last_seq: number;
    /** JSON: who decided. Null: of before that was noted. */
    deciders: string | null;
  };
  /** Whole tiles of the Merkle tree over the entries: 256 hashes each, and the root over them; base64url. */
  audit_tiles: { organization_id: string; level: number; position: number; hashes: string; root: string };
  /** Signed notes. `day`: of `at`, since 1970. */
  audit_checkpoints: { organization_id: string; size: number; at: number; day: number; note: string };
  audit_retentions: { organization_id: string; policy: string; version: number };
  /** Texts up to `up_to` are to be gone, an entry says so; up to `swept` they are. */
  audit_prunings: { organization_id: string; up_to: number; swept: number };
  /** Whose personal data audit entries hold, each with the key that opens them. */
  audit_subjects: {
    organization_id: string;
    /** In entries: a name that says nothing. */
    id: string;
    /** Null: somebody without an account. Kept when erased, as entries name the id. */
    user_id: string | null;
    /** Keyed hash of the mail address of somebody who had no account then; null when erased. */
    mail_hash: string | null;
    /** Null: erased. */
    sealed_key: string | null;
    created_at: number;
    erased_at: number | null;
  };
  audit_exports: {
    id: string;
    organization_id: string;
    name: string;
    /** `auditExportSettings` as JSON. */
    settings: string;
    sealed_secret: string | null;
    version: number;
    created_at: number;
    /** The receiver is known to have every entry up to this one. */
    delivered: number;
    rejected: number;
    failures: number;
    last_error: string | null;
    last_delivered_at: number | null;
    /** Also a claim: while one console sends, it is ahead of now, and no other begins. */
    next_try_at: number;
  };
  /** Private keys, sealed with the master key. Of the whole installation, so without an organization. */
  secrets: { name: string; sealed: string; created_at: number };
  idempotency_keys: {
    organization_id: string;
    caller_id: string;
    route: string;
    key: string;
    request_hash: string;
    response: string;
    created_at: number;
  };
  personal_access_tokens: {
    id: string;
    organization_id: string;
    user_id: string;
    name: string;
    prefix: string;
    token_hash: string;
    /** JSON list. */
    resource_ids: string;
    created_at: number;
    expires_at: number;
    last_used_at: number | null;
    last_used_address: string | null;
    revoked_at: number | null;
  };
  sign_in_policies: { organization_id: string; policy: string; version: number };
  /** Somebody showed a first factor and not yet the second. The token is in a cookie of that browser alone. */
  pending_sign_ins: {
    token_hash: string;
    organization_id: string;
    user_id: string;
    kind: 'console' | 'portal' | 'cli';
    factors: string;
    /** JSON list of what would complete it. */
    missing: string;
    /** JSON: which identity provider vouched, and as whom. */
    provider: string | null;
    attempts: number;
    created_at: number;
    expires_at: number;
    used_at: number | null;
  };
  totp_factors: {
    id: string;
    organization_id: string;
    user_id: string;
    sealed_secret: string;
    /** The youngest time step whose code was used: it and older ones are refused. */
    last_step: number;
    created_at: number;
    confirmed_at: number | null;
    last_used_at: number | null;
  };
  magic_links: {
    token_hash: string;
    organization_id: string;
    user_id: string;
    /** Of the secret of the browser that asked. */
    browser_hash: string;
    expires_at: number;
    used_at: number | null;
  };
  invitations: {
    id: string;
    organization_id: string;
    token_hash: string;
    email: string;
    role: Role;
    groups: string;
    created_by: string;
    created_at: number;
    expires_at: number;
    used_at: number | null;
    revoked_at: number | null;
  };
  /** Of an organization's own; users and the like name them as they name the built-in ones. */
  roles: {
    organization_id: string;
    name: Role;
    description: string;
    /** JSON list, without what every member may. */
    permissions: string;
    created_at: number;
    version: number;
  };
  passkeys: {
    id: string;
    organization_id: string;
    user_id: string;
    name: string;
    /** The host for which it was made; it works nowhere else. */
    rp_id: string;
    credential_id: string;
    /** COSE key, base64url. */
    public_key: string;
    sign_count: number;
    created_at: number;
    last_used_at: number | null;
  };
  /** Answered well, and so used up until they end by themselves. */
  used_challenges: { challenge_hash: string; expires_at: number };
  recovery_codes: { organization_id: string; user_id: string; code_hash: string; used_at: number | null };
  relying_parties: {
    /** Also its `client_id`. */
    id: string;
    organization_id: string;
    name: string;
    /** The rest of `relyingPartyInput`, JSON. */
    settings: string;
    secret_hash: string | null;
    created_at: number;
    last_used_at: number | null;
    revoked_at: number | null;
  };
  /** `scopes`: with blanks between them, all that the person ever allowed this service. */
  relying_party_consents: { relying_party_id: string; user_id: string; scopes: string; given_at: number };
  /** Codes, tokens, grants and interactions of the OpenID provider, under the hash of their secret. */
  openid_records: {
    model: string;
    id_hash: string;
    grant_hash: string | null;
    uid: string | null;
    relying_party_id: string | null;
    /** Of grants: the session they came from. */
    session_id: string | null;
    sealed: string;
    consumed_at: number | null;
    expires_at: number;
    /** Of grants: `sid` in the service's tokens, and what became of telling it that the session ended. */
    sid: string | null;
    logout_at: number | null;
    logout_tries: number | null;
    logged_out_at: number | null;
  };
  workload_trusts: {
    id: string;
    organization_id: string;
    user_id: string;
    name: string;
    issuer: string;
    audience: string;
    /** The rest of `workloadTrustInput`, JSON. */
    settings: string;
    created_at: number;
    last_used_at: number | null;
    revoked_at: number | null;
  };
  workload_tokens: {
    id: string;
    organization_id: string;
    trust_id: string;
    user_id: string;
    token_hash: string;
    subject: string;
    scopes: string | null;
    created_at: number;
    expires_at: number;
  };
  /** Tokens of workloads that were exchanged, until they end by themselves. */
  workload_assertions: {
    organization_id: string;
    trust_id: string;
    assertion_id: string;
    uses: number;
    expires_at: number;
  };
}
