/** Policies from files to gateways: applied with one command, decided at the edge, explained. What they do to what is open is in `closings`. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, before, describe, it, type TestContext } from 'node:test';
import { temporaryDirectory, waitFor } from '@zeronaut/testkit';
import { URI } from 'otpauth';
import { fileOwner } from './harness/file-owner.ts';
import { gatewayIsCurrent } from './harness/gateway-is-current.ts';
import { startWebService } from './harness/web-service.ts';
import { startWorld, type User, type World } from './harness/world.ts';

const owner = fileOwner();
let world: World;
let files = 0;

before(async () => {
  world = await startWorld(owner);
});
afterEach((t) => world.showLogsOnFailure(t));

/** Applies one file as the only policies that there are, and waits until the gateway runs with them. */
async function apply(text: string): Promise<void> {
  const file = join(temporaryDirectory('policies'), `${++files}.cedar`);
  writeFileSync(file, text);
  const { code, stderr } = await world.zeronaut(['policy', 'apply', '-f', file, '--prune']);
  assert.equal(code, 0, stderr);
  await gatewayIsCurrent(world);
}

async function removeAll(): Promise<void> {
  for (const { id } of (await world.api.call('policies.list', {})).items) {
    await world.api.call('policies.delete', { params: { id } });
  }
  await gatewayIsCurrent(world);
}

async function publish(t: TestContext, name: string, access: object = {}) {
  const service = await startWebService(t);
  const body = { name, access, targets: [{ address: `127.0.0.1:${service.port}` }] };
  const resource = await world.api.call('resources.create', { body });
  await gatewayIsCurrent(world);
  return { ...resource, url: `https://${name}.${world.baseDomain}:${world.httpsPort}/hello` };
}

async function lastEvent(resourceId: string, effect: string) {
  return await waitFor(
    // The way back from a sign-in is no access yet.
    async () =>
      (await world.accessEvents({ resourceId })).find(
        (event) => event.effect === effect && event.reason !== 'access.portal',
      ),
    { what: `an access event with ${effect}` },
  );
}

