import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ParsedResponse, parseResponseHead } from './response-parser.ts';

function parse(head: string): ParsedResponse {
  const bytes = Buffer.from(`${head}\r\n\r\n`, 'latin1');
  const response = parseResponseHead(bytes, 0, bytes.length);
  assert.ok(response !== null && response !== 'malformed', head);
  return response;
}

test('an answer without a body announces none', () => {
  for (const status of ['101 Switching', '103 Early Hints', '204 No Content']) {
    const response = parse(`HTTP/1.1 ${status}\r\nLink: a\r\nContent-Length: 40\r\nX-B: c`);
    assert.equal(response.forwardable, 'Link: a\r\nX-B: c\r\n', status);
    assert.equal(parse(`HTTP/1.1 ${status}\r\nContent-Length: 40`).forwardable, '', status);
  }
});

test('a length says how long a body is, or would be', () => {
  for (const status of ['200 OK', '304 Not Modified']) {
    const response = parse(`HTTP/1.1 ${status}\r\nContent-Length: 40`);
    assert.equal(response.forwardable, 'Content-Length: 40\r\n', status);
    assert.equal(response.contentLength, 40);
  }
});
