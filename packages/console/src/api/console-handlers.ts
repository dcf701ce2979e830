import { drainGateway } from '../domains/gateways/drain-gateway.ts';
import { getGatewayStatus } from '../domains/gateways/gateway-status.ts';
import { readGatewayLog } from '../domains/gateways/read-log.ts';
import { acknowledgeIncident, closeIncident, getIncident, listIncidents } from '../domains/incidents/incidents.ts';
import {
  createNotification,
  deleteNotification,
  listNotifications,
  updateNotification,
} from '../domains/notifications/notifications.ts';
import { testNotification } from '../domains/notifications/notify.ts';
import { getBranding, setBranding } from '../domains/organizations/branding.ts';
import { updateOrganization } from '../domains/organizations/organizations.ts';
import { checkDns } from '../domains/resources/check-dns.ts';
import { resourceHealth } from '../domains/resources/health.ts';
import { testRoute } from '../domains/resources/test-route.ts';
import { differingActivity, getActivity, policyHits } from '../domains/traffic/activity.ts';
import { getOverview } from '../domains/traffic/overview.ts';
import { getTraffic, topTraffic, trafficReasons, trafficSparklines } from '../domains/traffic/traffic.ts';
import type { Handlers } from './handlers.ts';

export const consoleHandlers = {
  'overview.get': (context, { caller }) => getOverview(context, caller),
  'traffic.get': (context, { caller, query }) => getTraffic(context, caller, query),
  'traffic.top': (context, { caller, query }) => topTraffic(context, caller, query),
  'traffic.sparklines': (context, { caller, query }) => trafficSparklines(context, caller, query),
  'activity.get': (context, { caller, params, query }) => getActivity(context, caller, params.id, query),
  'activity.differing': (context, { caller, query }) => differingActivity(context, caller, query),
  'policies.hits': (context, { caller, query }) => policyHits(context, caller, query),
  'resources.test': (context, { caller, body }) => testRoute(context, caller, body),
  'resources.health': (context, { caller, query }) => resourceHealth(context, caller, query.ids),
  'gateways.getStatus': (context, { caller, params }) => getGatewayStatus(context, caller, params.id),
  'gateways.readLog': (context, { caller, params, query }) => readGatewayLog(context, caller, params.id, query),
  'gateways.drain': (context, { caller, params, body }) => drainGateway(context, caller, params.id, body),
  'resources.checkDns': (context, { caller, params }) => checkDns(context, caller, params.id),
  'notifications.list': (context, { caller }) => listNotifications(context, caller),
  'notifications.create': (context, { caller, body }) => createNotification(context, caller, body),
  'notifications.update': (context, { caller, params, body, version }) =>
    updateNotification(context, caller, params.id, version, body),
  'notifications.test': (context, { caller, params }) => testNotification(context, caller, params.id),
  'notifications.delete': (context, { caller, params }) => deleteNotification(context, caller, params.id),
  'incidents.list': (context, { caller, query }) => listIncidents(context, caller, query),
  'incidents.get': (context, { caller, params }) => getIncident(context, caller, params.id),
  'incidents.acknowledge': (context, { caller, params, body }) => acknowledgeIncident(context, caller, params.id, body),
  'incidents.close': (context, { caller, params, body }) => closeIncident(context, caller, params.id, body),
  'branding.get': (context, { caller }) => getBranding(context, caller),
  'branding.set': (context, { caller, body, version }) => setBranding(context, caller, version, body),
  'organizations.update': (context, { caller, body, version }) => updateOrganization(context, caller, version, body),
  'traffic.reasons': (context, { caller, query }) => trafficReasons(context, caller, query),
} satisfies Partial<Handlers>;