describe('policies', () => {
  it('are checked without a console, and each mistake has its place', async () => {
    const directory = temporaryDirectory('policies');
    mkdirSync(join(directory, 'team'));
    writeFileSync(join(directory, 'a.cedar'), '@id("a")\npermit(principal, action, resource);\n');
    writeFileSync(
      join(directory, 'team/b.cedar'),
      '// two of them\n@id("b")\npermit(principal, action, resource)\nwhen { context.rsk < 5 };\n\n@id("c")\npermit(principal in Group::"x", action == Action::"read", resource) when { resource is Site };\n',
    );
    const { code, stderr } = await world.zeronaut(['policy', 'check', directory]);
    assert.equal(code, 2);
    assert.match(stderr, /team\/b\.cedar:4:\d+: attribute `rsk` in context not found \(did you mean `risk`\?\)/);
    assert.match(stderr, /team\/b\.cedar:7:\d+: it can never match: `resource is Site` is never true/);
    writeFileSync(join(directory, 'team/b.cedar'), '@id("b") forbid(principal, action, resource);');
    const good = await world.zeronaut(['policy', 'check', directory]);
    assert.equal(good.stdout, '2 policies are right.\n', good.stderr);
  });

  it('let in whom no rule names, keep out whom one does, and say which policy it was', async (t) => {
    const wiki = await publish(t, 'wiki', { mode: 'policy' });
    const ann = await world.createUser({ email: 'ann@example.com', groups: ['dev'] });
    const bob = await world.createUser({ email: 'bob@example.com', groups: ['sales'] });
    const [as, other] = [world.visitor(), world.visitor()];
    assert.equal((await as.signIn(wiki.url, ann)).status, 403, 'nothing permits it yet');

    await apply(`
      @id("developers") permit(principal in Group::"dev", action in Action::"access", resource in Segment::"internal");
      @id("read-only") @advice("The wiki is read-only this week.")
      forbid(principal, action == Action::"write", resource in Segment::"internal");`);
    const set = await world.zeronaut(['policy', 'segments', 'wiki', 'internal']);
    assert.equal(set.stdout, 'resource wiki: internal\n', set.stderr);
    await gatewayIsCurrent(world);

    assert.equal((await as.open(wiki.url)).status, 200);
    const stranger = await other.signIn(wiki.url, bob);
    assert.equal(stranger.status, 403, 'not a developer');
    // The first page after a sign-in, too: who was refused what, under the id that stands on it.
    const refused = await waitFor(
      async () =>
        (await world.accessEvents({ resourceId: wiki.id })).find(({ requestId }) => stranger.body.includes(requestId)),
      { what: 'the event of the refusal after the sign-in' },
    );
    assert.deepEqual(
      [refused.effect, refused.reason, refused.subject, refused.path],
      ['deny', 'access.not_allowed', bob.id, '/hello'],
    );
    const posted = await as.open(wiki.url, { method: 'POST', body: 'x' });
    assert.equal(posted.status, 403);
    assert.match(posted.body, /The wiki is read-only this week\./);

    const denied = await waitFor(
      async () =>
        (await world.accessEvents({ resourceId: wiki.id })).find(({ reason }) => reason === 'access.policy_forbids'),
      { what: 'the event of what was forbidden' },
    );
    const policies = (await world.api.call('policies.list', {})).items;
    const idOf = (name: string) => policies.find((policy) => policy.name === name)!.id;
    assert.deepEqual(denied.explanation?.policies, [idOf('read-only')]);
    assert.ok(posted.body.includes(denied.requestId), 'the page and the event have one request id');
    const passed = await lastEvent(wiki.id, 'pass');
    assert.equal(passed.reason, 'access.policy');
    assert.deepEqual(passed.explanation?.policies, [idOf('developers')]);

    const asked = await world.zeronaut([
      'policy',
      'simulate',
      'wiki',
      '--user',
      'ann@example.com',
      '--action',
      'write',
    ]);
    assert.match(asked.stdout, /^deny {2}A policy forbids this \(access\.policy_forbids\)/);
    assert.match(asked.stdout, /→ forbid read-only: holds/);
    assert.match(asked.stdout, /^no country by the console's own file of \w+ 20\d\d/m);
    const reach = await world.zeronaut(['policy', 'reach', '--object', 'wiki', '--json']);
    assert.deepEqual(
      JSON.parse(reach.stdout).map(({ email, actions }: { email: string; actions: { effect: string }[] }) => [
        email,
        actions.map(({ effect }) => effect).join(' '),
      ]),
      [['ann@example.com', 'pass deny pass']],
    );
    await removeAll();
  });

  it('in report mode change nothing, are in the events, and replay tells beforehand', async (t) => {
    const app = await publish(t, 'reported');
    const user = await world.createUser({ email: 'rita@example.com', groups: ['ops'] });
    const visitor = world.visitor();
    assert.equal((await visitor.signIn(app.url, user)).status, 200);

    const directory = temporaryDirectory('policies');
    const text = (mode: string) =>
      `@id("no-ops") @mode("${mode}")\nforbid(principal in Group::"ops", action, resource)\nwhen { context.address.isInRange(ip("127.0.0.0/8")) };\n`;
    writeFileSync(join(directory, 'ops.cedar'), text('enforce'));
    await lastEvent(app.id, 'pass');
    const replayed = await world.zeronaut(['policy', 'replay', '-f', directory]);
    assert.match(
      replayed.stdout,
      /rita@example\.com loses reported: \d+ requests, access\.session → access\.policy_forbids by no-ops/,
    );

    writeFileSync(join(directory, 'ops.cedar'), text('report'));
    const asEnforced = await world.zeronaut(['policy', 'replay', '-f', directory]);
    assert.match(asEnforced.stdout, /Judged as if enforced: no-ops\. In report mode nothing of it happens yet\./);
    assert.match(asEnforced.stdout, /rita@example\.com loses reported:/);

    await apply(text('report'));
    assert.equal((await visitor.open(app.url)).status, 200);
    const event = await waitFor(
      async () => (await world.accessEvents({ resourceId: app.id })).find(({ explanation }) => explanation?.reported),
      { what: 'what the report-only policy would have done' },
    );
    assert.deepEqual([event.effect, event.explanation?.reported?.effect], ['pass', 'deny']);

    const enforced = await world.zeronaut(['policy', 'mode', 'no-ops', 'enforce']);
    assert.equal(enforced.stdout, 'no-ops: report → enforce.\n', enforced.stderr);
    await waitFor(async () => (await visitor.open(app.url)).status === 403, { what: 'the policy is enforced' });
    const { facts } = (await lastEvent(app.id, 'deny')).explanation!;
    assert.deepEqual(facts, { address: '127.0.0.1' });

    const back = await world.zeronaut(['policy', 'roll-back', 'no-ops', '1']);
    assert.match(back.stdout, /is as in version 1/);
    await waitFor(async () => (await visitor.open(app.url)).status === 200, { what: 'it only reports again' });
    await removeAll();
  });

  it('step back for whoever was approved by two, until somebody ends it', async (t) => {
    const safe = await publish(t, 'safe', { mode: 'policy' });
    const ask = await world.createUser({ email: 'ida@example.com' });
    const approvers = await Promise.all(
      ['one@example.com', 'two@example.com'].map((email) => world.createUser({ email, groups: ['approvers'] })),
    );
    const visitor = world.visitor();
    const refused = await visitor.signIn(safe.url, ask);
    assert.equal(refused.status, 403);
    assert.match(refused.body, /Whoever runs this service can let you in/);
    assert.doesNotMatch(refused.body, /zeronaut requests/, 'a browser takes no commands');
    assert.match(refused.body, /\/requests\?object=safe" rel="noreferrer">Ask for access/);
    const rule = await world.zeronaut(['requests', 'approvers', 'safe', '--by', 'group:approvers', '--needed', '2']);
    assert.equal(rule.stdout, 'safe: 2 of group:approvers, at most 8 hours.\n', rule.stderr);

    const mine = world.api.as(ask.token);
    const { id } = await mine.call('accessRequests.create', { body: { object: 'safe', reason: 'incident 4711' } });
    for (const { token } of approvers) {
      assert.equal((await visitor.open(safe.url)).status, 403, 'one approval is not enough');
      const body = { effect: 'approve' } as const;
      await world.api.as(token).call('accessRequests.decide', { params: { id }, body });
    }
    const opened = async (status: number) => (await visitor.open(safe.url)).status === status;
    await waitFor(() => opened(200), { what: 'the approved request counts at the gateway' });
    assert.equal((await lastEvent(safe.id, 'pass')).reason, 'access.granted');

    await world.console.kill();
    assert.ok(await opened(200), 'the gateway knows it by itself');
    await world.console.start();
    const shown = await world.zeronaut(['requests', 'show', id]);
    assert.match(shown.stdout, /approved, 2 of 2 approved/);
    const ended = await world.zeronaut(['requests', 'end', id]);
    assert.equal(ended.stdout, 'The request of ida@example.com for safe is ended.\n', ended.stderr);
    await waitFor(() => opened(403), { what: 'it has ended' });

    // Whoever is kept out is sent to ask only where an approved request would help.
    const advice = async (condition: string) => {
      await apply(`@id("closed") forbid(principal, action, resource == Resource::"${safe.id}")${condition};`);
      await gatewayIsCurrent(world);
      const { status, body } = await visitor.open(safe.url);
      return [status, /access\.\w+/.exec(body)?.[0], body.includes('Ask for access')];
    };
    assert.deepEqual(await advice(''), [403, 'access.policy_forbids', false]);
    assert.deepEqual(await advice(' unless { context.granted }'), [403, 'access.approval_required', true]);
    await removeAll();
  });

  it('are refused when an assertion would break, and nothing has changed then', async (t) => {
    await publish(t, 'guarded');
    await world.createUser({ email: 'gil@example.com' });
    const file = join(temporaryDirectory('assertions'), 'assertions.yaml');
    writeFileSync(
      file,
      'assertions:\n  - { name: Gil reads, user: gil@example.com, action: read, object: guarded, expect: pass }\n',
    );
    const set = await world.zeronaut(['policy', 'test', '-f', file]);
    assert.equal(set.code, 0, set.stderr);
    assert.match(set.stdout, /HOLDS +Gil reads +pass +pass +rule \(access\.session\)/);
    const policy = join(temporaryDirectory('policies'), 'all.cedar');
    writeFileSync(policy, '@id("nobody") forbid(principal, action, resource);');
    const { code, stderr } = await world.zeronaut(['policy', 'apply', '-f', policy]);
    assert.notEqual(code, 0);
    assert.match(stderr, /Gil reads: pass was expected, it is deny \(access\.policy_forbids\)/);
    assert.deepEqual((await world.api.call('policies.list', {})).items, []);

    // A change of the rule says what it breaks, and the test then ends with an error; an unrelated forbid is in nobody's way.
    const resources = join(temporaryDirectory('resources'), 'resources.yaml');
    const target = '{ address: "10.0.0.9:80" }';
    const rule = (allow: string) =>
      `resources: [{ name: ruled, domains: [ruled.example.org], access: { allow: [${allow}] }, targets: [${target}] }]\n`;
    writeFileSync(resources, rule('"gil@example.com"'));
    assert.equal((await world.zeronaut(['resources', 'apply', '-f', resources])).code, 0);
    writeFileSync(
      file,
      'assertions:\n  - { name: Gil is ruled, user: gil@example.com, action: read, object: ruled, expect: pass }\n',
    );
    assert.equal((await world.zeronaut(['policy', 'test', '-f', file])).code, 0);
    writeFileSync(resources, rule('"role:owner"'));
    const told = /broke|would break/;
    for (const more of [['--dry-run'], []]) {
      const applied = await world.zeronaut(['resources', 'apply', '-f', resources, ...more]);
      assert.deepEqual([applied.code, told.test(applied.stderr)], [0, true], applied.stderr);
      assert.match(applied.stderr, /Gil is ruled: pass was expected, it is deny \(access\.not_allowed\)/);
    }
    const tested = await world.zeronaut(['policy', 'test']);
    assert.equal(tested.code, 1);
    assert.match(tested.stdout, /BROKEN +Gil is ruled +pass +deny +rule \(access\.not_allowed\)/);
    assert.match(tested.stderr, /1 of 1 assertions is broken/);
    const machine = await world.zeronaut(['policy', 'test', '--json']);
    assert.deepEqual([machine.code, JSON.parse(machine.stdout).holds], [1, false]);
    writeFileSync(policy, '@id("emergency") forbid(principal, action, resource) when { context.risk > 90 };');
    const emergency = await world.zeronaut(['policy', 'apply', '-f', policy]);
    assert.equal(emergency.code, 0, emergency.stderr);
    assert.match(emergency.stderr, /1 assertion was broken before/);
    await removeAll();
    assert.equal((await world.zeronaut(['resources', 'remove', 'ruled', '--yes'])).code, 0);
    writeFileSync(file, 'assertions: []\n');
    assert.equal((await world.zeronaut(['policy', 'test', '-f', file])).code, 0);
  });

  it('ask for a second factor where it matters, and the portal leads there', async (t) => {
    const vault = await publish(t, 'vault');
    const user = await world.createUser({ email: 'sue@example.com' });
    const visitor = world.visitor();
    assert.equal((await visitor.signIn(vault.url, user)).status, 200);
    const totp = await enrolTotp(user);
    await apply(
      '@id("two-factors") @step_up forbid(principal, action, resource) unless { context.factors.contains("totp") };',
    );
    const form = await visitor.open(vault.url);
    assert.match(form.body, /A stronger or fresher sign-in is required/);
    assert.equal(new URL(form.url).hostname, world.portalHost);
    const { email, password } = user;
    assert.equal((await visitor.submit(form, { email, password, code: totp() })).status, 200);
    await removeAll();
  });
});

async function enrolTotp(user: User): Promise<() => string> {
  const api = world.api.as(user.token);
  const { uri } = await api.call('factors.startTotp', {});
  const totp = URI.parse(uri);
  // The code of the next half minute: one that was used is not good again.
  await api.call('factors.confirmTotp', { body: { code: totp.generate({ timestamp: Date.now() }) } });
  return () => totp.generate({ timestamp: Date.now() + 30_000 });
}
