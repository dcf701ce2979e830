import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { problem, REASONS, type Reason, routes } from '@zeronaut/model';
import { ApiClient } from './client.ts';
import { authorizeDevice, type DeviceCode } from './device-flow.ts';

const code = {
  device_code: 'd'.repeat(40),
  user_code: 'BCDF-GHJK',
  verification_uri: 'https://console.example.com/device',
  verification_uri_complete: 'https://console.example.com/device?code=BCDF-GHJK',
  expires_in: 600,
  interval: 5,
};

/** A console that gives these answers to polls, one after the other: a reason, `gone` (the connection breaks), or a token. */
async function startConsole(t: TestContext, answers: (Reason | 'gone' | 'token')[]) {
  const polls: unknown[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      let text = '';
      for await (const chunk of request) text += String(chunk);
      const body: unknown = JSON.parse(text);
      const send = (status: number, value: unknown) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
      if (request.url === routes['oauth.deviceAuthorization'].path) {
        routes['oauth.deviceAuthorization'].body.parse(body);
        return send(200, code);
      }
      polls.push(routes['oauth.token'].body.parse(body));
      const answer = answers.shift()!;
      if (answer === 'gone') return request.socket.destroy();
      if (answer === 'token') {
        return send(200, { access_token: 'zns_token', token_type: 'Bearer', expires_in: 3600, scope: 'unknown to us' });
      }
      const { status, title } = REASONS[answer];
      const said = {
        type: 'about:blank',
        title,
        status,
        reason: answer,
        requestId: 'req_1',
        error: 'in RFC 8628 terms',
      };
      return send(status, problem.loose().parse(said));
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const consoleUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const waits: number[] = [];
  const codes: DeviceCode[] = [];
  const controller = new AbortController();
  const run = () =>
    authorizeDevice(
      new ApiClient({ consoleUrl, token: null }),
      (shown) => codes.push(shown),
      controller.signal,
      async (milliseconds, _value, { signal }) => {
        signal.throwIfAborted();
        waits.push(milliseconds / 1_000);
      },
    );
  return { run, polls, waits, codes, controller };
}

describe('the device authorization grant', () => {
  it('shows the code, polls at the interval, slows down when told, survives a lost connection', async (t) => {
    const { run, polls, waits, codes } = await startConsole(t, [
      'api.authorization_pending',
      'api.slow_down',
      'api.authorization_pending',
      'gone',
      'api.rate_limited',
      'token',
    ]);
    const { token, expiresAt } = await run();
    assert.equal(token, 'zns_token');
    assert.ok(Math.abs(Date.parse(expiresAt) - Date.now() - 3_600_000) < 60_000);
    assert.deepEqual(waits, [5, 5, 10, 10, 15, 20]);
    assert.equal(polls.length, 6);
    assert.deepEqual(codes, [
      {
        userCode: code.user_code,
        verificationUri: code.verification_uri,
        verificationUriComplete: code.verification_uri_complete,
        expiresInSeconds: 600,
      },
    ]);
  });

  const ends: [Reason, { reason: string; exitCode: number }][] = [
    ['api.access_denied', { reason: 'api.access_denied', exitCode: 4 }],
    ['api.token_expired', { reason: 'api.token_expired', exitCode: 3 }],
    ['api.token_used', { reason: 'api.token_expired', exitCode: 3 }],
    ['api.invalid', { reason: 'api.invalid', exitCode: 2 }],
  ];
  for (const [reason, expected] of ends) {
    it(`ends on ${reason}`, async (t) => {
      const { run, polls } = await startConsole(t, ['api.authorization_pending', reason]);
      await assert.rejects(run(), expected);
      assert.equal(polls.length, 2);
    });
  }

  it('ends when it is interrupted', async (t) => {
    const { run, controller, polls } = await startConsole(t, []);
    controller.abort();
    await assert.rejects(run(), { name: 'AbortError' });
    assert.equal(polls.length, 0);
  });
});
