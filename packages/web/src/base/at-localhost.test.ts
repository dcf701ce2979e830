import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atLocalhost, isOfThisMachine } from './at-localhost.ts';

test('from an address of this machine, and from nowhere else, one is led to the same page at localhost', () => {
  for (const [href, expected] of [
    ['http://127.0.0.1:8080/my/sign-in?x=1#y', 'http://localhost:8080/my/sign-in?x=1#y'],
    ['http://127.8.0.1/', 'http://localhost/'],
    ['http://[::1]:8080/', 'http://localhost:8080/'],
    ['http://localhost:8080/', null],
    ['https://console.example.com/', null],
    ['https://127.0.0.1.example.com/', null],
    ['http://192.0.2.7:8080/', null],
  ] as const) {
    assert.equal(atLocalhost(href), expected);
  }
});

test('what a machine calls itself is known, and nothing that looks like it', () => {
  for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '[::1]']) assert.ok(isOfThisMachine(host), host);
  for (const host of ['console.example.com', '10.0.0.1', 'localhost.example.com', '127.example.com'])
    assert.ok(!isOfThisMachine(host), host);
});
