import { type AccessEvent, accessEvent } from '@zeronaut/model';

/** A whole access event, of which a test says what matters to it. */
export function testEvent(parts: Pick<AccessEvent, 'gatewayId' | 'epoch' | 'seq'> & Partial<AccessEvent>): AccessEvent {
  return accessEvent.parse({
    ...{ at: '2026-11-27T08:00:00.000Z', requestId: `req_${parts.seq}`, organizationId: null, resourceId: 'res_1' },
    ...{ protocol: 'http', effect: 'pass', reason: 'access.session', subject: 'usr_1', sourceAddress: '192.0.2.1' },
    ...{ method: 'GET', host: 'app.localhost', path: '/', status: 200, bytesIn: 0, bytesOut: 10, durationMs: 1 },
    ...{ targetId: '', snapshotVersion: 3, ...parts },
  });
}
