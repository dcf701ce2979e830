/** The commands that end, as people and scripts use them. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, before, describe, it } from 'node:test';
import { freePort, spawnProcess, temporaryDirectory, waitFor } from '@zeronaut/testkit';
import { NODE, ROOT } from '../scripts/npm-packages.mjs';
import { fileOwner } from './harness/file-owner.ts';
import { JsonProcess } from './harness/json-process.ts';
import { startWebService, type WebService } from './harness/web-service.ts';
import { startWorld, type World } from './harness/world.ts';

const owner = fileOwner();
const MAIN = join(ROOT, 'packages/client/bin/zeronaut.mjs');
let world: World;
let service: WebService;

before(async () => {
  world = await startWorld(owner);
  service = await startWebService(owner);
});
afterEach((t) => world.showLogsOnFailure(t));

describe('login', () => {
  it('shows a code, waits until somebody approves it, and then acts as them, until logout', async (t) => {
    const ann = await world.createUser({ email: 'ann@example.com', role: 'operator' });
    const home = temporaryDirectory('laptop');
    const env = { ...process.env, ZERONAUT_HOME: home };
    const zeronaut = async (...args: string[]) => {
      const child = spawnProcess(t, NODE, [MAIN, ...args, '--json'], { env });
      const { code } = await child.exited;
      return { code, stdout: child.stdout(), stderr: child.stderr() };
    };
    assert.equal((await zeronaut('services', 'list')).code, 3, 'not signed in');

    const login = new JsonProcess(spawnProcess(t, NODE, [MAIN, 'login', world.consoleUrl, '--json'], { env }));
    const code = await login.event<{ userCode: string; verificationUriComplete: string }>('code');
    const named = world.consoleUrl.replace('127.0.0.1', 'localhost');
    assert.ok(code.verificationUriComplete.startsWith(named), code.verificationUriComplete);
    // A browser of the same person: signs in at the page that the command names, and approves.
    const browser = world.visitor();
    let page = await browser.open(code.verificationUriComplete);
    if (/name="password"/.test(page.body))
      page = await browser.submit(page, { email: ann.email, password: ann.password });
    if (!page.body.includes(code.userCode)) page = await browser.open(code.verificationUriComplete);
    assert.ok(page.body.includes(code.userCode), page.body);
    const approved = await browser.submit(page, { decision: 'approve' }, '/device');
    assert.equal(approved.status, 200, approved.body);
    const signedIn = await login.event<{ email: string }>('signed_in');
    assert.equal(signedIn.email, 'ann@example.com');
    assert.equal((await login.process.exited).code, 0);

    const status = JSON.parse((await zeronaut('status')).stdout) as { user: { email: string } };
    assert.equal(status.user.email, 'ann@example.com');
    // Once this machine is a device, the credential is of no use on another one.
    const token = /"token":\s*"([^"]+)"/.exec(readFileSync(join(home, 'profiles.json'), 'utf8'))![1]!;
    const stolen = world.api.as(token);
    assert.equal((await stolen.call('me.get', {})).user?.email, 'ann@example.com');
    const report = await zeronaut('devices', 'report');
    assert.equal(report.code, 0, report.stderr);
    assert.equal((await zeronaut('services', 'list')).code, 0);
    await assert.rejects(stolen.call('me.get', {}), /api\.device_proof/);
    assert.equal((await zeronaut('logout')).code, 0);
    assert.equal((await zeronaut('services', 'list')).code, 3);
  });

  it('refuses plain http to another machine', async () => {
    const result = await world.zeronaut(['login', 'http://console.example.com', '--json']);
    assert.equal(result.code, 2);
    assert.match(result.stderr, /cli\.insecure/);
  });
});

describe('status', () => {
  it('says that all is well, and with which exit code it is not', async (t) => {
    await world.expose(t, [service.address, 'http', '--name', 'for-status']);
    const good = await world.zeronaut(['status', '--json']);
    assert.equal(good.code, 0, good.stderr);
    const status = JSON.parse(good.stdout) as { console: { reachable: boolean }; gateways: { tunnel: string }[] };
    assert.equal(status.console.reachable, true);
    assert.deepEqual(
      status.gateways.map(({ tunnel }) => tunnel),
      ['up'],
    );

    const env = { ZERONAUT_CONSOLE: `http://127.0.0.1:${await freePort()}`, ZERONAUT_TOKEN: 'zn_none' };
    assert.equal((await world.zeronaut(['status', '--json'], { env })).code, 7, 'console unreachable');
    const wrong = { ZERONAUT_CONSOLE: world.consoleUrl, ZERONAUT_TOKEN: 'zn_none' };
    assert.equal((await world.zeronaut(['services', 'list', '--json'], { env: wrong })).code, 3, 'not signed in');
  });
});

describe('workloads', () => {
  it('exchanges the token of a job for one that acts as a service account, until it is trusted no longer', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const keys = join(temporaryDirectory('issuer'), 'jwks.json');
    writeFileSync(
      keys,
      JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256' }] }),
    );
    const json = async (args: string[], env?: NodeJS.ProcessEnv) => {
      const result = await world.zeronaut([...args, '--json'], env === undefined ? {} : { env });
      assert.equal(result.code, 0, result.stderr);
      return JSON.parse(result.stdout);
    };
    await json(['service-accounts', 'create', 'deploy', '--role', 'operator', '--group', 'ci']);
    const trust = await json([
      ...['workloads', 'trust', 'ci', '--for', 'deploy', '--issuer', 'https://ci.example', '--keys', keys],
      ...['--subject', 'repo:acme/app:*', '--claim', 'environment=production', '--scope', 'resources:read'],
    ]);
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const seconds = Math.floor(Date.now() / 1000);
    const claims = { iss: trust.issuer, aud: trust.audience, sub: 'repo:acme/app:main', exp: seconds + 300 };
    const jwt = (environment: string) => {
      const signed = `${part({ alg: 'ES256', kid: 'one' })}.${part({ ...claims, environment })}`;
      const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return `${signed}.${signature.toString('base64url')}`;
    };
    const token = ['workloads', 'token', trust.id, '--console', world.consoleUrl];
    const refused = await world.zeronaut([...token, '--json'], { env: { ZERONAUT_WORKLOAD_TOKEN: jwt('staging') } });
    assert.match(refused.stderr, /workload\.claim/);
    const { access_token } = await json(token, { ZERONAUT_WORKLOAD_TOKEN: jwt('production') });
    const asJob = { ZERONAUT_CONSOLE: world.consoleUrl, ZERONAUT_TOKEN: access_token };
    assert.ok(Array.isArray(await json(['services', 'list'], asJob)));
    const beyond = await world.zeronaut(['sites', 'list', '--json'], { env: asJob });
    assert.match(beyond.stderr, /api\.scope_missing/);

    assert.equal((await json(['service-accounts', 'disable', 'deploy'])).status, 'disabled');
    assert.match(
      (await world.zeronaut(['services', 'list', '--json'], { env: asJob })).stderr,
      /access\.user_disabled/,
    );
    await json(['service-accounts', 'enable', 'deploy']);
    await json(['workloads', 'distrust', trust.id]);
    assert.equal((await world.zeronaut(['services', 'list', '--json'], { env: asJob })).code, 3, 'signed out');
  });
});

describe('people', () => {
  it('are put into groups, and removed with what they had', async () => {
    const run = async (...args: string[]) => {
      const result = await world.zeronaut(args);
      assert.equal(result.code, 0, result.stderr);
      return result.stdout;
    };
    await world.createUser({ email: 'cat@example.com' });
    await run('groups', 'create', 'cats', '--description', 'Who purrs');
    assert.match(await run('groups', 'change', 'cats', '--add', 'cat@example.com'), /people 1, programs 0/);
    assert.match(await run('groups', 'show', 'cats'), /Who purrs\n {2}cat@example\.com\nNothing names it/);
    assert.match(await run('groups', 'change', 'cats', '--rename', 'felines'), /group:felines/);
    assert.match(await run('users', 'remove', 'cat@example.com', '--dry-run'), /would end:\n {2}1 session/);
    assert.equal((await world.zeronaut(['users', 'remove', 'cat@example.com'])).code, 2, 'it takes a yes');
    const erased = await run('users', 'remove', 'cat@example.com', '--yes', '--erase-audit');
    assert.match(erased, /is removed\. Ended:[\s\S]*say \[erased\] now: [1-9]/);
    assert.match(await run('groups', 'remove', 'felines', '--dry-run'), /would be removed: people 0/);
    await run('groups', 'remove', 'felines', '--yes');
    assert.equal((await world.zeronaut(['groups', 'show', 'felines'])).code, 5);
  });
});

describe('devices', () => {
  it('wait for approval where the policy says so, report their posture, and are cut when revoked', async (t) => {
    const cal = await world.createUser({ email: 'cal@example.com', role: 'operator' });
    const env = {
      ...process.env,
      ZERONAUT_HOME: cal.home,
      ZERONAUT_CONSOLE: world.consoleUrl,
      ZERONAUT_TOKEN: cal.token,
    };
    const owner = async (...args: string[]) => {
      const result = await world.zeronaut([...args, '--json']);
      assert.equal(result.code, 0, result.stderr);
      return JSON.parse(result.stdout);
    };
    await owner('devices', 'policy', '--approval', 'by_person', '--process', 'node', '--file', '/etc/os-release');
    t.after(() => owner('devices', 'policy', '--approval', 'automatic', '--nothing'));
    const expose = new JsonProcess(
      spawnProcess(t, NODE, [MAIN, 'expose', service.address, 'http', '--name', 'of-cal', '--public', '--json'], {
        env,
      }),
    );
    await expose.event('disconnected', { where: ({ code }) => code === 'access.device_pending' });
    const mine = async () =>
      (await owner('devices', 'list')).find(({ userId }: { userId: string }) => userId === cal.id);
    const device = await waitFor(
      async () => {
        const found = await mine();
        return found?.posture === null ? undefined : found;
      },
      { what: 'a posture report' },
    );
    assert.equal(device.approvedAt, null);
    assert.deepEqual(device.posture.facts.files, { '/etc/os-release': true });
    assert.equal(device.posture.facts.platform, 'linux');

    const shown = await world.zeronautAs(cal, ['devices', 'show-key', '--json']);
    assert.equal(shown.code, 0, shown.stderr);
    const approved = await owner('devices', 'approve', device.id);
    assert.equal(JSON.parse(shown.stdout).keyFingerprint, approved.keyFingerprint);
    const { name } = await expose.event<{ name: string }>('ready');
    assert.equal(name, 'of-cal');
    const after = expose.events.length;
    await owner('devices', 'revoke', device.id);
    await expose.event('disconnected', { after });
  });
});

describe('relying-parties', () => {
  it('gives a service what it needs to sign people in', async () => {
    const json = async (...args: string[]) => {
      const result = await world.zeronaut(['relying-parties', ...args, '--json']);
      assert.equal(result.code, 0, result.stderr);
      return JSON.parse(result.stdout);
    };
    const wiki = await json('add', 'wiki', '--redirect', 'https://wiki.example/callback', '--group', 'staff');
    const answer = await fetch(`${wiki.issuer}/.well-known/openid-configuration`);
    const discovery = (await answer.json()) as { issuer: string; code_challenge_methods_supported: string[] };
    assert.equal(discovery.issuer, wiki.issuer);
    assert.deepEqual(discovery.code_challenge_methods_supported, ['S256']);
    assert.notEqual((await json('secret', wiki.id)).secret, wiki.secret);
    assert.deepEqual((await json('list'))[0].groups, ['staff']);
    await json('remove', wiki.id);
    assert.notEqual((await json('list'))[0].revokedAt, null);
  });
});

describe('services', () => {
  it('lists, shows, stops, starts and removes', async (t) => {
    const exposed = await world.expose(t, [service.address, 'http', '--name', 'listed', '--public']);
    const list = JSON.parse((await world.zeronaut(['services', 'list', '--json'])).stdout) as { name: string }[];
    assert.ok(list.some(({ name }) => name === 'listed'));
    const shown = JSON.parse((await world.zeronaut(['services', 'show', 'listed', '--json'])).stdout) as {
      urls: string[];
    };
    assert.deepEqual(shown.urls, [exposed.url]);
    assert.equal((await world.zeronaut(['services', 'stop', 'listed'])).code, 0);
    await exposed.cli.event('service_stopped');
    // Of what is stopped no gateway has a certificate: there is not even an answer.
    const isOpen = () =>
      world
        .visitor()
        .ask(exposed.url)
        .then(
          ({ status }) => status === 200,
          () => false,
        );
    await waitFor(async () => !(await isOpen()), { what: 'nobody gets in' });
    const rows = (await world.zeronaut(['services', 'list'])).stdout;
    assert.match(rows, /listed .*stopped/);
    assert.equal((await world.zeronaut(['services', 'start', 'listed'])).code, 0);
    await exposed.cli.event('service_started');
    await waitFor(isOpen, { what: 'everybody gets in' });
    const preview = await world.zeronaut(['services', 'remove', 'listed', '--dry-run']);
    assert.match(preview.stdout, /Removing listed would end:\n {2}/);
    assert.equal((await world.zeronaut(['services', 'remove', 'listed'])).code, 0);
    assert.equal((await exposed.cli.process.exited).code, 5, 'the expose that ran ends and says why');
    assert.equal((await world.zeronaut(['services', 'show', 'listed'])).code, 5);
  });

  it('may not be stopped by a member of another role', async (t) => {
    await world.expose(t, [service.address, 'http', '--name', 'guarded']);
    const member = await world.createUser({ email: 'member@example.com' });
    const result = await world.zeronautAs(member, ['services', 'stop', 'guarded', '--json']);
    assert.equal(result.code, 4, result.stderr);
  });
});

describe('resources apply', () => {
  it('declares domains and several targets, balances by weight, and takes a failed target out and in again', async (t) => {
    const [one, two] = [await startWebService(t), await startWebService(t)];
    const file = join(temporaryDirectory(t), 'resources.yaml');
    const check = 'healthCheck: { path: /health, intervalMs: 100, timeoutMs: 500, healthyAfter: 1, unhealthyAfter: 1 }';
    writeFileSync(
      file,
      `resources:
  - name: balanced
    domains: [app.localhost]
    access: { mode: public }
    targets:
      - { address: "${one.address}", weight: 3, ${check} }
      - { address: "${two.address}", weight: 1, ${check} }
`,
    );
    const dry = await world.zeronaut(['resources', 'apply', '-f', file, '--dry-run', '--json']);
    const brokenAssertions = { newly: 0, before: 0, items: [] };
    assert.deepEqual(JSON.parse(dry.stdout), {
      ...{ dryRun: true, changes: [{ name: 'balanced', action: 'create' }], brokenAssertions },
    });
    assert.equal((await world.zeronaut(['resources', 'apply', '-f', file])).code, 0);
    const again = await world.zeronaut(['resources', 'apply', '-f', file, '--json']);
    assert.deepEqual(JSON.parse(again.stdout), {
      ...{ dryRun: false, changes: [{ name: 'balanced', action: 'none' }], brokenAssertions },
    });

    const visitor = world.visitor();
    const url = `https://app.localhost:${world.httpsPort}`;
    await waitFor(async () => (await visitor.ask(`${url}/`)).status === 200, { what: 'the resource is served' });
    const asked = (target: WebService) => target.requests.filter(({ url: path }) => path.startsWith('/share-')).length;
    assert.equal(await visitor.askMany(`${url}/share-[1-80]`), 80);
    assert.deepEqual([asked(one), asked(two)], [60, 20]);

    await one.stop();
    await waitFor(
      async () => {
        const before = asked(two);
        await visitor.askMany(`${url}/share-[1-8]`);
        return asked(two) - before === 8;
      },
      { what: 'the failed target has left' },
    );
    const back = await startWebService(t, one.port);
    await waitFor(
      async () => {
        await visitor.askMany(`${url}/share-[1-4]`);
        return asked(back) > 0;
      },
      { what: 'the target has returned by itself' },
    );
  });

  it('says where the mistake is', async (t) => {
    const file = join(temporaryDirectory(t), 'resources.yaml');
    writeFileSync(file, 'resources:\n  - name: Wrong Name\n    targets: []\n');
    const result = await world.zeronaut(['resources', 'apply', '-f', file]);
    assert.equal(result.code, 2);
    assert.match(result.stderr, /resources\.yaml:2:\d+/);
  });
});

describe('agent run', () => {
  it('keeps the exposes of a file alive, and takes a changed file on SIGHUP', async (t) => {
    const file = join(temporaryDirectory(t), 'agent.yaml');
    const write = (...names: string[]) =>
      writeFileSync(
        file,
        `version: 1\nexposes:\n${names.map((name) => `  - { target: "${service.address}", protocol: http, name: ${name}, public: true }\n`).join('')}`,
      );
    write('from-file');
    const agent = await world.agent(t, file);
    const status = async (name: string) =>
      (await world.visitor().ask(`https://${name}.${world.baseDomain}:${world.httpsPort}/`)).status;
    assert.equal(await status('from-file'), 200);
    write('from-file', 'also-from-file');
    agent.process.signal('SIGHUP');
    await waitFor(async () => (await status('also-from-file')) === 200, { what: 'the second service' });
    writeFileSync(file, 'version: 1\nexposes: [{}]\n');
    agent.process.signal('SIGHUP');
    await waitFor(() => /exposes/.test(agent.process.stderr()), { what: 'the mistake is reported' });
    assert.equal(await status('from-file'), 200);
  });
});

describe('gateways', () => {
  it('shows the log of a gateway, and goes on with what comes', async (t) => {
    const { name } = (await world.api.call('gateways.list', {})).items[0]!;
    const first = await world.zeronaut(['gateways', 'logs', name, '--level', 'info']);
    assert.equal(first.code, 0, first.stderr);
    const follow = world.start(t, ['gateways', 'logs', name, '--follow', '--level', 'info']);
    // Each snapshot is told at that level.
    const user = await world.createUser({ email: 'logged@example.com' });
    const line = await follow
      .event<{ message: string; level: string }>('line', {
        where: (event) => event.message === 'snapshot applied',
        timeoutMs: 15_000,
      })
      .catch(async () => {
        // The first change may have come before the tail had begun.
        await world.createUser({ email: 'logged-again@example.com' });
        return await follow.event<{ message: string; level: string }>('line', {
          where: (event) => event.message === 'snapshot applied',
        });
      });
    assert.deepEqual([line.level, user.email], ['info', 'logged@example.com']);
    const nobody = await world.zeronaut(['gateways', 'logs', 'nobody']);
    assert.match(nobody.stderr, /there is no gateway nobody/);
  });
});

describe('discovery', () => {
  it('tells what listens on the machine, and serves what the console publishes of it', async (t) => {
    // Below the ports that the system hands out: the lowest ones are told.
    const found = await startWebService(t, 9_000 + (process.pid % 900));
    const port = Number(found.address.split(':').at(-1));
    const file = join(temporaryDirectory(t), 'agent.yaml');
    writeFileSync(file, 'version: 1\ndiscover: publish\n');
    await world.agent(t, file);
    const [device, seen] = await waitFor(
      async () => {
        for (const one of (await world.api.call('devices.list', {})).items) {
          const { publishes, services } = await world.api.call('devices.listDiscovered', { params: { id: one.id } });
          const service = services.find((each) => each.port === port);
          if (service !== undefined) return [one, { ...service, publishes }] as const;
        }
        return null;
      },
      { what: 'the console is told', timeoutMs: 15_000 },
    );
    assert.deepEqual([seen.publishes, seen.scope, seen.address], [true, 'loopback', `127.0.0.1:${port}`]);
    const url = `https://discovered.${world.baseDomain}:${world.httpsPort}/`;
    await world.api.call('resources.create', {
      body: {
        ...{ name: 'discovered', access: { mode: 'public' } },
        targets: [{ address: seen.address, agent: device.id }],
      },
    });
    await waitFor(async () => (await world.visitor().ask(url)).status === 200, {
      what: 'it is served',
      timeoutMs: 25_000,
    });
    assert.ok(found.requests.length > 0);
    // It is served as soon as the agent knows; the gateway tells of its tunnels a moment later.
    await waitFor(
      async () => {
        const { gateways } = await world.api.call('devices.listTunnels', { params: { id: device.id } });
        return gateways[0]?.tunnels?.some(({ serving }) => serving > 0);
      },
      { what: 'the tunnel is told to serve it', timeoutMs: 25_000 },
    );
  });
});

describe('every command', () => {
  const commands = [
    ['start'],
    ['expose'],
    ['forward'],
    ['login'],
    ['logout'],
    ['status'],
    ['services', 'list'],
    ['services', 'show'],
    ['services', 'stop'],
    ['services', 'start'],
    ['services', 'remove'],
    ['resources', 'apply'],
    ['agent', 'run'],
    ['gateway', 'run'],
    ['gateways', 'list'],
    ['gateways', 'drain'],
    ['gateways', 'logs'],
    ['console', 'run'],
  ];
  it('has help with examples and knows --json', async () => {
    for (const command of commands) {
      const { code, stdout } = await world.zeronaut([...command, '--help']);
      assert.equal(code, 0, command.join(' '));
      assert.match(stdout, /Examples:\n {2}\$ zeronaut /, command.join(' '));
      assert.match(stdout, /--json/, command.join(' '));
    }
  });

  it('ends with 2 for a command line that is not valid, and names the mistake', async () => {
    for (const args of [['expose'], ['expose', 'localhost:1', 'smtp'], ['nonsense'], ['status', '--nonsense']]) {
      const { code, stderr } = await world.zeronaut([...args, '--json']);
      assert.equal(code, 2, args.join(' '));
      assert.equal((JSON.parse(stderr) as { error: { exitCode: number } }).error.exitCode, 2);
    }
  });

  for (const shell of ['bash', 'zsh', 'fish']) {
    it(`completes in ${shell}`, async () => {
      const { code, stdout } = await world.zeronaut(['completion', shell]);
      assert.equal(code, 0);
      for (const word of ['expose', 'forward', 'resources']) assert.match(stdout, new RegExp(word));
      if (shell === 'bash') {
        const checked = spawnProcess(owner, 'bash', ['-n']);
        checked.child.stdin!.end(stdout);
        assert.equal((await checked.exited).code, 0, checked.output());
      }
    });
  }
});
