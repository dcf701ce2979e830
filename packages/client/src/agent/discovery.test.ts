import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { DiscoveredService } from '@zeronaut/model';
import { publishedHere } from './discovery.ts';

it('serves of what the console publishes only loopback ports that were found here', () => {
  const service: DiscoveredService = {
    ...{ port: 3000, scope: 'loopback', address: '127.0.0.1:3000', process: 'node', guess: 'http' },
  };
  const wanted = (address: string, protocol: 'tcp' | 'udp' = 'tcp') => ({
    ...{ resourceId: address, name: 'app', address, protocol },
  });
  const served = publishedHere(
    [
      ...[wanted('127.0.0.1:3000'), wanted('localhost:3000'), wanted('[::1]:3000')],
      // Not found, another machine, another machine by a trick, another protocol, a socket of a file.
      ...[
        wanted('127.0.0.1:22'),
        wanted('10.0.0.1:3000'),
        wanted('127.0.0.1.example.com:3000'),
        wanted('localhost:3000', 'udp'),
      ],
      ...[wanted('unix:/run/docker.sock'), wanted('127.0.0.2:3000')],
    ],
    [service],
  );
  assert.deepEqual([...served.keys()], ['127.0.0.1:3000', 'localhost:3000', '[::1]:3000']);
  assert.equal(publishedHere([wanted('127.0.0.1:3000')], []).size, 0);
});
