import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { parseRequestHead } from './request-parser.ts';
import { parseAuthority } from './request-target.ts';

function parse(target: string, host = 'Host: app.test') {
  const bytes = Buffer.from(`GET ${target} HTTP/1.1\r\n${host}\r\n\r\n`, 'latin1');
  return parseRequestHead(bytes, 0, bytes.length);
}

describe('request targets', () => {
  it('are normalised once, and what is forwarded is what was decided on', () => {
    const cases: readonly [sent: string, forwarded: string, path: string][] = [
      ['/', '/', '/'],
      ['/a/b', '/a/b', '/a/b'],
      ['/a?b=c', '/a?b=c', '/a'],
      ['/a?', '/a?', '/a'],
      ['/a/./b', '/a/b', '/a/b'],
      ['/a/../b', '/b', '/b'],
      ['/a/..', '/', '/'],
      ['/a/.', '/a/', '/a/'],
      ['/../../etc/passwd', '/etc/passwd', '/etc/passwd'],
      ['/%2e%2e/%2E/x', '/x', '/x'],
      ['/a/%2e%2e/b?q=%2e%2e', '/b?q=%2e%2e', '/b'],
      ['/%7Euser/%61', '/~user/a', '/~user/a'],
      ['/%2ezeronaut/x', '/.zeronaut/x', '/.zeronaut/x'],
      ['/.%7aeronaut/x', '/.zeronaut/x', '/.zeronaut/x'],
      ['/a%2fb', '/a%2Fb', '/a%2Fb'],
      ['/@scope%2fpackage', '/@scope%2Fpackage', '/@scope%2Fpackage'],
      ['/a%20b%c3%a4', '/a%20b%C3%A4', '/a%20b%C3%A4'],
      ['/...', '/...', '/...'],
      ['/.well-known/x', '/.well-known/x', '/.well-known/x'],
      ['/a.b/..c/d..', '/a.b/..c/d..', '/a.b/..c/d..'],
      ['//a//b/', '//a//b/', '//a//b/'],
      ['/a;v=1/b', '/a;v=1/b', '/a;v=1/b'],
      ['/?a=/../b', '/?a=/../b', '/'],
      ['/?a={b}|"c"\\<d>`^', '/?a={b}|"c"\\<d>`^', '/'],
      ['http://app.test/a/../b?c', '/b?c', '/b'],
      ['HTTP://APP.test', '/', '/'],
      ['https://app.test?x', '/?x', '/'],
    ];
    for (const [sent, forwarded, path] of cases) {
      const head = parse(sent);
      assert.ok(head !== null && typeof head !== 'string', `${sent}: ${head}`);
      assert.deepEqual([head.target, head.path], [forwarded, path], sent);
      assert.equal(
        head.target,
        head.query === '' && !forwarded.endsWith('?') ? head.path : `${head.path}?${head.query}`,
      );
    }
  });

  it('normalising twice changes nothing', () => {
    for (const sent of ['/%252e%252e/x', '/a/%2e%2e/%2e/b', '/%25%32%65', '/a%2f%61']) {
      const once = parse(sent);
      assert.ok(once !== null && typeof once !== 'string');
      const twice = parse(once.target);
      assert.ok(twice !== null && typeof twice !== 'string');
      assert.equal(twice.target, once.target, sent);
    }
  });

  it('Host is lower case, without port and trailing dot; the authority stays as sent', () => {
    const cases: readonly [sent: string, host: string][] = [
      ['App.Test', 'app.test'],
      ['app.test:8443', 'app.test'],
      ['app.test.', 'app.test'],
      ['app.test.:80', 'app.test'],
      ['127.0.0.1:1', '127.0.0.1'],
      ['[::1]:443', '::1'],
      ['[2001:DB8::1]', '2001:db8::1'],
      ['my_app.test', 'my_app.test'],
      ['xn--bcher-kva.test', 'xn--bcher-kva.test'],
    ];
    for (const [sent, host] of cases) {
      const head = parse('/', `Host: ${sent}`);
      assert.ok(head !== null && typeof head !== 'string', sent);
      assert.deepEqual([head.host, head.authority], [host, sent]);
    }
  });

  it('authorities that are none are nothing', () => {
    for (const text of [
      '',
      ':80',
      'a b',
      'a@b',
      'a/b',
      '[]',
      '[::',
      '[::1]x',
      '[g::]',
      '[1.2.3.4]',
      'a:b',
      'a:99999',
      '..',
      'a..b',
    ]) {
      assert.equal(parseAuthority(text), null, text);
    }
  });
});
