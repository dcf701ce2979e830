/** `zeronaut expose … http` over real processes: who gets in, by which door, and what the service then sees. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, before, describe, it } from 'node:test';
import { waitFor } from '@zeronaut/testkit';
import WebSocket from 'ws';
import { verifyAssertion } from './harness/assertion.ts';
import { fileOwner } from './harness/file-owner.ts';
import { startWebService, type WebService } from './harness/web-service.ts';
import { startWorld, type World } from './harness/world.ts';

let world: World;
let service: WebService;
const owner = fileOwner();

before(async () => {
  world = await startWorld(owner);
  service = await startWebService(owner);
});
afterEach((t) => world.showLogsOnFailure(t));

describe('a service behind login, as expose publishes it by default', () => {
  it('sends a visitor to the portal and back to the page asked for, and tells the service who it is', async (t) => {
    const ann = await world.createUser({ email: 'ann@example.com', groups: ['dev', 'ops'] });
    const exposed = await world.expose(t, [service.address, 'http', '--name', 'login']);
    const visitor = world.visitor();

    const page = await visitor.open(`${exposed.url}/headers?a=1&b=%2Fx`);
    assert.equal(page.status, 200);
    assert.equal(new URL(page.url).hostname, world.portalHost);
    assert.match(page.body, /name="password"/);

    const wrong = await visitor.submit(page, { email: ann.email, password: 'not the password' });
    assert.equal(new URL(wrong.url).hostname, world.portalHost);
    assert.notEqual(wrong.status, 200);

    const answer = await visitor.submit(wrong, { email: ann.email, password: ann.password });
    assert.equal(answer.status, 200, answer.body);
    assert.equal(answer.url, `${exposed.url}/headers?a=1&b=%2Fx`);
    const headers = JSON.parse(answer.body) as Record<string, string[]>;
    assert.deepEqual(headers['x-zeronaut-user'], [ann.id]);
    assert.deepEqual(headers['x-zeronaut-email'], ['ann@example.com']);
    assert.deepEqual(headers['x-zeronaut-groups'], ['dev,ops']);

    const keySet = await visitor.ask(`${exposed.url}/.zeronaut/jwks.json`);
    const claims = verifyAssertion(headers['x-zeronaut-assertion']![0]!, keySet.body, exposed.host);
    assert.equal(claims.sub, ann.id);
    assert.equal(claims.email, 'ann@example.com');

    // Our cookies are ours: the service must not be able to act as its visitor elsewhere.
    assert.doesNotMatch(headers.cookie?.join() ?? '', /zn_/);
  });

  it('answers a program with 401 and the reason instead of a redirect', async (t) => {
    const exposed = await world.expose(t, [service.address, 'http', '--name', 'program']);
    const answer = await world.visitor().ask(`${exposed.url}/api`, { headers: { accept: 'application/json' } });
    assert.equal(answer.status, 401);
    assert.match(answer.headers.get('content-type')!, /^application\/problem\+json/);
    assert.equal((JSON.parse(answer.body) as { reason: string }).reason, 'access.session_missing');
  });

  it('lets one sign-in serve two services, with a session of its own for each', async (t) => {
    const user = await world.createUser({ email: 'two@example.com' });
    const first = await world.expose(t, [service.address, 'http', '--name', 'first']);
    const second = await world.expose(t, [service.address, 'http', '--name', 'second']);
    const visitor = world.visitor();
    assert.equal((await visitor.signIn(`${first.url}/one`, user)).body, 'GET /one\n');
    const answer = await visitor.open(`${second.url}/two`);
    assert.equal(answer.body, 'GET /two\n');
    const sessions = visitor.cookies().filter(({ name }) => name === '__Host-zn_session');
    assert.equal(new Set(sessions.map(({ value }) => value)).size, 2);

    // The session of one host is nothing on another.
    const stolen = sessions.find(({ host }) => host === first.host)!;
    const elsewhere = await world.visitor().ask(`${second.url}/two`, {
      headers: { cookie: `__Host-zn_session=${stolen.value}` },
    });
    assert.equal(elsewhere.status, 401);
  });

  it('removes identity headers that a visitor sends, however they are written', async (t) => {
    const exposed = await world.expose(t, [service.address, 'http', '--name', 'forged', '--public']);
    const answer = await world.visitor().ask(`${exposed.url}/headers`, {
      headers: {
        'X-Zeronaut-User': 'usr_forged',
        'x-zeronaut-EMAIL': 'root@example.com',
        X_Zeronaut_Groups: 'admin',
        'X-Zeronaut_Assertion': 'eyJ.eyJ.sig',
        'X-Zeronaut-New-Thing': 'too',
        'X-Own': 'stays',
      },
    });
    const headers = JSON.parse(answer.body) as Record<string, string[]>;
    const names = Object.keys(headers).filter((name) => /^x[-_]zeronaut/i.test(name));
    assert.deepEqual(names, []);
    assert.deepEqual(headers['x-own'], ['stays']);
  });

  it('signs out everywhere', async (t) => {
    const user = await world.createUser({ email: 'out@example.com' });
    const exposed = await world.expose(t, [service.address, 'http', '--name', 'out']);
    const visitor = world.visitor();
    assert.equal((await visitor.signIn(`${exposed.url}/x`, user)).status, 200);
    const home = await visitor.open(world.portalUrl);
    await visitor.submit(home, {}, '/sign-out');
    await waitFor(async () => (await visitor.ask(`${exposed.url}/x`)).status === 401, {
      what: 'the session of the service is over',
    });
  });
});

describe('doors', () => {
  it('--public lets everybody in and gives no identity', async (t) => {
    const exposed = await world.expose(t, [service.address, 'http', '--public']);
    assert.match(exposed.name, /^[a-z]+-[a-z]+(-[a-z0-9]+)?$/);
    const answer = await world.visitor().ask(`${exposed.url}/hello?x=1`);
    assert.deepEqual([answer.status, answer.body], [200, 'GET /hello?x=1\n']);
  });

  it('--allow lets in whom it names, by e-mail and by group, and nobody else', async (t) => {
    const [bea, cal, dan] = await Promise.all([
      world.createUser({ email: 'bea@example.com' }),
      world.createUser({ email: 'cal@example.com', groups: ['cooks'] }),
      world.createUser({ email: 'dan@example.com', groups: ['guests'] }),
    ]);
    const exposed = await world.expose(t, [
      ...[service.address, 'http', '--name', 'narrow', '--allow', 'bea@example.com,group:cooks'],
    ]);
    assert.equal((await world.visitor().signIn(`${exposed.url}/`, bea)).status, 200);
    assert.equal((await world.visitor().signIn(`${exposed.url}/`, cal)).status, 200);
    const refused = await world.visitor().signIn(`${exposed.url}/`, dan);
    assert.equal(refused.status, 403);
    assert.match(refused.body, /access\.not_allowed/);
    assert.equal(service.requests.filter(({ headers }) => headers.includes('dan@example.com')).length, 0);
  });

  it('--basic lets in a program with the password, and keeps the password from the service', async (t) => {
    const exposed = await world.expose(t, [
      ...[service.address, 'http', '--name', 'basic', '--basic', 'robot:s3cret-of-the-robot'],
    ]);
    const ask = (password: string) =>
      world.visitor().ask(`${exposed.url}/headers`, { extra: ['--user', `robot:${password}`] });
    const answer = await ask('s3cret-of-the-robot');
    assert.equal(answer.status, 200);
    assert.equal((JSON.parse(answer.body) as Record<string, string[]>).authorization, undefined);
    const refused = await ask('s3cret-of-the-robop');
    assert.equal(refused.status, 401);
    assert.match(refused.body, /access\.basic_invalid/);
  });

  it('--share makes a link that lets a guest in without an account, and only to this service', async (t) => {
    const exposed = await world.expose(t, [service.address, 'http', '--name', 'shared', '--share', '1h']);
    const other = await world.expose(t, [service.address, 'http', '--name', 'unshared']);
    const [link] = exposed.shareUrls;
    assert.ok(link !== undefined, 'a share link is printed');
    const guest = world.visitor();
    const opened = await guest.open(link);
    assert.equal(opened.status, 200, opened.body);
    assert.equal((await guest.ask(`${exposed.url}/again`)).body, 'GET /again\n');
    assert.equal((await guest.ask(`${other.url}/`)).status, 401);
    const forged = link.replace(/.(?=$|&)/, (last) => (last === 'A' ? 'B' : 'A'));
    assert.equal((await world.visitor().ask(forged)).status, 401);
  });
});

describe('what passes through', () => {
  it('carries server-sent events one by one, unbuffered', async (t) => {
    const exposed = await world.expose(t, [service.address, 'http', '--name', 'events', '--public']);
    const listener = await fetchThrough(exposed.url, '/events');
    await waitFor(() => service.eventListeners === 1, { what: 'the service has a listener' });
    for (const word of ['one', 'two', 'three']) {
      const started = performance.now();
      service.sendEvent(word);
      await waitFor(() => listener.text().endsWith(`data: ${word}\n\n`), { what: `the event ${word}` });
      assert.ok(performance.now() - started < 1_000);
    }
    listener.close();
    await waitFor(() => service.eventListeners === 0, { what: 'the service learns that the listener is gone' });
  });

  it('carries a WebSocket, text and binary, and its end', async (t) => {
    const exposed = await world.expose(t, [service.address, 'http', '--name', 'socket', '--public']);
    const socket = new WebSocket(`${exposed.url.replace('https:', 'wss:')}/echo`, world.clientOptions);
    await once(socket, 'open');
    for (const message of ['hello', Buffer.alloc(300_000, 7)]) {
      socket.send(message);
      const [data] = (await once(socket, 'message')) as [Buffer];
      assert.deepEqual(data, Buffer.from(message));
    }
    socket.close(4001, 'enough');
    const [code] = (await once(socket, 'close')) as [number];
    assert.equal(code, 4001);
  });

  it('refuses a WebSocket without a session', async (t) => {
    const exposed = await world.expose(t, [service.address, 'http', '--name', 'closed-socket']);
    const socket = new WebSocket(`${exposed.url.replace('https:', 'wss:')}/echo`, world.clientOptions);
    const [error] = (await once(socket, 'error')) as [Error];
    assert.match(error.message, /401/);
  });

  it('keeps methods, bodies, statuses and queries as they are', async (t) => {
    const exposed = await world.expose(t, [service.address, 'http', '--name', 'plain', '--public']);
    const visitor = world.visitor();
    for (const method of ['GET', 'DELETE', 'PUT', 'PATCH', 'OPTIONS', 'PURGE']) {
      assert.equal((await visitor.ask(`${exposed.url}/a%2Fb/?q=%20`, { method })).body, `${method} /a%2Fb/?q=%20\n`);
    }
    assert.equal((await visitor.ask(`${exposed.url}/status?code=418`)).status, 418);
    assert.equal(
      (await visitor.ask(`${exposed.url}/bytes?size=10`, { extra: ['--head'] })).headers.get('content-length'),
      '10',
    );
    const hash = await visitor.ask(`${exposed.url}/hash`, { method: 'POST', body: 'x'.repeat(100_000) });
    assert.equal((JSON.parse(hash.body) as { size: number }).size, 100_000);
  });

  it('shows each request in the terminal that exposes', async (t) => {
    const exposed = await world.expose(t, [service.address, 'http', '--name', 'watched', '--public']);
    await world.visitor().ask(`${exposed.url}/seen?secret=1`);
    const event = await exposed.cli.event<{ path: string; status: number; method: string }>('request');
    assert.deepEqual([event.method, event.path, event.status], ['GET', '/seen', 200]);
  });
});

describe('names', () => {
  it('keeps a random name across restarts of the same expose', async (t) => {
    const first = await world.expose(t, ['127.0.0.1:1', 'http']);
    await first.stop();
    const second = await world.expose(t, ['127.0.0.1:1', 'http']);
    assert.equal(second.name, first.name);
    const other = await world.expose(t, ['127.0.0.1:2', 'http']);
    assert.notEqual(other.name, first.name);
  });

  it('refuses a name that somebody else has, with the reason and its own exit code', async (t) => {
    await world.expose(t, [service.address, 'http', '--name', 'taken']);
    const stranger = await world.createUser({ email: 'stranger@example.com', role: 'operator' });
    const result = await world.zeronautAs(stranger, ['expose', service.address, 'http', '--name', 'taken', '--json']);
    assert.equal(result.code, 6, result.stderr);
    const { error } = JSON.parse(result.stderr) as { error: { reason: string; message: string } };
    assert.match(error.message, /taken/);
  });
});

/** A GET whose body is read as it comes. */
async function fetchThrough(base: string, path: string): Promise<{ text(): string; close(): void }> {
  const { request } = await import('node:https');
  const outgoing = request(`${base}${path}`, { ...world.clientOptions, agent: false }).end();
  const [response] = (await once(outgoing, 'response')) as [import('node:http').IncomingMessage];
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  response.on('error', () => undefined);
  outgoing.on('error', () => undefined);
  return { text: () => text, close: () => outgoing.destroy() };
}
