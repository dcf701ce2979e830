import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GrowingTree } from '@zeronaut/audit';
import { seededRandom } from '@zeronaut/testkit';
import { formatCef } from './cef.ts';
import { type EntryRecord, testRecord } from './export-records.ts';
import { formatSyslog, frame } from './syslog.ts';

const checkpoint = {
  origin: 'o',
  size: 7,
  root: new GrowingTree().root(),
  head: 'A'.repeat(43),
  at: '2026-01-01T00:00:00.000Z',
};

/** As a receiver reads it (CEF 0): seven header fields between unescaped pipes, then names and values. */
function parseCef(line: string): { header: string[]; fields: Map<string, string> } {
  const header: string[] = [];
  let [at, field] = [0, ''];
  for (; header.length < 7; at++) {
    if (line[at] === '\\') field += line[++at];
    else if (line[at] === '|') {
      header.push(field);
      field = '';
    } else field += line[at];
  }
  const fields = new Map<string, string>();
  const rest = line.slice(at);
  const names = [...rest.matchAll(/(?:^| )([A-Za-z0-9]+)(?<!\\)=/g)];
  for (const [index, match] of names.entries()) {
    const from = match.index + match[0].length;
    const raw = rest.slice(from, names[index + 1]?.index ?? rest.length);
    const value = raw.replaceAll(/\\(.)/gs, (_, character) => ({ n: '\n', r: '\r' })[character as string] ?? character);
    assert(!fields.has(match[1]!), `${match[1]} twice in ${line}`);
    fields.set(match[1]!, value);
  }
  return { header, fields };
}

function recordWith(change: { name?: string; action?: string; objectId?: string; body?: string }): EntryRecord {
  const record = testRecord('org_1', checkpoint, 0);
  const { name = 'ann', action = 'user.create', objectId = 'usr_1', body = '{}' } = change;
  return { ...record, body, entry: { ...record.entry, action, objectId, actor: { ...record.entry.actor, name } } };
}

test('what an entry holds stays in its field, whatever it is', () => {
  const hostile = [
    'a|b|c',
    'x suser=root act=nothing',
    'x\\=y\\',
    'line\nCEF:0|Evil|Evil|1|1|1|10|src=1.2.3.4',
    'line\r\n<110>1 - - - - - -',
    '\\n\\r\\\\',
    ' spaces ',
    'é 漢 🦀 \u2028',
    '\ud800',
    'tab\tnul\0del\x7fc1\x9b',
  ];
  const random = seededRandom(7);
  const alphabet = ['|', '\\', '=', '\n', '\r', ' ', 'a', 'suser=', 'é', '\0'];
  for (let index = 0; index < 2_000; index++) {
    hostile.push(Array.from({ length: 12 }, () => random.pick(alphabet)).join(''));
  }
  const shown = (text: string) =>
    text.toWellFormed().replaceAll(/[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029]/g, '\ufffd');
  for (const text of hostile) {
    const line = formatCef(recordWith({ name: text, objectId: text, action: text, body: JSON.stringify({ text }) }));
    assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
    const { header, fields } = parseCef(line);
    assert.deepEqual([header[0], header[1], header[2]], ['CEF:0', 'Zeronaut', 'Console']);
    assert.equal(fields.get('suser'), text === '' ? undefined : shown(text));
    assert.equal(fields.get('cs4'), shown(`audit_export ${text}`.trim()));
    assert.equal(fields.get('suid'), 'console');
    assert.equal(fields.get('src'), undefined);
  }
  const { fields } = parseCef(formatCef(recordWith({ body: '{"a":"b=c|d\\\\e\\n"}' })));
  assert.equal(fields.get('zeronautEntry'), '{"a":"b=c|d\\\\e\\n"}', 'what was hashed arrives as it was hashed');
});

test('a class of access decisions says who decided, in fields of their own', () => {
  const record = recordWith({ action: 'access.deny' });
  const decided = (more: object) => {
    const after = {
      ...{ subject: 'usr_1', reason: 'access.policy_forbids', snapshotVersion: 3, count: 2 },
      ...{ from: 'x', to: 'y', ...more },
    };
    const { fields } = parseCef(formatCef({ ...record, entry: { ...record.entry, after } }));
    return ['reason', 'zeronautDecidedBy', 'zeronautPolicies', 'zeronautPolicyIds'].map((name) => fields.get(name));
  };
  const policies = [
    { id: 'pol_1', name: 'office-hours' },
    { id: 'pol_2', name: '' },
  ];
  assert.deepEqual(decided({ decidedBy: 'policies', policies, morePolicies: 3 }), [
    'access.policy_forbids',
    'policies',
    'office-hours, pol_2, +3',
    'pol_1 pol_2',
  ]);
  assert.deepEqual(decided({ decidedBy: 'rule' }), ['access.policy_forbids', 'rule', undefined, undefined]);
  assert.deepEqual(decided({}), [undefined, undefined, undefined, undefined], 'of before it was noted');
});

test('addresses go where their family belongs, and long bodies stay at home', () => {
  const at = (address: string) => {
    const record = recordWith({});
    const { fields } = parseCef(
      formatCef({ ...record, entry: { ...record.entry, actor: { ...record.entry.actor, address } } }),
    );
    return [fields.get('src'), fields.get('c6a2')];
  };
  assert.deepEqual(at('192.0.2.7'), ['192.0.2.7', undefined]);
  assert.deepEqual(at('2001:db8::7'), [undefined, '2001:db8::7']);
  assert.deepEqual(at('nonsense src=1.1.1.1'), [undefined, undefined]);
  const { fields } = parseCef(formatCef(recordWith({ body: 'x'.repeat(70_000) })));
  assert.deepEqual([fields.get('zeronautEntry'), fields.get('zeronautEntryCharacters')], [undefined, '70000']);
});

test('a syslog message is one frame of the length that it says, in bytes', () => {
  const message = formatSyslog(recordWith({ name: 'é\n漢' }), 'console.example.com');
  assert.match(message, /^<110>1 1970-01-01T00:00:00\.000Z console\.example\.com zeronaut - audit - CEF:0\|/);
  const bytes = frame(message);
  const space = bytes.indexOf(0x20);
  assert.equal(Number(bytes.subarray(0, space)), bytes.length - space - 1);
  assert.equal(bytes.subarray(space + 1).toString(), message);
  assert.match(formatSyslog(recordWith({}), 'a b\nc'), /Z abc zeronaut /);
});
