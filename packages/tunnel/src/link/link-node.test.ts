/** The same links where our own sockets, and with them OpenSSL's functions, cannot be had. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sharedReadiness } from '../sockets/readiness.ts';

process.env.ZERONAUT_SOCKETS = 'node';

test("Node's sockets are in use", () => {
  assert.equal(sharedReadiness(), null);
});

await import('./link.test.ts');
