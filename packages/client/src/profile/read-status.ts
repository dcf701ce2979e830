import { X509Certificate } from 'node:crypto';
import { gatewayServerName, parseHostPort, TUNNEL_ALPN } from '@zeronaut/model';
import { createTunnelDialer, type TunnelDialer } from '@zeronaut/tunnel';
import { ApiError, ConsoleUnreachable } from '../api/api-error.ts';
import type { Connection } from './connection.ts';
import { type Device, type DeviceState, loadDevice, ownDeviceState } from './device.ts';
import { AgentState, type Endpoints } from './state.ts';

export interface Status {
  readonly profile: string;
  readonly console: {
    readonly url: string;
    readonly reachable: boolean;
    readonly latencyMs: number | null;
    readonly problem: string | null;
  };
  /** Null: the console could not be asked. */
  readonly signedIn: boolean | null;
  readonly user: { readonly email: string | null; readonly role: string; readonly organization: string } | null;
  /** `state`: as the console sees it; null: it did not say. */
  readonly device: { readonly id: string; readonly state: DeviceState | null; readonly expiresAt: string } | null;
  readonly gateways: readonly GatewayStatus[];
}

export interface GatewayStatus {
  readonly name: string;
  readonly address: string;
  /** `unknown`: this machine has no device key to try it with. */
  readonly tunnel: 'up' | 'down' | 'unknown';
  readonly latencyMs: number | null;
  readonly problem: string | null;
}

const CONSOLE_TIMEOUT_MS = 5_000;
const TUNNEL_TIMEOUT_MS = 5_000;

/** Asks the console and tries a tunnel to each gateway. Changes nothing, and enrols nothing. */
export async function readStatus(connection: Connection): Promise<Status> {
  const { api } = connection;
  const startedAt = performance.now();
  let problem: string | null = null;
  let latencyMs: number | null = null;
  let signedIn: boolean | null = null;
  let user: Status['user'] = null;
  let endpoints: Endpoints | null = null;
  try {
    const me = await api.call('me.get', {}, { timeoutMs: CONSOLE_TIMEOUT_MS });
    latencyMs = performance.now() - startedAt;
    signedIn = true;
    user = { email: me.user?.email ?? null, role: me.role, organization: me.organization.name };
    endpoints = await api.call('endpoints.list', {}, { timeoutMs: CONSOLE_TIMEOUT_MS });
  } catch (error) {
    if (error instanceof ApiError && error.status < 500) {
      latencyMs ??= performance.now() - startedAt;
      signedIn = error.status !== 401;
    } else {
      problem = error instanceof ConsoleUnreachable ? error.why : (error as Error).message;
    }
  }
  const device = loadDevice(connection);
  const state = device === null || signedIn !== true ? null : await ownDeviceState(connection, device.deviceId);
  const { gateways = [], certificateAuthority = '' } = endpoints ?? new AgentState(connection).loadEndpoints() ?? {};
  return {
    profile: connection.profile,
    console: { url: connection.consoleUrl, reachable: problem === null, latencyMs, problem },
    signedIn,
    user,
    device:
      device === null
        ? null
        : { id: device.deviceId, state, expiresAt: new X509Certificate(device.certificate).validToDate.toISOString() },
    gateways: await Promise.all(gateways.map((endpoint) => tryTunnel(endpoint, device, certificateAuthority))),
  };
}

async function tryTunnel(
  endpoint: Endpoints['gateways'][number],
  device: Device | null,
  certificateAuthority: string,
): Promise<GatewayStatus> {
  const { name, address, gatewayId } = endpoint;
  if (device === null) return { name, address, tunnel: 'unknown', latencyMs: null, problem: null };
  const at = parseHostPort(address)!;
  const { promise, resolve } = Promise.withResolvers<GatewayStatus>();
  const down = (problem: string) => resolve({ name, address, tunnel: 'down', latencyMs: null, problem });
  const dialer: TunnelDialer = createTunnelDialer({
    cert: device.certificate,
    key: device.privateKey,
    ca: certificateAuthority,
    host: at.host,
    port: at.port,
    servername: gatewayServerName(gatewayId),
    alpn: TUNNEL_ALPN,
    connectTimeoutMs: TUNNEL_TIMEOUT_MS,
    admissionTimeoutMs: TUNNEL_TIMEOUT_MS,
    onUp(session) {
      session.ping().then(
        (latencyMs) => resolve({ name, address, tunnel: 'up', latencyMs, problem: null }),
        (error: Error) => down(error.message),
      );
    },
    onDown: (fault) => down(fault.code),
    onStream: (stream) => stream.abort('target.not_exposed'),
    onMessage: () => undefined,
  });
  const status = await promise;
  dialer.stop();
  return status;
}
