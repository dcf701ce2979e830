import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { createTestAuthority, temporaryDirectory } from '@zeronaut/testkit';
import { createSigningKey } from '../sync/signing-key.ts';
import { compileTables } from '../tables.ts';
import { formatProblem, gatewayFileJsonSchema, loadConfiguration, parseConfiguration } from './index.ts';
import { standaloneSnapshot } from './standalone.ts';

const directory = temporaryDirectory('config');
const shown = 'gateway.yaml';

async function problemsOf(text: string): Promise<string[]> {
  const loaded = await parseConfiguration(text, shown, join(directory, shown));
  return loaded.ok ? [] : loaded.problems.map(formatProblem);
}

const APP = `version: 1
resources:
  - name: app
    domains: [app.example.com]
    access: public
    targets:
      - address: 127.0.0.1:3000
`;
/** One change to a good file. */
const changed = (from: string, to: string): string => {
  assert.ok(APP.includes(from), from);
  return APP.replace(from, to);
};

before(async () => {
  const authority = await createTestAuthority();
  const one = await authority.server(['a.example.com']);
  const two = await authority.server(['b.example.com']);
  const files: Record<string, string> = {
    'one.pem': one.cert,
    'one.key': one.key,
    'two.key': two.key,
    'public.pem': generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }) as string,
    'short.pem': generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({
      type: 'spki',
      format: 'pem',
    }) as string,
    'x25519.pem': generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'pem' }) as string,
    'text.txt': 'hello',
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
});

test('a good file has no problems', async () => {
  assert.deepEqual(await problemsOf(APP), []);
});

