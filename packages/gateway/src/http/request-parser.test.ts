import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import type { ParsedRequest } from './parsed-request.ts';
import { headerValue } from './request-head.ts';
import { parseRequestHead } from './request-parser.ts';

function parse(text: string): ParsedRequest {
  const bytes = Buffer.from(text, 'latin1');
  const head = parseRequestHead(bytes, 0, bytes.length);
  assert.ok(head !== null && typeof head !== 'string', `${text}: ${head}`);
  return head;
}

const HEAD =
  'POST /a?b HTTP/1.1\r\nHost: app.test\r\nContent-Length:5\r\nX-A:  one \t\r\nConnection: keep-alive, X-Hop\r\n' +
  'x-hop: gone\r\nCookie: a=b\r\nX-B: \xe4\r\nCookie: c=d\r\nAuthorization: Basic eA==\r\n\r\n';

describe('the request parser', () => {
  it('needs more for every part of a head, and never takes a part for the whole', () => {
    for (let length = 0; length < HEAD.length; length++) {
      assert.equal(parseRequestHead(Buffer.from(HEAD.slice(0, length), 'latin1'), 0, length), null, `${length}`);
    }
    assert.equal(parse(HEAD).end, HEAD.length);
  });

  it('reads a head at any place of a buffer and says where it ends', () => {
    const bytes = Buffer.from(`xxx${HEAD}hello`, 'latin1');
    const head = parseRequestHead(bytes, 3, bytes.length);
    assert.ok(head !== null && typeof head !== 'string');
    assert.equal(head.end, 3 + HEAD.length);
    assert.deepEqual(head.body, { kind: 'length', length: 5 });
  });

  it('lists fields as sent and in lower case, values without surrounding blanks', () => {
    const { headers } = parse(HEAD);
    assert.deepEqual(headers.rawNames[2], 'X-A');
    assert.deepEqual(headers.names[2], 'x-a');
    assert.equal(headerValue(headers, 'x-a'), 'one');
    assert.equal(headerValue(headers, 'x-b'), '\xe4');
    assert.equal(headerValue(headers, 'absent'), null);
    assert.equal(headers.names.length, 9);
  });

  it('copies what travels on and keeps apart what it must write anew', () => {
    const head = parse(HEAD);
    assert.equal(head.forwardable, 'X-A: one\r\nX-B: \xe4\r\n');
    assert.equal(head.cookie, 'a=b; c=d');
    assert.equal(head.authorization, 'Basic eA==');
  });

  it('drops fields that claim to be ours or another hop’s, in every spelling', () => {
    const dropped = [
      'X-Zeronaut-User: root',
      'x-zeronaut-email: a',
      'X_Zeronaut_User: root',
      'x-zeronaut_user: root',
      'X-ZERONAUT-ANYTHING: 1',
      'X-Forwarded-For: 1.2.3.4',
      'X_Forwarded_For: 1.2.3.4',
      'X-Forwarded-User: root',
      'Forwarded: for=1.2.3.4',
      'X-Real-IP: 1.2.3.4',
      'X_Real_Ip: 1.2.3.4',
      'X-Request-Id: 1',
      'Keep-Alive: timeout=5',
      'Proxy-Connection: keep-alive',
      'Proxy-Authorization: Basic x',
      'Proxy: http://evil',
      'HTTP2-Settings: AAMAAABkAAQAAP__',
      'Content_Length: 100',
      'Transfer_Encoding: chunked',
      'TE: gzip',
    ];
    for (const line of dropped) {
      const head = parse(`GET / HTTP/1.1\r\nHost: a.test\r\nA: 1\r\n${line}\r\nB: 2\r\n\r\n`);
      assert.equal(head.forwardable, 'A: 1\r\nB: 2\r\n', line);
      assert.deepEqual(head.body, { kind: 'none' }, line);
    }
  });

  it('keeps fields that only resemble those', () => {
    for (const line of [
      'X-Zeronaut: 1',
      'X-Forwarded: 1',
      'X-Request-Idx: 1',
      'Hosts: 1',
      'Dat: 1',
      'Upgrade-Insecure-Requests: 1',
    ]) {
      assert.equal(parse(`GET / HTTP/1.1\r\nHost: a.test\r\n${line}\r\n\r\n`).forwardable, `${line}\r\n`);
    }
  });

  it('knows when the connection may be kept', () => {
    const cases: readonly [version: string, connection: string, keepAlive: boolean][] = [
      ['1.1', '', true],
      ['1.1', 'Connection: close\r\n', false],
      ['1.1', 'Connection: Keep-Alive\r\nConnection: CLOSE\r\n', false],
      ['1.1', 'Connection: x, close ,y\r\n', false],
      ['1.0', '', false],
      ['1.0', 'Connection: keep-alive\r\n', true],
      ['1.0', 'Connection: keep-alive, close\r\n', false],
    ];
    for (const [version, connection, keepAlive] of cases) {
      const head = parse(`GET / HTTP/${version}\r\nHost: a.test\r\n${connection}\r\n`);
      assert.equal(head.keepAlive, keepAlive, `${version} ${connection}`);
    }
  });

  it('takes an upgrade only when it is asked for properly and carries no further HTTP', () => {
    const cases: readonly [fields: string, upgrade: string | null][] = [
      ['Connection: Upgrade\r\nUpgrade: WebSocket\r\n', 'websocket'],
      ['Connection: keep-alive, upgrade\r\nUpgrade: tcp\r\n', 'tcp'],
      ['Upgrade: websocket\r\n', null],
      ['Connection: Upgrade\r\n', null],
      ['Connection: Upgrade\r\nUpgrade: h2c\r\n', null],
      ['Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n', null],
      ['Connection: Upgrade\r\nUpgrade: HTTP/2.0\r\n', null],
      ['Connection: Upgrade\r\nUpgrade: TLS/1.3\r\n', null],
      ['Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n', null],
      ['Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n', null],
    ];
    for (const [fields, upgrade] of cases) {
      assert.equal(parse(`GET / HTTP/1.1\r\nHost: a.test\r\n${fields}\r\n`).upgrade, upgrade, fields);
    }
    assert.equal(parse('GET / HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n').upgrade, null);
  });

  it('forgives one empty line before the request line, and takes HTTP/1.0 without Host', () => {
    assert.equal(parse('\r\nGET / HTTP/1.1\r\nHost: a.test\r\n\r\n').host, 'a.test');
    assert.equal(parse('GET / HTTP/1.0\r\n\r\n').host, '');
    assert.equal(parse('OPTIONS * HTTP/1.1\r\nHost: a.test\r\n\r\n').target, '*');
  });
});
