import {
  PERMISSIONS,
  type Permission,
  type RouteId,
  type RouteRequest,
  type RouteResponse,
  type Routes,
} from '@zeronaut/model';
import * as accessEvents from '../domains/access-events/access-events.ts';
import type { Caller, Context, Origin } from '../domains/context.ts';
import * as deviceAuthorizations from '../domains/device-authorizations/device-authorizations.ts';
import * as enrolment from '../domains/gateways/enrolment.ts';
import * as gateways from '../domains/gateways/gateways.ts';
import { currentOrganization, getOrganization } from '../domains/organizations/organizations.ts';
import * as resources from '../domains/resources/resources.ts';
import { may } from '../domains/roles/held-role.ts';
import * as services from '../domains/services/services.ts';
import * as sessions from '../domains/sessions/sessions.ts';
import { signIn } from '../domains/sessions/sign-in.ts';
import * as setup from '../domains/setup/setup.ts';
import * as shares from '../domains/shares/shares.ts';
import * as sites from '../domains/sites/sites.ts';
import { previewRemoval, removeUser } from '../domains/users/remove-user.ts';
import * as users from '../domains/users/users.ts';
import { exchangeToken } from '../domains/workloads/exchange.ts';
import { Refusal } from '../store/refusal.ts';
import type { Queries } from '../store/store.ts';
import { VERSION } from '../version.ts';
import { accessRequestHandlers } from './access-request-handlers.ts';
import { addressHandlers } from './address-handlers.ts';
import { apiKeyHandlers } from './api-key-handlers.ts';
import { auditExportHandlers } from './audit-export-handlers.ts';
import { auditHandlers } from './audit-handlers.ts';
import { backupHandlers } from './backup-handlers.ts';
import { consoleHandlers } from './console-handlers.ts';
import { deviceHandlers } from './device-handlers.ts';
import { factorHandlers } from './factor-handlers.ts';
import { groupHandlers } from './group-handlers.ts';
import { identityProviderHandlers } from './identity-provider-handlers.ts';
import { invitationHandlers } from './invitation-handlers.ts';
import { meHandlers } from './me-handlers.ts';
import { organizationHandlers } from './organization-handlers.ts';
import { personalAccessTokenHandlers } from './personal-access-token-handlers.ts';
import { policyHandlers } from './policy-handlers.ts';
import { policyTemplateHandlers } from './policy-template-handlers.ts';
import { pushHandlers } from './push-handlers.ts';
import { relyingPartyHandlers } from './relying-party-handlers.ts';
import { removalHandlers } from './removal-handlers.ts';
import { roleHandlers } from './role-handlers.ts';
import { serviceAccountHandlers } from './service-account-handlers.ts';
import { withSession } from './with-session.ts';

/** What a handler gets besides the validated request. `caller` is null exactly on routes without a permission. */
export interface Call<Id extends RouteId> extends RouteRequest<Routes[Id]> {
  readonly caller: Routes[Id]['permission'] extends 'none' ? null : Caller;
  readonly origin: Origin;
  /** From If-Match; set on routes that ask for it, and on those where it is optional if it came. */
  readonly version: Routes[Id] extends { readonly ifMatch: true }
    ? number
    : Routes[Id] extends { readonly ifMatch: 'optional' }
      ? number | null
      : null;
  /** Stores the answer under the caller's Idempotency-Key, if one came. Within the creating transaction. */
  readonly remember: (queries: Queries, response: unknown) => Promise<void>;
}

export type Handlers = {
  readonly [Id in RouteId]: (
    context: Context,
    call: Call<Id>,
  ) => Promise<RouteResponse<Routes[Id]> | Refusal> | RouteResponse<Routes[Id]> | Refusal;
};

