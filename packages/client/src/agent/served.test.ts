import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { OpenFromGateway } from '@zeronaut/model';
import { Served } from './served.ts';

const MINE = 'res_mine';
const OTHER = 'res_other';
const SITE = 'site_mine';
const served = new Served(
  new Map([
    [MINE, [{ address: 'localhost:3000', protocol: 'tcp' as const }]],
    [OTHER, [{ address: 'unix:/run/app.sock', protocol: 'tcp' as const }]],
  ]),
  new Map([[SITE, ['db.corp:5432', '*.web.corp:*', '10.1.0.0/16:22']]]),
);

describe('an agent dials', () => {
  const cases: [string, OpenFromGateway, boolean][] = [
    ['its own expose', target(MINE, 'localhost:3000'), true],
    ['its own unix socket', target(OTHER, 'unix:/run/app.sock'), true],
    ['not the address of another expose', target(MINE, 'unix:/run/app.sock'), false],
    ['not another port', target(MINE, 'localhost:22'), false],
    ['not another spelling of the host', target(MINE, '127.0.0.1:3000'), false],
    ['not the cloud metadata service', target(MINE, '169.254.169.254:80'), false],
    ['not udp where tcp is exposed', target(MINE, 'localhost:3000', 'udp'), false],
    ['nothing for an unknown resource', target('res_none', 'localhost:3000'), false],
    ['a destination of its site', site('db.corp:5432'), true],
    ['names below a suffix', site('a.web.corp:8080'), true],
    ['addresses of a network', site('10.1.2.3:22'), true],
    ['not another port of a destination', site('db.corp:22'), false],
    ['not outside the network', site('10.2.0.1:22'), false],
    ['not the suffix itself', site('web.corp:80'), false],
    ['not loopback because of a site', site('127.0.0.1:22'), false],
    ['nothing for an unknown site', { ...site('db.corp:5432'), siteId: 'site_none' } as OpenFromGateway, false],
  ];
  for (const [name, open, allowed] of cases) {
    it(name, () => assert.equal(served.match(open) !== null, allowed));
  }
});

function target(resourceId: string, address: string, protocol: 'tcp' | 'udp' = 'tcp'): OpenFromGateway {
  return { kind: 'target', resourceId, address, protocol, source: '192.0.2.1:40000' };
}

function site(destination: string): OpenFromGateway {
  return { kind: 'site', siteId: SITE, destination, protocol: 'tcp', source: 'usr_ann' };
}
