import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ServiceView } from '@zeronaut/model';
import { dnsAdvice, portalsOf } from './exposed.ts';

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

it('says where a raw port is opened, unless it is open to everybody', () => {
  const portalUrl = 'https://portal.gw.example.com';
  const gateway = { gatewayId: 'gw_1', name: 'edge', baseDomain: 'gw.example.com', address: 'gw.example.com:8444' };
  const raw = { ...service, protocol: 'tcp' as const, access: { mode: 'login' } } as ServiceView;
  const gateways = [{ ...gateway, portalUrl }, { ...gateway, portalUrl }, gateway];
  assert.deepEqual(portalsOf({ ...raw, gateways }), [portalUrl]);
  assert.deepEqual(portalsOf({ ...raw, gateways, access: { ...raw.access, mode: 'public' } }), []);
  assert.deepEqual(portalsOf({ ...raw, gateways, protocol: 'http' }), []);
});
