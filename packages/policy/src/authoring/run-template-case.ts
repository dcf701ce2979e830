import type { AccessRule, SnapshotResource, SnapshotSite, SnapshotUser, VerdictEffect } from '@zeronaut/model';
import type { Circumstances } from '../circumstances.ts';
import { type AccessQuestion, decideAccess } from '../decide-access.ts';
import { SERVICE_ACCOUNT_DOMAIN } from '../entities.ts';
import { anonymousFacts } from '../evaluate-access.ts';
import type { PolicySet } from '../policy-set.ts';
import type { TemplateCase } from './templates.ts';

const NOON = '2026-11-25T12:00:00Z';

/** What becomes of the request of a case under these policies: the very decision that gateways make. */
export function runTemplateCase(policies: PolicySet, request: TemplateCase): VerdictEffect {
  return decideAccess(policies, questionOfCase(request)).verdict.effect;
}

export function questionOfCase(request: TemplateCase): AccessQuestion {
  const {
    who = 'user',
    action = 'read',
    segments = ['prod'],
    mode = 'login',
    by = 'session',
    address = '192.0.2.1',
  } = request;
  const access: AccessRule = { mode, allow: [], addresses: [], basic: [], tokens: null };
  const shared = { organizationId: 'org_1', name: 'thing', access, segments: [...segments], deviceId: null };
  const resource: SnapshotResource = {
    ...shared,
    id: 'res_1',
    protocol: 'http',
    hosts: [],
    port: null,
    shares: [],
    targets: [],
    proxyProtocol: 'none',
  };
  const site: SnapshotSite = { ...shared, id: 'site_1', connection: 'local', destinations: [] };
  const user: SnapshotUser = {
    id: 'usr_1',
    organizationId: 'org_1',
    email: who === 'service account' ? `bot@${SERVICE_ACCOUNT_DOMAIN}` : 'ann@example.com',
    name: 'Ann',
    role: 'member',
    groups: [...(request.groups ?? [])],
  };
  const nowMs = Date.parse(request.at ?? NOON);
  const nobody = anonymousFacts('org_1', address);
  const facts =
    who === 'visitor'
      ? nobody
      : by === 'session'
        ? { ...nobody, user, sessionState: 'valid' as const }
        : { ...nobody, personalAccessToken: { state: 'valid' as const, user } };
  const { device } = request;
  const circumstances: Omit<Circumstances, 'by'> = {
    address,
    country: request.country ?? null,
    nowMs,
    timeZone: 'UTC',
    risk: request.risk ?? 0,
    factors: request.factors ?? (who === 'user' ? ['password'] : []),
    factorsAtMs: request.factorMinutesAgo === undefined ? null : nowMs - request.factorMinutesAgo * 60_000,
    granted: request.granted ?? false,
    device:
      device === undefined
        ? null
        : {
            id: 'dev_1',
            segments: [],
            risk: 0,
            posture: {
              collectedAt: new Date(nowMs - device.reportedMinutesAgo * 60_000).toISOString(),
              facts: {
                platform: 'linux',
                os: 'debian',
                osVersion: '13',
                kernel: '6',
                firewall: 'on',
                diskEncryption: device.diskEncryption,
                screenLock: device.screenLock,
                processes: {},
                files: {},
              },
            },
          },
    http:
      request.path === undefined
        ? null
        : { method: request.method ?? 'GET', host: 'thing.example', path: request.path },
    destination: null,
    gateway: null,
  };
  return {
    object: action === 'forward' ? site : resource,
    action,
    facts,
    circumstances: (by) => ({ ...circumstances, by }),
  };
}
