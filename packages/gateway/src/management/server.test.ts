import assert from 'node:assert/strict';
import { type IncomingHttpHeaders, request } from 'node:http';
import { type TestContext, test } from 'node:test';
import { type ManagementOptions, startManagement } from './server.ts';

async function start(t: TestContext, options: Partial<ManagementOptions> = {}): Promise<number> {
  const server = await startManagement({
    host: '127.0.0.1',
    port: 0,
    readiness: () => ({ ready: true, snapshotVersion: 3 }),
    metrics: async () => ({ contentType: 'text/plain', body: 'up 1\n' }),
    reload: async () => ({ ok: true, problems: [] }),
    ...options,
  });
  t.after(() => server.stop());
  return server.port;
}

function ask(
  port: number,
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<{ status: number; body: string; headers: IncomingHttpHeaders }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode!, body, headers: response.headers }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

test('health, readiness, metrics and reload', async (t) => {
  const port = await start(t);
  assert.deepEqual(JSON.parse((await ask(port, '/healthz')).body), { status: 'ok' });
  assert.deepEqual(JSON.parse((await ask(port, '/readyz?x=1')).body), { ready: true, snapshotVersion: 3 });
  assert.equal((await ask(port, '/metrics')).body, 'up 1\n');
  assert.equal((await ask(port, '/reload', { method: 'POST' })).status, 200);
});

test('not ready, a refused reload and a room that fails have their statuses', async (t) => {
  const port = await start(t, {
    readiness: () => ({ ready: false }),
    metrics: () => Promise.reject(new Error('broken')),
    reload: async () => ({ ok: false, problems: ['gateway.yaml:1:1: expected 1, got 2'] }),
  });
  assert.equal((await ask(port, '/readyz')).status, 503);
  assert.equal((await ask(port, '/metrics')).status, 500);
  const reload = await ask(port, '/reload', { method: 'POST' });
  assert.deepEqual([reload.status, JSON.parse(reload.body).problems[0]], [422, 'gateway.yaml:1:1: expected 1, got 2']);
  assert.equal((await ask(port, '/healthz')).status, 200);
});

test('only loopback names reach it, so that a name which resolves here does not', async (t) => {
  const port = await start(t);
  for (const host of ['localhost', `localhost:${port}`, '127.0.0.1', '127.0.0.2:9090', '[::1]:9090', 'LOCALHOST']) {
    assert.equal((await ask(port, '/healthz', { headers: { host } })).status, 200, host);
  }
  for (const host of [
    'evil.example.com',
    'localhost.evil.example.com',
    '192.0.2.1',
    '127.0.0.1.evil.example.com',
    '0177.0.0.1',
    'app.localhost',
    '[::2]',
  ]) {
    assert.equal((await ask(port, '/metrics', { headers: { host } })).status, 403, host);
  }
});

test('a page in a browser cannot reload', async (t) => {
  let reloads = 0;
  const port = await start(t, {
    reload: async () => {
      reloads++;
      return { ok: true, problems: [] };
    },
  });
  const headers = { origin: 'http://localhost:3000' };
  assert.equal((await ask(port, '/reload', { method: 'POST', headers })).status, 403);
  assert.equal((await ask(port, '/reload')).status, 405);
  assert.equal(reloads, 0);
});

test('other paths and methods', async (t) => {
  const port = await start(t);
  assert.equal((await ask(port, '/')).status, 404);
  assert.equal((await ask(port, '/healthz', { method: 'DELETE' })).status, 405);
  assert.equal((await ask(port, '/healthz', { method: 'HEAD' })).status, 200);
});

test('nothing that a gateway forwards is answered, whatever its Host', async (t) => {
  const port = await start(t);
  for (const name of ['Forwarded', 'X-Forwarded-For']) {
    const headers = { host: '127.0.0.1', [name]: name === 'Forwarded' ? 'for=192.0.2.1' : '192.0.2.1' };
    assert.equal((await ask(port, '/metrics', { headers })).status, 403, name);
    assert.equal((await ask(port, '/reload', { method: 'POST', headers })).status, 403, name);
  }
});
