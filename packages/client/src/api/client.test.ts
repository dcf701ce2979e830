import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { it, type TestContext } from 'node:test';
import { freePort } from '@zeronaut/testkit';
import { ApiClient, listAll } from './client.ts';

async function serve(t: TestContext, answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return new ApiClient({
    consoleUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    token: 'znk_mine',
  });
}

const health = { status: 'ok', version: '1', database: 'sqlite', setupNeeded: false };

it('sends the credential, fills the path and gives what the route answers', async (t) => {
  const seen: string[] = [];
  const api = await serve(t, (request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    response.writeHead(204).end();
  });
  await api.call('services.delete', { params: { id: 'a/../b' } });
  assert.deepEqual(seen, ['DELETE /api/v1/services/a%2F..%2Fb Bearer znk_mine']);
});

it('turns a problem into an error with reason, next step and request id', async (t) => {
  const api = await serve(t, (_request, response) => {
    const said = {
      type: 'x',
      title: 'The name is taken',
      status: 409,
      reason: 'api.name_taken',
      requestId: 'req_9',
      next: 'N',
    };
    response.writeHead(409, { 'content-type': 'application/problem+json' }).end(JSON.stringify(said));
  });
  await assert.rejects(api.call('health.get', {}), {
    name: 'CliError',
    reason: 'api.name_taken',
    next: 'N',
    exitCode: 6,
    requestId: 'req_9',
    message: 'The name is taken',
  });
});

it('leaves out what a newer console adds, and refuses what is not an answer of the API', async (t) => {
  let text = JSON.stringify({ ...health, added: { later: 1 } });
  let status = 200;
  const api = await serve(t, (_request, response) => response.writeHead(status).end(text));
  assert.deepEqual(await api.call('health.get', {}), health);
  const bad: [number, string][] = [
    [200, '{"status":"ok"}'],
    [200, '<html>'],
    [200, 'null'],
    [302, ''],
    [502, 'Bad Gateway'],
  ];
  for (const [withStatus, withText] of bad) {
    [status, text] = [withStatus, withText];
    await assert.rejects(api.call('health.get', {}), { reason: 'cli.console_unreachable', exitCode: 7 }, withText);
  }
});

it('does not follow a redirect, which would carry the credential elsewhere', async (t) => {
  let asked = 0;
  const elsewhere = await serve(t, (_request, response) => {
    asked += 1;
    response.end(JSON.stringify(health));
  });
  const api = await serve(t, (_request, response) => {
    response.writeHead(302, { location: `${elsewhere.consoleUrl}/api/v1/health` }).end();
  });
  await assert.rejects(api.call('health.get', {}), { exitCode: 7 });
  assert.equal(asked, 0);
});

it('says why nobody answered', async (t) => {
  const nobody = new ApiClient({ consoleUrl: `http://127.0.0.1:${await freePort()}`, token: null });
  await assert.rejects(nobody.call('health.get', {}), { exitCode: 7, message: /connection refused/ });
  const silent = await serve(t, () => undefined);
  await assert.rejects(silent.call('health.get', {}, { timeoutMs: 30 }), { exitCode: 7, message: /no answer in time/ });
});

it('reads every page', async (t) => {
  const api = await serve(t, (request, response) => {
    const cursor = new URL(request.url!, 'http://x').searchParams.get('cursor');
    const page = { items: [], nextCursor: cursor === null ? 'two' : cursor === 'two' ? 'three' : null };
    asked.push(cursor);
    response.end(JSON.stringify(page));
  });
  const asked: (string | null)[] = [];
  assert.deepEqual(await listAll(api, 'sites.list'), []);
  assert.deepEqual(asked, [null, 'two', 'three']);
});

it('names the program and the machine, so that whoever approves a device can tell', async (t) => {
  let agent: string | undefined;
  const api = await serve(t, (request, response) => {
    agent = request.headers['user-agent'];
    response.end(JSON.stringify(health));
  });
  await api.call('health.get', {});
  assert.match(agent ?? '', /^zeronaut\/\d+\.\d+\.\d+ \([\w.-]*\)$/);
});
