import { type Kysely, sql } from 'kysely';

/** All tables of the first version. Only types that SQLite and PostgreSQL both know: text, integer, bigint. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const schema = db.schema;

  await schema
    .createTable('organizations')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('slug', 'text', (c) => c.notNull().unique())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('audit_seq', 'bigint', (c) => c.notNull())
    .addColumn('audit_head', 'text', (c) => c.notNull())
    .execute();

  const organizationId = (c: import('kysely').ColumnDefinitionBuilder) =>
    c.notNull().references('organizations.id').onDelete('cascade');

  await schema
    .createTable('users')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('organization_id', 'text', organizationId)
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('email', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('role', 'text', (c) => c.notNull())
    .addColumn('groups', 'text', (c) => c.notNull())
    .addColumn('status', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('version', 'integer', (c) => c.notNull())
    .addUniqueConstraint('users_email_in_organization', ['organization_id', 'email'])
    .execute();
  // The sign-in form asks for an e-mail alone, so among people it must name one user of the whole installation.
  await schema
    .createIndex('users_person_email')
    .unique()
    .on('users')
    .column('email')
    .where(sql.ref('kind'), '=', sql.lit('person'))
    .execute();

  await schema
    .createTable('password_hashes')
    .addColumn('user_id', 'text', (c) => c.primaryKey().references('users.id').onDelete('cascade'))
    .addColumn('organization_id', 'text', organizationId)
    .addColumn('hash', 'text', (c) => c.notNull())
    .addColumn('changed_at', 'bigint', (c) => c.notNull())
    .execute();

  await schema
    .createTable('sessions')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('organization_id', 'text', organizationId)
    .addColumn('user_id', 'text', (c) => c.notNull().references('users.id').onDelete('cascade'))
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('token_hash', 'text', (c) => c.unique())
    .addColumn('address', 'text', (c) => c.notNull())
    .addColumn('user_agent', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('revoked_at', 'bigint')
    .execute();
  await schema.createIndex('sessions_organization').on('sessions').columns(['organization_id', 'id']).execute();
  await schema.createIndex('sessions_user').on('sessions').column('user_id').execute();
  // Every snapshot lists the revoked ones; they are few among all sessions.
  await schema
    .createIndex('sessions_revoked')
    .on('sessions')
    .columns(['organization_id', 'expires_at'])
    .where(sql.ref('revoked_at'), 'is not', null)
    .execute();

  await schema
    .createTable('api_keys')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('organization_id', 'text', organizationId)
    .addColumn('user_id', 'text', (c) => c.notNull().references('users.id').onDelete('cascade'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('prefix', 'text', (c) => c.notNull())
    .addColumn('key_hash', 'text', (c) => c.notNull().unique())
    .addColumn('role', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint')
    .addColumn('last_used_at', 'bigint')
    .addColumn('revoked_at', 'bigint')
    .execute();
  await schema.createIndex('api_keys_organization').on('api_keys').columns(['organization_id', 'id']).execute();

  await schema
    .createTable('devices')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('organization_id', 'text', organizationId)
    .addColumn('user_id', 'text', (c) => c.notNull().references('users.id').onDelete('cascade'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('key_fingerprint', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('certificate_expires_at', 'bigint', (c) => c.notNull())
    .addColumn('revoked_at', 'bigint')
    .execute();
  await schema.createIndex('devices_organization').on('devices').columns(['organization_id', 'id']).execute();

  await schema
    .createTable('gateways')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('organization_id', 'text', organizationId)
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('region', 'text', (c) => c.notNull())
    .addColumn('base_domain', 'text', (c) => c.notNull())
    .addColumn('public_host', 'text', (c) => c.notNull())
    .addColumn('https_port', 'integer', (c) => c.notNull())
    .addColumn('tunnel_port', 'integer', (c) => c.notNull())
    .addColumn('port_from', 'integer', (c) => c.notNull())
    .addColumn('port_to', 'integer', (c) => c.notNull())
    .addColumn('signing_key', 'text', (c) => c.notNull())
    .addColumn('tls_public_key', 'text', (c) => c.notNull())
    .addColumn('key_fingerprint', 'text', (c) => c.notNull())
    .addColumn('status', 'text', (c) => c.notNull())
    .addColumn('last_seen_at', 'bigint')
    .addColumn('applied_version', 'bigint')
    .addColumn('software_version', 'text')
    .addColumn('snapshot_version', 'bigint', (c) => c.notNull())
    .addColumn('snapshot_hash', 'text', (c) => c.notNull())
    .addColumn('snapshot_issued_at', 'bigint', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute();
  // A revoked gateway gives its name free.
  await schema
    .createIndex('gateways_active_name')
    .unique()
    .on('gateways')
    .columns(['organization_id', 'name'])
    .where(sql.ref('status'), '=', sql.lit('active'))
    .execute();

  await schema
    .createTable('gateway_certificates')
    .addColumn('organization_id', 'text', organizationId)
    .addColumn('gateway_id', 'text', (c) => c.notNull().references('gateways.id').onDelete('cascade'))
    .addColumn('host', 'text', (c) => c.notNull())
    .addColumn('pem', 'text', (c) => c.notNull())
    .addColumn('not_after', 'bigint', (c) => c.notNull())
    .addColumn('renew_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('gateway_certificates_key', ['gateway_id', 'host'])
    .execute();

  await schema
    .createTable('enrolment_tokens')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('organization_id', 'text', organizationId)
    .addColumn('token_hash', 'text', (c) => c.notNull().unique())
    .addColumn('created_by', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('used_at', 'bigint')
    .execute();

  await schema
    .createTable('setup_tokens')
    .addColumn('token_hash', 'text', (c) => c.primaryKey())
    .addColumn('organization_id', 'text', organizationId)
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('used_at', 'bigint')
    .execute();

  await schema
    .createTable('device_authorizations')
    .addColumn('device_code_hash', 'text', (c) => c.primaryKey())
    .addColumn('user_code_hash', 'text', (c) => c.notNull().unique())
    .addColumn('status', 'text', (c) => c.notNull())
    // Nobody knows whose it is until somebody approves it.
    .addColumn('organization_id', 'text', (c) => c.references('organizations.id').onDelete('cascade'))
    .addColumn('user_id', 'text', (c) => c.references('users.id').onDelete('cascade'))
    .addColumn('address', 'text', (c) => c.notNull())
    .addColumn('user_agent', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('interval_seconds', 'integer', (c) => c.notNull())
    .addColumn('last_polled_at', 'bigint')
    .execute();

  await schema
    .createTable('resources')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('organization_id', 'text', organizationId)
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('origin', 'text', (c) => c.notNull())
    .addColumn('protocol', 'text', (c) => c.notNull())
    .addColumn('port', 'integer')
    .addColumn('access', 'text', (c) => c.notNull())
    .addColumn('proxy_protocol', 'text', (c) => c.notNull())
    .addColumn('device_id', 'text', (c) => c.references('devices.id'))
    .addColumn('enabled', 'integer', (c) => c.notNull())
    .addColumn('auto_named', 'integer', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .addColumn('version', 'integer', (c) => c.notNull())
    .addUniqueConstraint('resources_name', ['organization_id', 'name'])
    .addUniqueConstraint('resources_port', ['organization_id', 'protocol', 'port'])
    .execute();
  await schema.createIndex('resources_organization').on('resources').columns(['organization_id', 'id']).execute();

  await schema
    .createTable('resource_domains')
    .addColumn('organization_id', 'text', organizationId)
    .addColumn('resource_id', 'text', (c) => c.notNull().references('resources.id').onDelete('cascade'))
    .addColumn('domain', 'text', (c) => c.notNull())
    .addColumn('position', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('resource_domains_key', ['organization_id', 'domain'])
    .execute();
  await schema.createIndex('resource_domains_resource').on('resource_domains').column('resource_id').execute();

  await schema
    .createTable('targets')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('organization_id', 'text', organizationId)
    .addColumn('resource_id', 'text', (c) => c.notNull().references('resources.id').onDelete('cascade'))
    .addColumn('position', 'integer', (c) => c.notNull())
    .addColumn('address', 'text', (c) => c.notNull())
    .addColumn('device_id', 'text', (c) => c.references('devices.id'))
    .addColumn('protocol', 'text', (c) => c.notNull())
    .addColumn('weight', 'integer', (c) => c.notNull())
    .addColumn('health_check', 'text')
    .addColumn('tls_verify', 'integer', (c) => c.notNull())
    .addColumn('tls_server_name', 'text')
    .execute();
  await schema.createIndex('targets_resource').on('targets').column('resource_id').execute();
  await schema.createIndex('targets_organization').on('targets').column('organization_id').execute();

  await schema
    .createTable('shares')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('organization_id', 'text', organizationId)
    .addColumn('resource_id', 'text', (c) => c.notNull().references('resources.id').onDelete('cascade'))
    .addColumn('created_by', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('revoked_at', 'bigint')
    .execute();
  await schema.createIndex('shares_resource').on('shares').columns(['resource_id', 'id']).execute();
  await schema.createIndex('shares_organization').on('shares').columns(['organization_id', 'expires_at']).execute();

  await schema
    .createTable('sites')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('organization_id', 'text', organizationId)
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('connection', 'text', (c) => c.notNull())
    .addColumn('device_id', 'text', (c) => c.references('devices.id'))
    .addColumn('destinations', 'text', (c) => c.notNull())
    .addColumn('access', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .addColumn('version', 'integer', (c) => c.notNull())
    .addUniqueConstraint('sites_name', ['organization_id', 'name'])
    .execute();

  await schema
    .createTable('access_events')
    .addColumn('organization_id', 'text', organizationId)
    .addColumn('gateway_id', 'text', (c) => c.notNull().references('gateways.id').onDelete('cascade'))
    .addColumn('epoch', 'text', (c) => c.notNull())
    .addColumn('seq', 'bigint', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('resource_id', 'text')
    .addColumn('effect', 'text', (c) => c.notNull())
    .addColumn('body', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('access_events_key', ['gateway_id', 'epoch', 'seq'])
    .execute();
  await schema.createIndex('access_events_at').on('access_events').column('at').execute();
  await schema
    .createIndex('access_events_newest')
    .on('access_events')
    .columns(['organization_id', 'at', 'gateway_id', 'epoch', 'seq'])
    .execute();
  await schema.createIndex('access_events_resource').on('access_events').columns(['resource_id', 'at']).execute();

  await schema
    .createTable('event_heads')
    .addColumn('organization_id', 'text', organizationId)
    .addColumn('gateway_id', 'text', (c) => c.notNull().references('gateways.id').onDelete('cascade'))
    .addColumn('epoch', 'text', (c) => c.notNull())
    .addColumn('seq', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('event_heads_key', ['gateway_id', 'epoch'])
    .execute();

  await schema
    .createTable('audit_entries')
    .addColumn('organization_id', 'text', organizationId)
    .addColumn('seq', 'bigint', (c) => c.notNull())
    .addColumn('id', 'text', (c) => c.notNull().unique())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('body', 'text', (c) => c.notNull())
    .addColumn('previous_hash', 'text', (c) => c.notNull())
    .addColumn('hash', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('audit_entries_key', ['organization_id', 'seq'])
    .execute();

  await schema
    .createTable('secrets')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('sealed', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute();

  await schema
    .createTable('idempotency_keys')
    .addColumn('organization_id', 'text', organizationId)
    .addColumn('caller_id', 'text', (c) => c.notNull())
    .addColumn('route', 'text', (c) => c.notNull())
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('request_hash', 'text', (c) => c.notNull())
    .addColumn('response', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('idempotency_keys_key', ['organization_id', 'caller_id', 'route', 'key'])
    .execute();
}
