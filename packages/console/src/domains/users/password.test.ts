import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { test } from 'node:test';
import { openBreachedPasswords } from './breached-passwords.ts';
import { createPasswordHasher } from './password.ts';
import { checkPassword } from './password-policy.ts';

test('a hash is argon2id at the documented cost, salted, and verifies its own password only', async () => {
  const hasher = createPasswordHasher();
  const hash = await hasher.hash('plum violin harbour seven');
  assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  assert.notEqual(hash, await hasher.hash('plum violin harbour seven'));
  assert.equal(await hasher.verify('plum violin harbour seven', hash), true);
  assert.equal(await hasher.verify('plum violin harbour eight', hash), false);
  assert.equal(await hasher.verify('plum violin harbour seven', null), false);
  assert.equal(await hasher.verify('plum violin harbour seven', 'not a hash'), false);
});

test('the same letters typed in another normal form are the same password', async () => {
  const hasher = createPasswordHasher({ memory: 64, passes: 1, parallelism: 1 });
  const hash = await hasher.hash('pässword für alle');
  assert.equal(await hasher.verify('pässword für alle'.normalize('NFD'), hash), true);
});

test('too many at once are refused instead of waiting for ever, and those before them are served', async () => {
  const hasher = createPasswordHasher({ memory: 64, passes: 1, parallelism: 1 });
  const results = await Promise.allSettled(Array.from({ length: 300 }, () => hasher.hash('x')));
  const refused = results.filter((result) => result.status === 'rejected');
  assert.equal(refused.length, 300 - 204);
  assert.ok(refused.every(({ reason }) => reason.code === 'passwords.busy' && reason.retry === 'yes'));
  assert.match(await hasher.hash('x'), /^\$argon2id/);
});

test('guessers wait behind everybody else, are few, and keep nobody from a thread', async (t) => {
  // Of four that run at once any may be done first: told in the order in which they began, they show who was let in before whom.
  const { argon2 } = crypto;
  let told: Promise<unknown> = Promise.resolve();
  t.mock.method(crypto, 'argon2', (...[algorithm, parameters, tell]: Parameters<typeof argon2>) => {
    const answer = new Promise<Parameters<typeof tell>>((resolve) =>
      argon2(algorithm, parameters, (...got) => resolve(got)),
    );
    told = Promise.all([answer, told]).then(([got]) => tell(...got));
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  const hasher = createPasswordHasher({ memory: 64, passes: 1, parallelism: 1 });
  const done: string[] = [];
  const verify = (precedence: 'known' | 'first' | 'suspect') =>
    hasher.verify('x', null, precedence).then(
      () => done.push(precedence),
      () => done.push(`${precedence} refused`),
    );
  const all = [...Array(100).fill('suspect'), ...Array(50).fill('first'), ...Array(10).fill('known')];
  await Promise.all(all.map(verify));
  const count = (outcome: string) => done.filter((one) => one === outcome).length;
  // Two run at once and twenty wait; of the addresses without a stain two run beside them and thirty wait.
  assert.equal(count('suspect'), 22);
  assert.equal(count('first'), 32);
  assert.equal(count('known'), 10);
  const order = done.filter((one) => !one.endsWith('refused'));
  assert.ok(order.lastIndexOf('known') < order.indexOf('first', 6), 'known before what waited longer');
  assert.ok(
    order.slice(-18).every((one) => one === 'suspect'),
    order.join(' '),
  );
});

test('passwords that a guesser tries first, or that are known from a breach, are refused', async () => {
  const context = { breachedPasswords: await openBreachedPasswords(null) };
  const weak = [
    'short',
    'elevenchars',
    'passwordpassword',
    'Password123456',
    'P@ssw0rdP@ssw0rd',
    'aaaaaaaaaaaaaaa',
    'abababababab',
    '1234567890123',
    'qwertyuiop12',
    'ann@example.com',
    'Ann@Example.com1',
    'Administrator1!',
    'letmein!!!!!2026',
    '1qaz2wsx3edc4rfv',
    'JustinBieber',
    'supernatural2026!',
  ];
  for (const password of weak) {
    assert.equal((await checkPassword(context, password, 'ann@example.com'))?.reason, 'api.password_weak', password);
  }
  for (const password of ['plum violin harbour seven', 'kX9$mQ2!vB7z', 'жили-были старик']) {
    assert.equal(await checkPassword(context, password, 'ann@example.com'), null, password);
  }
});
