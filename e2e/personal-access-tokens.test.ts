/** A program reaches a service as a person, with the console gone, and no longer than the person wants. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { afterEach, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { waitFor } from '@zeronaut/testkit';
import { fileOwner } from './harness/file-owner.ts';
import { startWebService, type WebService } from './harness/web-service.ts';
import { type Exposed, startWorld, type User, type World } from './harness/world.ts';

const owner = fileOwner();

describe('a personal access token', () => {
  let world: World;
  let service: WebService;
  let git: Exposed;
  let other: Exposed;
  let ann: User;
  let made: { id: string; token: string };

  before(async () => {
    world = await startWorld(owner);
    service = await startWebService(owner);
    git = await world.expose(owner, [service.address, 'http', '--name', 'git']);
    other = await world.expose(owner, [service.address, 'http', '--name', 'other']);
    ann = await world.createUser({ email: 'ann@example.com' });
  });
  afterEach((t) => world.showLogsOnFailure(t));

  const ask = (url: string, args: readonly string[]) => world.visitor().ask(url, { extra: args });

  it('is made with one command and shown once', async () => {
    const { code, stdout, stderr } = await world.zeronautAs(ann, [
      'tokens',
      'create',
      'laptop',
      '--for',
      'git',
      '--json',
    ]);
    assert.equal(code, 0, stderr);
    made = JSON.parse(stdout);
    assert.match(made.token, /^znp_/);
    const list = await world.zeronautAs(ann, ['tokens', '--json']);
    assert.ok(list.stdout.includes(made.id));
    assert.ok(!list.stdout.includes(made.token));
    await waitFor(async () => (await ask(`${git.url}/`, ['--oauth2-bearer', made.token])).status === 200, {
      what: 'the gateway knows the token',
    });
  });

  it('opens its service while the console is away, and the service sees who it is and no token', async () => {
    await world.console.kill('SIGKILL');
    for (const credentials of [
      ['--oauth2-bearer', made.token],
      ['--user', `ann:${made.token}`],
    ]) {
      const answer = await ask(`${git.url}/headers`, credentials);
      assert.equal(answer.status, 200);
      const headers = JSON.parse(answer.body) as Record<string, string[]>;
      assert.deepEqual(headers['x-zeronaut-user'], [ann.id]);
      assert.deepEqual(headers['x-zeronaut-email'], ['ann@example.com']);
      assert.equal(headers.authorization, undefined);
    }
    const elsewhere = await ask(`${other.url}/headers`, ['--oauth2-bearer', made.token]);
    assert.equal(elsewhere.status, 403);
    assert.match(elsewhere.body, /access\.personal_access_token_elsewhere/);
    const seen = service.requests.flatMap(({ headers }) => headers);
    assert.ok(!seen.some((text) => text.includes(made.token)));
  });

  it('serves git, which sends a password only when it is asked for one', async () => {
    const url = new URL(`${git.url}/repo.git`);
    const git_ = promisify(execFile)('git', ['ls-remote', url.href], {
      env: {
        ...process.env,
        GIT_SSL_CAINFO: world.certificateAuthorityFile,
        GIT_ASKPASS: '/bin/echo',
        GIT_TERMINAL_PROMPT: '0',
        GIT_CONFIG_COUNT: '1',
        GIT_CONFIG_KEY_0: 'credential.helper',
        GIT_CONFIG_VALUE_0: `!f() { echo username=ann; echo password=${made.token}; }; f`,
      },
    });
    // What stands behind is no repository; that it was reached is what counts.
    await assert.rejects(git_);
    await waitFor(() => service.requests.some(({ url: path }) => path.startsWith('/repo.git/info/refs')), {
      what: 'git reached the service',
    });
  });

  it('shows its last use when the console is back, and ends with its open connections when it is revoked', async () => {
    await world.console.start();
    await waitFor(
      async () => {
        const { stdout } = await world.zeronautAs(ann, ['tokens', '--json']);
        return (JSON.parse(stdout) as { lastUsedAt: string | null }[])[0]!.lastUsedAt;
      },
      { what: 'the last use', timeoutMs: 15_000, intervalMs: 300 },
    );
    const events = await world.accessEvents({ resourceId: git.id });
    const used = events.find((event) => event.reason === 'access.personal_access_token');
    assert.equal(used?.subject, ann.id);
    assert.equal(used?.credentialId, made.id);

    const stream = ask(`${git.url}/events`, ['--oauth2-bearer', made.token, '--no-buffer']);
    const ended = stream.then(
      () => true,
      () => true,
    );
    await waitFor(() => service.eventListeners > 0, { what: 'the open connection' });
    const { code, stderr } = await world.zeronautAs(ann, ['tokens', 'revoke', made.id]);
    assert.equal(code, 0, stderr);
    const started = performance.now();
    await ended;
    assert.ok(performance.now() - started < 2_000, 'cut at once');
    const refused = await ask(`${git.url}/`, ['--oauth2-bearer', made.token]);
    assert.equal(refused.status, 401);
    assert.match(refused.body, /access\.personal_access_token_invalid/);
  });
});