const mistakes: [name: string, text: string, expected: string[]][] = [
  ['an empty file', '', ['1:1: expected a mapping (key: value), got nothing']],
  ['a list', '- a\n', ['1:1: expected a mapping (key: value), got a list']],
  ['another version', changed('version: 1', 'version: 2'), ['1:10: expected 1, got 2']],
  ['an unknown key at the top', `${APP}resource: []\n`, ['8:1: unknown key "resource"']],
  [
    'a misspelt key',
    changed('address: 127', 'addres: 127'),
    ['7:9: "address" is required (text)', '7:9: unknown key "addres"'],
  ],
  ['a key twice', `${APP}version: 1\n`, ['8:1: Map keys must be unique']],
  ['a wrong type', changed('[app.example.com]', 'app.example.com'), ['4:14: expected a list, got "app.example.com"']],
  ['a number as text', `${APP}limits:\n  maxConnections: "5"\n`, ['9:19: expected a number, got "5"']],
  ['a fraction', `${APP}limits:\n  maxConnections: 1.5\n`, ['9:19: expected a whole number, got 1.5']],
  ['too small', `${APP}limits:\n  maxConnections: 0\n`, ['9:19: expected a number of at least 1, got 0']],
  [
    'too large',
    `${APP}limits: {idleTimeoutMs: 99999999}\n`,
    ['8:25: expected a number of at most 3600000, got 99999999'],
  ],
  [
    'another choice',
    changed('name: app', 'protocol: tls\n    name: app'),
    ['3:15: expected "http" or "tcp" or "udp", got "tls"'],
  ],
  [
    'upper case',
    changed('name: app', 'name: App'),
    ['3:11: expected lower-case letters, digits and inner hyphens, got "App"'],
  ],
  [
    'a domain that is none',
    changed('app.example.com', 'app_.example.com'),
    ['4:15: expected a host name such as app.example.com or *.example.com, got "app_.example.com"'],
  ],
  ['no target', changed('\n      - address: 127.0.0.1:3000', ' []'), ['6:14: expected at least 1 entry, got a list']],
  ['a target without a port', changed(':3000', ''), ['7:18: expected host:port or unix:/path']],
  [
    'nothing is public by omission',
    changed('    access: public\n', ''),
    ['3:5: "access" is required ("public", a mapping with "addresses" or a mapping with "verificationKey")'],
  ],
  [
    'another word for access',
    changed('public', 'open'),
    ['5:13: expected "public", a mapping with "addresses" or a mapping with "verificationKey", got "open"'],
  ],
  [
    'another key for access',
    changed('public', '{address: [10.0.0.1]}'),
    [
      '5:13: expected "public", a mapping with "addresses" or a mapping with "verificationKey", got a mapping with "address"',
    ],
  ],
  [
    'a network that is none',
    changed('public', '\n      addresses:\n        - 10.0.0.0/8\n        - 10.0.0.0/33'),
    ['8:11: expected an address or a network such as 192.0.2.0/24'],
  ],
  [
    'a key without audience',
    changed('public', '\n      verificationKey:\n        publicKeyFile: public.pem'),
    ['7:9: "audience" is required (text)'],
  ],
  [
    'two keys',
    changed('public', '{verificationKey: {audience: a, publicKeyFile: public.pem, publicKey: x}}'),
    ['5:31: expected either "publicKey" or "publicKeyFile"'],
  ],
  [
    'a key file that is missing',
    changed('public', '{verificationKey: {audience: a, publicKeyFile: nope.pem}}'),
    ['5:60: expected a readable file, "nope.pem": ENOENT'],
  ],
  [
    'a key that is none',
    changed('public', '{verificationKey: {audience: a, publicKeyFile: text.txt}}'),
    ['5:60: expected a public key in PEM'],
  ],
  [
    'a private key',
    changed('public', '{verificationKey: {audience: a, publicKeyFile: one.key}}'),
    ['5:60: expected a public key, got a private one'],
  ],
  [
    'a short key',
    changed('public', '{verificationKey: {audience: a, publicKeyFile: short.pem}}'),
    ['5:60: expected an RSA key of at least 2048 bits'],
  ],
  [
    'a key of another kind',
    changed('public', '{verificationKey: {audience: a, publicKeyFile: x25519.pem}}'),
    ['5:60: expected an Ed25519, EC or RSA key, got x25519'],
  ],
  [
    'the same name twice',
    `${APP}${APP.slice(APP.indexOf('  - name')).replace('app.', 'other.')}`,
    ['8:11: expected each name once, "app" was used above'],
  ],
  [
    'the same domain twice',
    changed('[app.example.com]', '[app.example.com, app.example.com]'),
    ['4:32: expected each domain once, "app.example.com" was used above'],
  ],
  [
    'an http resource without a domain',
    changed('    domains: [app.example.com]\n', ''),
    ['3:5: an http resource needs at least one entry in "domains"'],
  ],
  [
    'an http resource with a port',
    changed('domains', 'port: 80\n    domains'),
    ['4:11: expected only with protocol tcp or udp'],
  ],
  [
    'a tcp resource without a port',
    changed('domains: [app.example.com]', 'protocol: tcp'),
    ['3:5: a tcp resource needs a "port"'],
  ],
  [
    'a tcp resource with a domain',
    changed('domains', 'protocol: tcp\n    port: 22\n    domains'),
    ['6:14: expected only with protocol http'],
  ],
  [
    'a bearer token on a raw port',
    changed(
      'domains: [app.example.com]\n    access: public',
      'protocol: tcp\n    port: 22\n    access: {verificationKey: {audience: a, publicKeyFile: public.pem}}',
    ),
    ['6:13: expected "public" or "addresses": a raw port has no bearer token'],
  ],
  [
    'a udp target on a Unix socket',
    changed('domains: [app.example.com]', 'protocol: udp\n    port: 53').replace('127.0.0.1:3000', 'unix:/run/x'),
    ['8:18: expected host:port, a UDP target cannot be a Unix socket'],
  ],
  [
    'an https target behind tcp',
    changed('domains: [app.example.com]', 'protocol: tcp\n    port: 22').replace(
      '- address',
      '- protocol: https\n        address',
    ),
    ['8:19: expected tcp behind a resource of protocol tcp'],
  ],
  [
    'a listener twice',
    `${APP}listeners:\n  - {address: "127.0.0.1:80", protocol: http}\n  - {address: "127.0.0.1:80", protocol: https}\n`,
    ['10:15: expected each address once, "127.0.0.1:80" was used above'],
  ],
  [
    'a port beyond the last',
    `${APP}listeners: [{address: "127.0.0.1:65536", protocol: http}]\n`,
    ['8:23: expected a port of at most 65535, got 65536'],
  ],
  [
    'management where visitors come',
    `${APP}listeners: [{address: "127.0.0.1:9090", protocol: http}]\n`,
    ['1:1: expected each address once, "127.0.0.1:9090" was used above'],
  ],
  [
    'a redirect on https',
    `${APP}listeners: [{address: "127.0.0.1:443", protocol: https, redirectToHttps: true}]\n`,
    ['8:74: expected only on a listener of protocol http'],
  ],
  [
    'a certificate file that is missing',
    `${APP}certificates: [{hosts: [a.example.com], certificateFile: nope, keyFile: one.key}]\n`,
    ['8:58: expected a readable file, "nope": ENOENT'],
  ],
  [
    'a key of another certificate',
    `${APP}certificates: [{hosts: [a.example.com], certificateFile: one.pem, keyFile: two.key}]\n`,
    ['8:76: expected the key of this certificate'],
  ],
  [
    'a certificate that is none',
    `${APP}certificates: [{hosts: [a.example.com], certificateFile: text.txt, keyFile: one.key}]\n`,
    ['8:58: expected a certificate in PEM'],
  ],
  [
    'resources beside a console',
    `${APP}console: {url: "https://console.example.com", baseDomain: example.com}\n`,
    ['3:3: expected with a console, resources are declared there'],
  ],
  [
    'a console that is no URL',
    'version: 1\nconsole: {url: example.com, baseDomain: example.com}\n',
    ['2:16: expected a valid url, got "example.com"'],
  ],
  [
    'broken YAML',
    'version: 1\nlisteners: [\n',
    ['3:1: Flow sequence in block collection must be sufficiently indented and end with a ]'],
  ],
  ['a tab', 'version: 1\n\tlisteners: []\n', ['2:1: Tabs are not allowed as indentation']],
  [
    'two documents',
    `${APP}---\nversion: 1\n`,
    ['8:1: Source contains multiple documents; please use YAML.parseAllDocuments()'],
  ],
  ['a foreign tag', 'version: !!js/function 1\n', ['1:10: Unresolved tag: tag:yaml.org,2002:js/function']],
  ['an unknown alias', 'version: *v\n', ['1:10: Unresolved alias (the anchor must be set before the alias): v']],
  [
    'a bomb of aliases',
    `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [${Array(9).fill('*a')}]\nc: &c [${Array(9).fill('*b')}]\nd: &d [${Array(9).fill('*c')}]\ne: [${Array(9).fill('*d')}]\n`,
    ['1:1: Excessive alias count indicates a resource exhaustion attack'],
  ],
];
for (const [name, text, expected] of mistakes) {
  test(`a mistake is reported where it is: ${name}`, async () => {
    assert.deepEqual(
      await problemsOf(text),
      expected.map((line) => `${shown}:${line}`),
    );
  });
}

