import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { gatewayFile, IDENTITY_PROVIDER_PRESETS, resourcesFile } from '@zeronaut/model';
import { temporaryDirectory } from '@zeronaut/testkit';
import type { Command } from 'commander';
import { PRESET_NAMES } from './commands/idp.ts';
import { commandList } from './completion/command-list.ts';
import { fileSchemas } from './config/file-schemas.ts';
import { parseYaml } from './config/yaml-file.ts';
import { main } from './main.ts';
import { createProgram } from './program.ts';

/** Runs one command line in a home of its own. */
async function run(args: string[], environment: NodeJS.ProcessEnv = {}) {
  const home = environment.ZERONAUT_HOME ?? temporaryDirectory('home');
  const written = { stdout: '', stderr: '' };
  const before = process.env.ZERONAUT_HOME;
  process.env.ZERONAUT_HOME = home;
  try {
    const code = await main(args, {
      stdout: { write: (text: string) => (written.stdout += text) },
      stderr: { write: (text: string) => (written.stderr += text) },
      environment: { ...environment, ZERONAUT_HOME: home },
    });
    return { code, ...written };
  } finally {
    if (before === undefined) delete process.env.ZERONAUT_HOME;
    else process.env.ZERONAUT_HOME = before;
  }
}

/** A console that refuses everything so. */
async function startRefusing(t: TestContext, problem: object) {
  const server = createServer((_request, response) => {
    const said = { type: 'x', title: 'The request is not valid', requestId: 'req_1', ...problem };
    response.writeHead((problem as { status: number }).status).end(JSON.stringify(said));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { ZERONAUT_CONSOLE: `http://127.0.0.1:${port}`, ZERONAUT_TOKEN: 'znk_x' };
}

it('names what the console refuses by the option, argument or line of a file that set it', async (t) => {
  const at = (path: string) => ({ path, message: 'is wrong' });
  const errors = [at('/groups/1'), at('/expiresInSeconds'), at('/email'), at('/role'), at('/other')];
  const environment = await startRefusing(t, { status: 400, reason: 'api.invalid', errors });
  const invited = await run(['users', 'invite', 'a@b.c', '--group', 'x,y', '--ttl', '7d'], environment);
  assert.equal(invited.code, 2);
  assert.deepEqual(invited.stderr.match(/^ {2}.*(?=: is wrong$)/gm), [
    '  --group (entry 2)',
    '  --ttl',
    '  <email>',
    '  --role',
    '  /other',
  ]);

  const file = join(temporaryDirectory('name'), 'resources.yaml');
  writeFileSync(file, 'resources:\n  - name: wiki\n    targets: [{ address: "10.0.0.1:80" }]\n');
  const inFile = await startRefusing(t, { status: 400, reason: 'api.invalid', errors: [at('/resources/0/name')] });
  const applied = await run(['resources', 'apply', '-f', file], inFile);
  assert.ok(applied.stderr.includes(`  ${file}:2:11: resources.0.name: is wrong\n`), applied.stderr);
});

it('keeps the list of commands in docs/ as they are', () => {
  const program = createProgram({ stdout: process.stdout, stderr: process.stderr, environment: {} });
  const published = readFileSync(new URL('../../../docs/commands.md', import.meta.url), 'utf8');
  assert.equal(published, commandList(program), 'run node packages/client/src/completion/write-commands.ts');
});

it('keeps the published schemas of files as they are', () => {
  for (const [name, text] of fileSchemas()) {
    const published = readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');
    assert.equal(published, text, 'run node packages/client/src/config/write-schemas.ts');
  }
});

it('ends with 5 for what is not there, and with 6 for what would be replaced', async () => {
  const file = join(temporaryDirectory('files'), 'there');
  writeFileSync(file, '');
  const environment = { ZERONAUT_CONSOLE: 'http://127.0.0.1:9', ZERONAUT_TOKEN: 'znk_x' };
  for (const [args, code] of [
    [['policy', 'templates', 'nosuch'], 5],
    [['audit', 'export', file], 6],
    [['console', 'backup', file], 6],
    [['idp', 'add', 'corp', '--metadata', '/none'], 5],
    [['idp', 'add', '-f', '/none'], 5],
    [['resources', 'apply', '-f', '/none'], 5],
    [['policy', 'check', '/none'], 5],
    [['audit', 'verify', '/none'], 5],
    [['console', 'restore', '/none'], 5],
  ] as const) {
    const answer = await run([...args], environment);
    assert.equal(answer.code, code, answer.stderr);
    assert.match(answer.stderr, /\n {2}next: .+\n$/);
  }
});

describe('usage errors end with 2, say what is wrong and what to do next', () => {
  const cases: [string[], RegExp][] = [
    [['nonsense'], /unknown command 'nonsense'/],
    [['exposé'], /Did you mean expose/],
    [['expose'], /missing required argument 'target'/],
    [['expose', '3000'], /missing required argument 'protocol'/],
    [['expose', '3000', 'ftp'], /Allowed choices are http, https, tcp, udp/],
    [['expose', '99999', 'http'], /99999 is no target/],
    [['expose', 'localhost', 'http'], /localhost is no target/],
    [['expose', 'unix:relative', 'http'], /expected unix:\/path/],
    [['expose', 'unix:/run/a.sock', 'udp'], /cannot be exposed as udp/],
    [['expose', '3000', 'http', '--port', '80'], /--port is for tcp and udp/],
    [['expose', '22', 'tcp', '--basic', 'a:b'], /--basic is for http/],
    [['expose', '22', 'tcp', '--share', '1h'], /--share is for http/],
    [['expose', '3000', 'http', '--share', 'soon'], /Expected a time such as/],
    [['expose', '3000', 'http', '--public', '--allow', 'a@b.c'], /--public lets everybody in/],
    [['expose', '3000', 'http', '--public', '--allow-ip', '10.0.0.0/8'], /--public lets everybody in/],
    [['expose', '3000', 'http', '--public', '--basic', 'a:b'], /--public lets everybody in/],
    [['expose', '3000', 'http', '--basic', ':b'], /expected user:password/],
    [['expose', '3000', 'http', '--allow', 'a@b.c,,'], /empty entry/],
    [['expose', '53', 'udp', '--proxy-protocol', 'v2'], /--proxy-protocol is for tcp/],
    [['expose', '22', 'tcp', '--port', '70000'], /Expected 1 to 65535/],
    [['forward'], /what is to be forwarded/],
    [['forward', 'a:1', 'b:2', 'c:3'], /pairs/],
    [['forward', 'db.corp', '5432'], /db.corp is no remote address/],
    [['forward', 'db.corp:5432', 'localhost:x'], /localhost:x is no local address/],
    [['forward', '-L', 'a:1=b:2=c:3'], /expected remote=local/],
    [['idp', 'add', 'corp'], /one of --preset, --issuer, --metadata-url/],
    [['idp', 'add', '--preset', 'google', '--client-id', 'x'], /the name is missing/],
    [['idp', 'add', 'corp', '--preset', 'google'], /--client-id is missing/],
    [['idp', 'add', 'corp', '--preset', 'keycloak', '--client-id', 'x'], /keycloak needs --url and --realm/],
    [['idp', 'add', 'Corp', '--issuer', 'https://a.b', '--client-id', 'x'], /<name>: lower-case letters/],
    [['idp', 'add', 'corp', '--issuer', 'https://a.b', '--client-id', 'x', '--map', 'dev'], /expected GROUP=group/],
    [['idp', 'add', 'corp', '--issuer', 'ftp://a.b', '--client-id', 'x'], /--issuer: a URL/],
    [['idp', 'add', 'corp', '--metadata-url', 'ftp://a.b'], /--metadata-url: a URL/],
    [['idp', 'add', 'corp', '--metadata', '/none', '--issuer', 'https://a.b'], /one of --preset/],
    [['idp', 'add', 'corp', '--preset', 'google-saml'], /google-saml needs --metadata\n/],
    [['idp', 'map', 'corp'], /nothing to map/],
    [['idp', 'map', 'corp', 'dev'], /expected GROUP=group/],
    [['login', 'ftp://example.com'], /is no address of a console/],
    [['login'], /which console/],
    [['login', 'http://console.example.com'], /is not encrypted/],
    [['share', 'x', '5 minutes'], /Expected a time such as/],
    [['completion', 'powershell'], /Allowed choices are bash, zsh, fish/],
    [['resources', 'apply'], /required option '-f, --file <path>'/],
    [['gateway', 'run'], /needs --config, or --console and --base-domain/],
    [['gateway', 'run', '--config', 'x.yaml', '--name', 'y'], /--config stands alone/],
    [['start', '--port-range', '300-200'], /must not be above/],
  ];
  for (const [args, expected] of cases) {
    it(args.join(' '), async () => {
      const { code, stdout, stderr } = await run(args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, /^error: /);
      assert.match(stderr, expected);
      assert.match(stderr, /\n {2}next: .+\n$/);
      assert.equal(stdout, '');
    });
  }
});

it('says errors as one JSON object on stderr with --json', async () => {
  const { code, stdout, stderr } = await run(['expose', '99999', 'http', '--json']);
  assert.equal(code, 2);
  assert.equal(stdout, '');
  const { error } = JSON.parse(stderr) as { error: Record<string, unknown> };
  assert.equal(error.reason, 'cli.usage');
  assert.equal(error.exitCode, 2);
  assert.match(String(error.message), /99999/);
});

it('ends with 3 when nobody is signed in', async () => {
  const { code, stderr } = await run(['services', 'list']);
  assert.equal(code, 3);
  assert.match(stderr, /not signed in[\s\S]*zeronaut login/);
});

it('ends with 7 when the console cannot be reached, and leaves no secret in the message', async () => {
  const environment = { ZERONAUT_CONSOLE: 'http://127.0.0.1:9', ZERONAUT_TOKEN: 'znk_very_secret_token' };
  for (const command of [['services', 'list'], ['status'], ['share', 'x'], ['gateway', 'token'], ['sites', 'list']]) {
    const { code, stdout, stderr } = await run(command, environment);
    assert.equal(code, 7, command.join(' '));
    assert.match(stderr, /cannot be reached/);
    assert.doesNotMatch(stdout + stderr, /very_secret/);
  }
});

it('refuses half of the environment', async () => {
  const { code, stderr } = await run(['services'], { ZERONAUT_CONSOLE: 'http://127.0.0.1:9' });
  assert.equal(code, 2);
  assert.match(stderr, /go together/);
});

it('refuses a local credential that others can read', async () => {
  const home = temporaryDirectory('home');
  const path = join(home, 'local-credential.json');
  writeFileSync(path, JSON.stringify({ consoleUrl: 'http://127.0.0.1:9', apiKey: 'znk_0123456789012345678901' }));
  for (const mode of [0o640, 0o604, 0o620, 0o602]) {
    chmodSync(path, mode);
    const { code, stderr } = await run(['services'], { ZERONAUT_HOME: home });
    assert.equal(code, 1);
    assert.match(stderr, /can be read or written by others[\s\S]*chmod 600/);
  }
  chmodSync(path, 0o600);
  assert.equal((await run(['services'], { ZERONAUT_HOME: home })).code, 7);
});

it('names every mistake of a resources file with line and column', async () => {
  const path = join(temporaryDirectory('files'), 'resources.yaml');
  writeFileSync(
    path,
    'resources:\n  - name: Web!\n    targets: [{ address: "10.0.0.1:80" }]\n  - name: db\n    colour: red\n    targets: []\n',
  );
  const { code, stderr } = await run(['resources', 'apply', '-f', path]);
  assert.equal(code, 2);
  assert.match(stderr, /resources\.yaml:2:11: resources\.0\.name: expected lower-case letters/);
  assert.match(stderr, /resources\.yaml:5:5: resources\.1: "colour" is not known here/);
  assert.match(stderr, /resources\.yaml:6:14: resources\.1\.targets: expected at least 1 entries/);
});

it('checks an agent.yaml without running it', async () => {
  const path = join(temporaryDirectory('files'), 'agent.yaml');
  writeFileSync(path, 'exposes:\n  - target: 3000\n    protocol: http\n');
  assert.equal((await run(['agent', 'run', '--config', path, '--check'])).code, 0);
  writeFileSync(path, 'exposes:\n  - target: 3000\n    protocol: http\n    public: true\n    allow: [a@example.com]\n');
  const { code, stderr } = await run(['agent', 'run', '--config', path, '--check']);
  assert.equal(code, 2);
  assert.match(stderr, /exposes\.0 \(3000\): --public lets everybody in/);
});

it('prints no colours where there is no terminal', async () => {
  for (const args of [['--help'], ['expose', '--help'], ['version']]) {
    const { stdout } = await run(args);
    assert.ok(!stdout.includes('\u001b'), args.join(' '));
  }
});

it('prints version and exit codes', async () => {
  assert.match((await run(['--version'])).stdout, /^\d+\.\d+\.\d+/);
  assert.match((await run(['version', '--json'])).stdout, /"version": "\d+\.\d+\.\d+"/);
  const { code, stdout } = await run(['--help']);
  assert.equal(code, 0);
  for (const line of ['0  done', '3  not signed in', '7  the console cannot be reached'])
    assert.ok(stdout.includes(line));
});

describe('every command that does something', () => {
  const program = createProgram({ stdout: process.stdout, stderr: process.stderr, environment: {} });
  const leaves = (command: Command, path: string[]): [string[], Command][] =>
    command.commands.length === 0
      ? [[path, command]]
      : command.commands.flatMap((child) => leaves(child, [...path, child.name()]));
  for (const [path, command] of leaves(program, [])) {
    it(`${path.join(' ')} has --json and help with examples that parse`, async () => {
      assert.ok(command.options.some(({ long }) => long === '--json'));
      const { code, stdout } = await run([...path, '--help']);
      assert.equal(code, 0);
      const shown = [...stdout.matchAll(/^ {2}\$ (.*)$/gm)].map(([, text]) => text!);
      assert.notEqual(shown.length, 0);
      for (const text of shown) {
        assert.ok(text.replace(/^[A-Z_]+=\S+ /, '').startsWith(`zeronaut ${path.join(' ')}`), text);
      }
    });
  }
});

it('shows a file for resources apply that it would take', async () => {
  const { stdout } = await run(['resources', 'apply', '--help']);
  const [, file] = stdout.split('resources.yaml:\n');
  const { resources } = parseYaml(file!, 'help', resourcesFile);
  assert.deepEqual(
    resources.map(({ name }) => name),
    ['wiki', 'ssh'],
  );
});

it('does not show objects as defaults', async () => {
  const { stdout } = await run(['gateway', 'run', '--help']);
  assert.match(stdout, /--port-range[^\n]*\(default:\s+20000-20999\)/);
});

it('shows a file for gateway run that it would take', async () => {
  const { stdout } = await run(['gateway', 'run', '--help']);
  const [, file] = stdout.split(/gateway\.yaml, alone.*\n/);
  const { resources } = parseYaml(file!, 'help', gatewayFile);
  assert.equal(resources[0]?.targets.length, 2);
});

it('help names the presets that the model has', () => {
  assert.deepEqual([...PRESET_NAMES], Object.keys(IDENTITY_PROVIDER_PRESETS));
});