/** One line per row of the route table; a row without a handler is a type error. */
export const handlers: Handlers = {
  ...identityProviderHandlers,
  ...factorHandlers,
  ...invitationHandlers,
  ...policyHandlers,
  ...policyTemplateHandlers,
  ...accessRequestHandlers,
  'health.get': async (context) => ({
    status: 'ok',
    version: VERSION,
    database: context.store.kind,
    setupNeeded: await setup.isSetupNeeded(context.store.db),
  }),
  'setup.create': async (context, { body, origin }) => {
    const result = await setup.setUp(context, body, origin);
    return result instanceof Refusal ? result : withSession(result);
  },

  'sessions.create': async (context, { body, origin }) => {
    const result = await signIn(context, { ...body, kind: 'console' }, origin);
    if (result instanceof Refusal) return result;
    return 'pendingToken' in result ? new Refusal('factor.missing') : withSession(result);
  },
  'sessions.list': (context, { caller, query }) => sessions.listSessions(context, caller, query),
  'sessions.deleteCurrent': (context, { caller }) =>
    caller.credential === 'session'
      ? sessions.revokeSession(context, caller, caller.credentialId)
      : new Refusal('api.invalid', { detail: 'this credential is not a session' }),
  'sessions.delete': (context, { caller, params }) => sessions.revokeSession(context, caller, params.id),

  'oauth.deviceAuthorization': async (context, { origin }) => {
    const started = await deviceAuthorizations.startDeviceAuthorization(context, origin);
    const verificationUri = `${context.settings.publicUrl()}/device`;
    return {
      device_code: started.deviceCode,
      user_code: started.userCode,
      verification_uri: verificationUri,
      verification_uri_complete: `${verificationUri}?user_code=${started.userCode}`,
      expires_in: started.expiresInSeconds,
      interval: started.intervalSeconds,
    };
  },
  'oauth.token': async (context, { body, origin }) => {
    if (body.grant_type === 'urn:ietf:params:oauth:grant-type:token-exchange') {
      const exchanged = await exchangeToken(context, body, origin);
      if (exchanged instanceof Refusal) return exchanged;
      return {
        access_token: exchanged.token,
        token_type: 'Bearer',
        expires_in: exchanged.expiresInSeconds,
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        ...(exchanged.scopes === null ? {} : { scope: exchanged.scopes.join(' ') }),
      };
    }
    const session = await deviceAuthorizations.pollDeviceAuthorization(context, body.device_code, origin);
    if (session instanceof Refusal) return session;
    return {
      access_token: session.token,
      token_type: 'Bearer',
      expires_in: Math.floor((session.expiresAtMs - context.clock()) / 1000),
    };
  },
  'oauth.approve': (context, { caller, body }) => deviceAuthorizations.decideDeviceAuthorization(context, caller, body),

  'me.get': async (context, { caller }) => {
    const user = await users.findUser(context.store.db, caller.organizationId, caller.userId);
    return {
      user: user instanceof Refusal ? null : user,
      organization: await getOrganization(context.store.db, caller.organizationId),
      role: caller.role,
      permissions: (Object.keys(PERMISSIONS) as Permission[]).filter((permission) => may(caller, permission)),
      credential: caller.credential,
      sessionId: caller.credential === 'session' ? caller.credentialId : null,
    };
  },
  'organizations.getCurrent': (context, { caller }) => currentOrganization(context, caller),

  'users.list': (context, { caller, query }) => users.listUsers(context, caller, query),
  'users.create': (context, { caller, body, remember }) => users.createUser(context, caller, body, remember),
  'users.get': (context, { caller, params }) => users.findUser(context.store.db, caller.organizationId, params.id),
  'users.update': (context, { caller, params, body, version }) =>
    users.updateUser(context, caller, params.id, version, body),
  'users.previewRemoval': (context, { caller, params }) => previewRemoval(context, caller, params.id),
  'users.delete': (context, { caller, params, query, version }) =>
    removeUser(context, caller, params.id, version, query.eraseAudit === true),

  ...organizationHandlers,
  ...groupHandlers,
  ...removalHandlers,
  ...roleHandlers,
  ...apiKeyHandlers,
  ...personalAccessTokenHandlers,
  ...serviceAccountHandlers,
  ...relyingPartyHandlers,

  ...deviceHandlers,
  ...meHandlers,
  ...addressHandlers,

  'gateways.list': (context, { caller, query }) => gateways.listGateways(context, caller, query),
  'gateways.get': (context, { caller, params }) => gateways.getGateway(context, caller, params.id),
  'gateways.createEnrolment': (context, { caller, body }) => enrolment.createEnrolment(context, caller, body),
  'gateways.enrol': (context, { body, origin }) => enrolment.enrolGateway(context, body, origin),
  'gateways.setPlace': (context, { caller, params, body, version }) =>
    gateways.setGatewayPlace(context, caller, params.id, version, body.place),
  'gateways.delete': (context, { caller, params }) => gateways.revokeGateway(context, caller, params.id),
  'endpoints.thisMachine': (context, { caller }) =>
    Promise.resolve({ commandLine: context.settings.commandLineOf(caller.organizationId) }),
  'endpoints.list': (context, { caller }) => gateways.listEndpoints(context, caller),

  'resources.list': async (context, { caller, query }) => {
    const page = await resources.listResources(context, caller, query);
    return page instanceof Refusal ? page : { ...page, items: page.items.map(resources.redactResource) };
  },
  'resources.create': (context, { caller, body, remember }) =>
    resources.createResource(context, caller, body, remember),
  'resources.apply': (context, { caller, body }) => resources.applyResources(context, caller, body),
  'resources.get': async (context, { caller, params }) => {
    const resource = await resources.findResource(context.store.db, caller.organizationId, params.id);
    return resource instanceof Refusal ? resource : resources.redactResource(resource);
  },
  'resources.update': (context, { caller, params, body, version }) =>
    resources.updateResource(context, caller, params.id, version, body),
  'resources.delete': (context, { caller, params }) => resources.deleteResource(context, caller, params.id),

  'services.list': (context, { caller, query }) => services.listServices(context, caller, query),
  'services.publish': (context, { caller, body }) => services.publishService(context, caller, body),
  'services.get': (context, { caller, params }) => services.getService(context, caller, params.id),
  'services.stop': (context, { caller, params }) => services.setServiceEnabled(context, caller, params.id, false),
  'services.start': (context, { caller, params }) => services.setServiceEnabled(context, caller, params.id, true),
  'services.delete': (context, { caller, params }) => resources.deleteResource(context, caller, params.id, 'service'),

  'shares.create': (context, { caller, params, body }) => shares.createShare(context, caller, params.id, body),
  'shares.list': (context, { caller, params, query }) => shares.listShares(context, caller, params.id, query),
  'shares.delete': (context, { caller, params }) => shares.revokeShare(context, caller, params.id),

  'sites.list': (context, { caller, query }) => sites.listSites(context, caller, query),
  'sites.get': (context, { caller, params }) => sites.getSite(context, caller, params.id),
  'sites.publish': (context, { caller, body }) => sites.publishSite(context, caller, body),
  'sites.setPlace': (context, { caller, params, body, version }) =>
    sites.setSitePlace(context, caller, params.id, version, body.place),
  'sites.delete': (context, { caller, params }) => sites.deleteSite(context, caller, params.id),

  'accessEvents.list': (context, { caller, query }) => accessEvents.listAccessEvents(context, caller, query),
  ...consoleHandlers,
  ...auditHandlers,
  ...auditExportHandlers,
  ...backupHandlers,
  ...pushHandlers,
};
