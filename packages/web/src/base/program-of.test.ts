import assert from 'node:assert/strict';
import { test } from 'node:test';
import { programOf } from './program-of.ts';

test('a User-Agent in words of people, and nothing for what says nothing', () => {
  const chrome =
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
  const cases: readonly (readonly [string, string | null])[] = [
    [chrome, 'Chrome, Linux'],
    [`${chrome} Edg/140.0`, 'Edge, Linux'],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605.1.15', 'Safari, macOS'],
    ['Mozilla/5.0 (Linux; Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0', 'Firefox, Android'],
    ['zeronaut/0.1.0', 'zeronaut'],
    ['', null],
    ['<img src=x onerror=alert(1)>', null],
  ];
  for (const [userAgent, expected] of cases) assert.equal(programOf(userAgent), expected, userAgent);
});
