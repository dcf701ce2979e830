import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressesOf } from './resource-addresses.ts';

const gateway = { status: 'active', publicHost: '192.0.2.1', baseDomain: 'base.test', httpsPort: 443 } as const;

test('a resource answers at each gateway that is in use, under all its names or at its port', () => {
  const http = { name: 'shop', port: null, domains: ['shop.example'] };
  const gateways = [
    gateway,
    { ...gateway, baseDomain: 'eu.test', httpsPort: 8443 },
    { ...gateway, status: 'revoked' as const },
  ];
  assert.deepEqual(addressesOf(http, gateways), [
    'https://shop.base.test',
    'https://shop.example',
    'https://shop.eu.test:8443',
    'https://shop.example:8443',
  ]);
  assert.deepEqual(addressesOf({ ...http, port: 20_022 }, [gateway]), ['192.0.2.1:20022']);
  assert.deepEqual(addressesOf(http, []), []);
});
