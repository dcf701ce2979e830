/** `zeronaut forward`: a private destination on a local port, if policy lets this user. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, before, it } from 'node:test';
import { promisify } from 'node:util';
import { postgresCluster, postgresMissing, temporaryDirectory, waitFor } from '@zeronaut/testkit';
import { findProgram } from '../scripts/needs.mjs';
import { fileOwner } from './harness/file-owner.ts';
import { startWebService } from './harness/web-service.ts';
import { startWorld, type World } from './harness/world.ts';

const run = promisify(execFile);
const owner = fileOwner();
let world: World;

before(async () => {
  world = await startWorld(owner);
});
afterEach((t) => world.showLogsOnFailure(t));

/** An agent that reaches `destinations` for the members of a group. */
async function startSite(t: Parameters<World['agent']>[0], name: string, destinations: string[], allow: string[]) {
  const file = join(temporaryDirectory(name), 'agent.yaml');
  writeFileSync(
    file,
    `version: 1\nsites:\n  - name: ${name}\n    destinations: ${JSON.stringify(destinations)}\n    allow: ${JSON.stringify(allow)}\n`,
  );
  return world.agent(t, file);
}

const skip = (postgresMissing() ?? (findProgram('psql') === null ? 'psql is not installed' : null)) || false;

it('psql reaches a real PostgreSQL through forward, if policy lets the user', { skip }, async (t) => {
  const database = await (await postgresCluster()).createDatabase();
  t.after(database.release);
  const url = new URL(database.url);
  await startSite(t, 'db', [`localhost:${url.port}`], ['group:dba']);
  const ann = await world.createUser({ email: 'dba@example.com', groups: ['dba'] });
  const bob = await world.createUser({ email: 'bob@example.com', groups: ['sales'] });

  const allowed = await world.forward(t, ann, [`localhost:${url.port}`, '127.0.0.1:0']);
  const psql = async (port: number, statement: string) => {
    const through = new URL(url);
    through.port = String(port);
    const { stdout } = await run('psql', [through.href, '-XAtc', statement], {
      env: { ...process.env, PGCONNECT_TIMEOUT: '10' },
    });
    return stdout.trim();
  };
  assert.equal(await psql(allowed.port, 'select 6 * 7'), '42');
  assert.equal(
    await psql(allowed.port, "select length(string_agg(md5(i::text), '')) from generate_series(1, 100000) i"),
    '3200000',
  );
  const many = await Promise.all(Array.from({ length: 10 }, (_, i) => psql(allowed.port, `select ${i}`)));
  assert.deepEqual(many.map(Number), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);

  const denied = await world.forward(t, bob, [`localhost:${url.port}`, '127.0.0.1:0'], { mayEnd: true });
  if (denied.port !== 0) await assert.rejects(psql(denied.port, 'select 1'));
  const event = await waitFor(
    async () =>
      (await world.accessEvents({})).find(({ protocol, effect, subject }) => {
        return protocol === 'forward' && effect === 'deny' && subject === bob.id;
      }),
    { what: 'the refusal is in the access events' },
  );
  assert.equal(event.reason, 'forward.denied');
});

it('does not lead to a destination that no site names', async (t) => {
  const service = await startWebService(t);
  await startSite(t, 'web', [`127.0.0.1:${service.port}`], ['role:owner', 'group:web']);
  const user = await world.createUser({ email: 'web@example.com', groups: ['web'] });
  const good = await world.forward(t, user, [`127.0.0.1:${service.port}`, '127.0.0.1:0']);
  assert.equal(await (await fetch(`http://127.0.0.1:${good.port}/x`)).text(), 'GET /x\n');
  const other = await startWebService(t);
  const bad = await world.forward(t, user, [`127.0.0.1:${other.port}`, '127.0.0.1:0'], { mayEnd: true });
  if (bad.port !== 0) await assert.rejects(fetch(`http://127.0.0.1:${bad.port}/x`));
  assert.equal(other.requests.length, 0);
});

it('carries UDP, several flows at once', async (t) => {
  const echo = createSocket('udp4');
  echo.on('message', (message, { port, address }) => echo.send(`echo ${message}`, port, address));
  echo.bind(0, '127.0.0.1');
  await once(echo, 'listening');
  t.after(() => echo.close());
  await startSite(t, 'udp', [`127.0.0.1:${echo.address().port}`], ['group:udp']);
  const user = await world.createUser({ email: 'udp@example.com', groups: ['udp'] });
  const forward = await world.forward(t, user, [`127.0.0.1:${echo.address().port}`, '127.0.0.1:0', '--udp']);
  const answers = await Promise.all(
    Array.from({ length: 8 }, async (_, i) => {
      const socket = createSocket('udp4');
      t.after(() => socket.close());
      const message = once(socket, 'message');
      socket.send(`flow ${i}`, forward.port, '127.0.0.1');
      return String((await message)[0]);
    }),
  );
  assert.deepEqual(
    answers,
    Array.from({ length: 8 }, (_, i) => `echo flow ${i}`),
  );
});
