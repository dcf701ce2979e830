import assert from 'node:assert/strict';
import { it } from 'node:test';
import { exposeAgain } from './expose-command.ts';

const EXAMPLE = 'ann@example.com,group:dev';
const shop = {
  ...{ name: 'shop', origin: 'service' as const, access: { allow: [] as string[] } },
  targets: [{ protocol: 'http', address: 'localhost:3000' }],
};

it('publishes a service of an agent again, saying who may use it', () => {
  const start = 'npx zeronaut expose localhost:3000 http --name shop --allow';
  assert.equal(exposeAgain(shop, EXAMPLE), `${start} ${EXAMPLE}`);
  assert.equal(
    exposeAgain({ ...shop, access: { allow: ['group:ops', 'bo@example.com'] } }, EXAMPLE),
    `${start} group:ops,bo@example.com`,
  );
  assert.equal(
    exposeAgain({ ...shop, access: { allow: ['group:a b', "group:it's"] } }, EXAMPLE),
    `${start} 'group:a b,group:it'\\''s'`,
  );
  const socket = { ...shop, targets: [{ protocol: 'http', address: 'unix:/run/my app.sock' }] };
  assert.match(exposeAgain(socket, EXAMPLE)!, /expose 'unix:\/run\/my app\.sock' http/);
});

it('is for services of agents alone', () => {
  assert.equal(exposeAgain({ ...shop, origin: 'declared' }, EXAMPLE), null);
  assert.equal(exposeAgain({ ...shop, targets: [] }, EXAMPLE), null);
});
