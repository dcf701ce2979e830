import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pagesUrl } from './pages-url.ts';

test('people are led to a name, which a passkey can belong to', () => {
  for (const [publicUrl, expected] of [
    ['http://127.0.0.1:8080', 'http://localhost:8080'],
    ['http://[::1]:8080', 'http://localhost:8080'],
    ['https://console.example.com', 'https://console.example.com'],
    ['https://example.com/zeronaut', 'https://example.com/zeronaut'],
    ['http://192.0.2.7:8080', 'http://192.0.2.7:8080'],
  ] as const) {
    const settings = { publicUrl: () => publicUrl, syncAddress: () => '' };
    assert.equal(pagesUrl({ settings }), expected);
  }
});
