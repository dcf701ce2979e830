import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { routes } from '@zeronaut/model';
import { ApiProblem, type Call, createCall, type RouteTable } from './api-client.ts';

interface Answer {
  readonly status: number;
  readonly body: string;
}

async function server(t: TestContext, answer: (request: IncomingMessage, body: string) => Answer): Promise<Call> {
  const http = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { status, body: text } = answer(request, body);
    response.writeHead(status, { 'x-request-id': 'req_1' }).end(text);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  t.after(() => http.close());
  const { port } = http.address() as AddressInfo;
  return createCall(routes as unknown as RouteTable, (url, init) => fetch(`http://127.0.0.1:${port}${url}`, init));
}

test('a call is what the route table says, with the header of our own page', async (t) => {
  const seen: unknown[] = [];
  const call = await server(t, ({ method, url, headers }, body) => {
    seen.push([method, url, headers['x-zeronaut-page'], headers['if-match'], headers.authorization, body]);
    return method === 'DELETE' ? { status: 204, body: '' } : { status: 200, body: '{"items":[],"nextCursor":null}' };
  });
  assert.deepEqual(await call('resources.list', { query: { limit: 5, cursor: undefined } }), {
    items: [],
    nextCursor: null,
  });
  assert.equal(await call('gateways.delete', { params: { id: 'a/b?c' } }), undefined);
  await call('users.update', { params: { id: 'usr_1' }, body: { name: 'Ann' } }, { version: 3 });
  assert.deepEqual(seen, [
    ['GET', '/api/v1/resources?limit=5', '1', undefined, undefined, ''],
    ['DELETE', '/api/v1/gateways/a%2Fb%3Fc', '1', undefined, undefined, ''],
    ['PATCH', '/api/v1/users/usr_1', '1', '"3"', undefined, '{"name":"Ann"}'],
  ]);
});

test('every no is a problem: of the console, of a proxy before it, or of the network', async (t) => {
  const answers: Answer[] = [
    { status: 403, body: JSON.stringify({ title: 'No', status: 403, reason: 'api.forbidden', requestId: 'req_9' }) },
    { status: 502, body: '<html>bad gateway' },
    { status: 500, body: 'null' },
  ];
  const call = await server(t, () => answers.shift()!);
  const problem = async () => {
    const error = await call('me.get', {}).catch((cause: unknown) => cause);
    assert.ok(error instanceof ApiProblem);
    return [error.problem.status, error.problem.reason, error.problem.requestId];
  };
  assert.deepEqual(await problem(), [403, 'api.forbidden', 'req_9']);
  assert.deepEqual(await problem(), [502, 'web.unreadable', 'req_1']);
  assert.deepEqual(await problem(), [500, 'web.unreadable', 'req_1']);
  const away = createCall(routes as unknown as RouteTable, () => Promise.reject(new TypeError('fetch failed')));
  await assert.rejects(away('me.get', {}), (error: ApiProblem) => error.problem.reason === 'web.unreachable');
  const stop = AbortSignal.abort(new Error('the page went on'));
  await assert.rejects(call('me.get', {}, { signal: stop }), /the page went on/, 'nobody waits for it: no problem');
});
