import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerRulesInput, isSecretHeaderName } from './header-rules.ts';

const set = (name: string, value = 'x') => ({ action: 'set', name, value });
const takes = (rules: object) => headerRulesInput.safeParse(rules).success;

test('no rule speaks of what framing, the connection or identity rest on, in any spelling', () => {
  const ours = [
    ...[
      'Host',
      'connection',
      'Content-Length',
      'Transfer_Encoding',
      'TE',
      'Trailer',
      'Upgrade',
      'Keep-Alive',
      'Expect',
    ],
    ...['Proxy', 'Proxy-Authorization', 'HTTP2-Settings', 'Content-Encoding', 'X-Request-Id', 'X.Zeronaut-User'],
    ...['x_zeronaut_anything', 'Sec-WebSocket-Accept'],
  ];
  for (const name of ours) {
    for (const side of ['request', 'response']) {
      assert.ok(!takes({ [side]: [set(name)] }), `${side} ${name}`);
      assert.ok(!takes({ [side]: [{ action: 'remove', name }] }), `${side} without ${name}`);
    }
  }
  for (const name of ['Forwarded', 'X-Forwarded-For', 'X_Forwarded_Proto', 'X-Real-IP']) {
    assert.ok(!takes({ request: [set(name)] }), name);
  }
  assert.ok(!takes({ response: [set('Date')] }));
  assert.ok(takes({ request: [set('X-Forwarded-Prefix', '/app'), set('Authorization')], response: [set('Server')] }));
});

test('nothing in a rule can end its line or begin another one', () => {
  for (const value of ['a\r\nb: c', 'a\nb', 'a\u0000', ' a', 'a ', '', 'ä', 'a\tb', '\u007f']) {
    assert.ok(!takes({ response: [set('X-A', value)] }), JSON.stringify(value));
  }
  for (const name of ['', 'X A', 'X:A', 'X\r\nA', 'Ä', 'x'.repeat(65)]) {
    assert.ok(!takes({ response: [set(name)] }), JSON.stringify(name));
  }
  for (const host of ['a b', 'a\r\nb', 'A.example', 'a/b', 'a:b', '', '@a', 'a:1:2']) assert.ok(!takes({ host }), host);
  for (const host of ['app.internal', 'app.internal:8080', '10.0.0.1', '[::1]:80', null]) assert.ok(takes({ host }));
});

test('rules that contradict each other, say nothing, or do not fit are refused where they stand', () => {
  const cases: [object, (string | number)[]][] = [
    [{ request: [set('X-A'), set('x_a')] }, ['request', 1, 'name']],
    [
      {
        response: [
          { action: 'remove', name: 'X-A' },
          { action: 'add', name: 'X-A', value: 'x' },
        ],
      },
      ['response', 1, 'name'],
    ],
    [{ response: [{ action: 'set', name: 'X-A' }] }, ['response', 0, 'value']],
    [{ request: [{ action: 'add', name: 'X-A' }] }, ['request', 0, 'value']],
    [{ response: [{ action: 'remove', name: 'X-A', value: 'x' }] }, ['response', 0, 'value']],
    [{ request: [{ action: 'add', name: 'Cookie', value: 'a=b' }] }, ['request', 0, 'action']],
    [{ response: [set('Set-Cookie', '__Host-zn_session=x')] }, ['response', 0, 'value']],
    [{ request: [set('Cookie', 'a=b; __HOST-zn_portal=x')] }, ['request', 0, 'value']],
    [{ response: [set('X-A', 'x'.repeat(4096)), set('X-B', 'x'.repeat(4096))] }, ['response', 1, 'value']],
    [{ response: Array.from({ length: 51 }, (_, i) => set(`X-${i}`)) }, ['response']],
  ];
  for (const [rules, path] of cases) {
    assert.deepEqual(
      headerRulesInput.safeParse(rules).error?.issues[0]?.path,
      path,
      JSON.stringify(rules).slice(0, 120),
    );
  }
  const twice = [set('X-A'), { action: 'add', name: 'X-A', value: 'y' }, { action: 'add', name: 'X-A', value: 'z' }];
  assert.ok(takes({ request: twice, response: twice }));
});

test('a secret may come without its value, and names that sound like one are secrets', () => {
  for (const name of ['Authorization', 'X-Api-Key', 'X_Auth_Token', 'Cookie', 'X-Client-Secret']) {
    assert.ok(isSecretHeaderName(name), name);
    assert.ok(takes({ request: [{ action: 'set', name }] }), name);
    assert.ok(!takes({ request: [{ action: 'set', name, secret: false }] }), name);
  }
  assert.ok(!isSecretHeaderName('X-Environment'));
  assert.ok(takes({ request: [{ action: 'set', name: 'X-Environment', secret: true }] }));
});
