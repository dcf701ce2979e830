import type { UnnumberedEvent } from '../event-line.ts';

/** A request that found nothing. */
export function sampleEvent(path = '/'): UnnumberedEvent {
  return {
    at: '2026-01-01T00:00:00.000Z',
    requestId: 'req_1',
    organizationId: null,
    resourceId: null,
    protocol: 'http',
    effect: 'deny',
    reason: 'router.no_resource',
    subject: '',
    credentialId: '',
    sourceAddress: '192.0.2.1',
    method: 'GET',
    host: 'app.localhost',
    path,
    status: 404,
    bytesIn: 0,
    bytesOut: 0,
    durationMs: 1,
    targetId: '',
    snapshotVersion: 1,
  };
}
