import type { deviceRoutes } from '@zeronaut/model';
import { getDevicePolicy, updateDevicePolicy } from '../domains/devices/device-policy.ts';
import * as devices from '../domains/devices/devices.ts';
import { listDeviceTargets, listDiscovered, reportDiscovered } from '../domains/devices/discovered.ts';
import { listTunnels } from '../domains/devices/list-tunnels.ts';
import { reportPosture } from '../domains/devices/posture.ts';
import type { Handlers } from './handlers.ts';

export const deviceHandlers: Pick<Handlers, keyof typeof deviceRoutes> = {
  'devices.list': (context, { caller, query }) => devices.listDevices(context, caller, query),
  'devices.get': (context, { caller, params }) => devices.getDevice(context, caller, params.id),
  'devices.listTunnels': (context, { caller, params }) => listTunnels(context, caller, params.id),
  'devices.enrol': (context, { caller, body }) => devices.enrolDevice(context, caller, body),
  'devices.renew': (context, { caller, params, body }) => devices.renewDevice(context, caller, params.id, body),
  'devices.delete': (context, { caller, params }) => devices.revokeDevice(context, caller, params.id),
  'devices.setPlace': (context, { caller, params, body, version }) =>
    devices.setDevicePlace(context, caller, params.id, version, body.place),
  'devices.approve': (context, { caller, params }) => devices.approveDevice(context, caller, params.id),
  'devices.reportPosture': (context, { caller, params, body }) =>
    reportPosture(context, caller, params.id, body.report),
  'devices.reportDiscovered': (context, { caller, params, body }) => reportDiscovered(context, caller, params.id, body),
  'devices.listDiscovered': (context, { caller, params }) => listDiscovered(context, caller, params.id),
  'devices.listTargets': (context, { caller, params }) => listDeviceTargets(context, caller, params.id),
  'devicePolicy.get': (context, { caller }) => getDevicePolicy(context.store.db, caller.organizationId),
  'devicePolicy.update': (context, { caller, body, version }) => updateDevicePolicy(context, caller, version, body),
};
