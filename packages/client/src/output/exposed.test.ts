import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ServiceView } from '@zeronaut/model';
import { dnsAdvice } from './exposed.ts';

const service = { protocol: 'http', urls: ['https://shop.localhost:8443'], dns: [] as string[] } as ServiceView;

it('says what a real base domain would need while names end in localhost', () => {
  assert.match(dnsAdvice(service).join('\n'), /\*\.example\.com {2}A {2}<gateway address>/);
});

it('says the records of a real base domain, and none for raw ports or before there is a gateway', () => {
  const record = '*.gw.example.com. 300 IN A 192.0.2.1';
  assert.deepEqual(dnsAdvice({ ...service, dns: [record] }), [record]);
  assert.deepEqual(dnsAdvice({ ...service, protocol: 'tcp', urls: ['localhost:20000'] }), []);
  assert.deepEqual(dnsAdvice({ ...service, urls: [] }), []);
});
