import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createId, NO_LIMITS, type Resource, resource, resourceInput, resourceInputOf } from '@zeronaut/model';
import { fitting, NEW_RESOURCE, newResource } from './resource-values.ts';

test('what the API shows goes back to it unchanged, but for what is never shown', () => {
  const shown: Resource = resource.parse({
    ...{ id: createId('resource'), organizationId: createId('organization'), name: 'app', origin: 'declared' },
    ...{ protocol: 'http', domains: ['app.example.com'], port: null, proxyProtocol: 'v2', segments: ['prod'] },
    access: { allow: ['group:dev'], basic: [{ username: 'ci', passwordHash: '$argon2id$redacted' }] },
    targets: [
      {
        ...{ id: createId('target'), address: '10.0.0.1:443', deviceId: 'dev_1', protocol: 'https', weight: 3 },
        ...{ tlsVerify: false, tlsServerName: 'inside.example.com', healthCheck: {} },
      },
    ].map((one) => ({
      ...one,
      healthCheck: {
        ...{ path: '/up', intervalMs: 1000, timeoutMs: 500, healthyAfter: 1, unhealthyAfter: 3 },
        expectStatus: { from: 200, to: 204 },
      },
    })),
    headers: {
      host: 'inside.example.com',
      request: [{ action: 'set', name: 'X-Api-Key', value: null, secret: true }],
      response: [{ action: 'remove', name: 'Server', value: null }],
    },
    limits: { concurrent: 3, bodyBytes: 4_096, rate: { requests: 5, perSeconds: 10 } },
    balancing: 'source',
    ...{ deviceId: null, enabled: false, version: 4 },
    ...{ createdAt: '2026-01-01T00:00:00.000Z', updatedAt: '2026-01-01T00:00:00.000Z' },
  });
  const input = resourceInput.parse(fitting(resourceInputOf(shown)));
  assert.equal(input.enabled, false);
  assert.deepEqual(input.access.basic, [{ username: 'ci' }], 'the password stays what it is');
  const [{ id: _, deviceId, ...target }] = shown.targets as [Resource['targets'][number]];
  assert.deepEqual(input.targets, [{ ...target, agent: deviceId }]);
  assert.deepEqual(input.headers, shown.headers, 'the secret stays what it is');
  assert.deepEqual([input.limits, input.balancing], [shown.limits, 'source']);
});

test('a changed protocol takes along nothing of the one before', () => {
  const headers = { host: 'a.internal', request: [], response: [] };
  const http = {
    ...NEW_RESOURCE,
    name: 'db',
    domains: ['a.example.com'],
    headers,
    limits: { ...NO_LIMITS, bodyBytes: 5 },
  };
  const [target] = http.targets as [(typeof http.targets)[number]];
  const tcp = fitting({
    ...http,
    protocol: 'tcp',
    port: 5432,
    targets: [{ ...target, address: 'db:5432', protocol: 'https' }],
  });
  assert.deepEqual([tcp.domains, tcp.port, tcp.targets[0]!.protocol], [[], 5432, undefined]);
  assert.deepEqual([tcp.headers.host, tcp.limits.bodyBytes], [null, null]);
  assert.deepEqual(fitting({ ...tcp, protocol: 'http' }).port, null);
});

test('what was discovered behind an agent fills the form in, with sign-in, and the API takes it', () => {
  const agent = createId('device');
  const found = { agent, address: '127.0.0.1:8443', kind: 'https', name: 'node-8443' };
  const values = resourceInput.parse(fitting(newResource(found)));
  const [target] = values.targets;
  assert.deepEqual([values.name, values.protocol, values.access.mode], ['node-8443', 'http', 'login']);
  assert.deepEqual(
    [target!.agent, target!.address, target!.protocol, target!.tlsVerify],
    [agent, '127.0.0.1:8443', 'https', false],
  );
  const raw = newResource({ ...found, kind: 'tcp' });
  assert.deepEqual([raw.protocol, raw.targets[0]!.protocol], ['tcp', 'tcp']);
  assert.deepEqual(newResource({ name: 'without an agent' }), NEW_RESOURCE);
});