test('a mistake behind an alias is reported at what it stands for', async () => {
  const text = changed('- address: 127.0.0.1:3000', '- &t {address: nowhere}\n      - *t');
  assert.deepEqual(await problemsOf(text), [
    `${shown}:7:22: expected host:port or unix:/path`,
    `${shown}:7:22: expected host:port or unix:/path`,
  ]);
});

test('a file that is missing or too large is a problem of the file', async () => {
  const big = join(directory, 'big.yaml');
  writeFileSync(big, '#'.repeat(4 * 1024 * 1024 + 1));
  for (const [path, message] of [
    [join(directory, 'none.yaml'), 'cannot be read: ENOENT'],
    [big, 'expected at most 4194304 bytes, got 4194305'],
  ] as const) {
    const loaded = await loadConfiguration(path);
    assert.ok(!loaded.ok);
    assert.deepEqual(loaded.problems.map(formatProblem), [`${path}:1:1: ${message}`]);
  }
});

test('what is read is named, so that its change can be noticed', async () => {
  const text = `${APP}certificates: [{hosts: [a.example.com], certificateFile: one.pem, keyFile: one.key}]\n`;
  const loaded = await parseConfiguration(text, shown, join(directory, shown));
  assert.ok(loaded.ok);
  assert.deepEqual(
    [...loaded.configuration.sources.keys()],
    [shown, 'one.pem', 'one.key'].map((name) => join(directory, name)),
  );
});

test('ids follow from names: a reload keeps them, whatever else changes', async () => {
  const signingKey = createSigningKey().publicJwk;
  const snapshotOf = async (text: string, version: number) => {
    const loaded = await parseConfiguration(text, shown, join(directory, shown));
    assert.ok(loaded.ok, JSON.stringify(loaded));
    const snapshot = standaloneSnapshot(loaded.configuration, { version, signingKey });
    compileTables(snapshot);
    return snapshot;
  };
  const more = APP.replace(
    'resources:\n',
    'resources:\n  - {name: first, domains: [first.example.com], access: public, targets: [{address: "127.0.0.1:1"}]}\n',
  );
  const [one] = (await snapshotOf(APP, 1)).resources;
  const [other, same] = (await snapshotOf(more.replace('app.example.com', 'new.example.com'), 2)).resources;
  assert.equal(same!.id, one!.id);
  assert.deepEqual(same!.targets, one!.targets);
  assert.notEqual(other!.id, one!.id);
  assert.deepEqual(same!.hosts, ['new.example.com']);
});

test('access of a file opens what it names and nothing else', async () => {
  const rule = async (access: string) => {
    const loaded = await parseConfiguration(changed('public', access), shown, join(directory, shown));
    assert.ok(loaded.ok, JSON.stringify(loaded));
    return standaloneSnapshot(loaded.configuration, { version: 1, signingKey: createSigningKey().publicJwk })
      .resources[0]!.access;
  };
  const closed = { mode: 'login', allow: [], addresses: [], basic: [], tokens: null };
  assert.deepEqual(await rule('public'), { ...closed, mode: 'public' });
  assert.deepEqual(await rule('{addresses: [10.0.0.0/8]}'), { ...closed, addresses: ['10.0.0.0/8'] });
  const { tokens, ...rest } = await rule('{verificationKey: {audience: me, issuer: you, publicKeyFile: public.pem}}');
  assert.deepEqual({ ...rest, tokens: null }, closed);
  assert.equal(tokens?.audience, 'me');
  assert.equal(tokens?.issuer, 'you');
  assert.equal(tokens?.keys[0]?.crv, 'Ed25519');
});

test('the published schema is up to date', () => {
  const path = new URL('../../../../docs/gateway.schema.json', import.meta.url);
  assert.equal(
    readFileSync(path, 'utf8'),
    gatewayFileJsonSchema(),
    'run node packages/gateway/src/config/write-schema.ts',
  );
});
