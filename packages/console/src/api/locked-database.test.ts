import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { eachDatabase, waitFor } from '@zeronaut/testkit';
import pg from 'pg';
import { startFixture } from '../testing/fixture.suite.ts';

eachDatabase(
  'while the database is locked nobody signs in and nothing is changed, and nothing waits for ever',
  async (t, database) => {
    const fixture = await startFixture(t, database);
    const ours = await fixture.organization('ours');
    const { user } = await ours.user('member', { email: 'ann@example.com', password: 'correct horse battery' });
    const credentials = { email: 'ann@example.com', password: 'correct horse battery' };
    const signIn = () => ours.call('POST', '/api/v1/sessions', credentials, { key: null });
    assert.equal((await signIn()).statusCode, 201);
    const sessions = async () =>
      (await fixture.context.store.db.selectFrom('sessions').select('id').where('user_id', '=', user.id).execute())
        .length;
    const before = await sessions();

    if (database.kind === 'sqlite') {
      // The console itself holds the lock for as long as it runs: nobody else gets it, and it goes on.
      const other = new DatabaseSync(database.file, { timeout: 100 });
      t.after(() => other.close());
      assert.throws(() => other.exec('begin immediate'), /database is locked/);
      assert.equal((await signIn()).statusCode, 201);
      return;
    }
    const locker = new pg.Client({ connectionString: database.url });
    await locker.connect();
    t.after(() => locker.end());
    await locker.query('begin');
    await locker.query('lock table users, sessions, organizations in access exclusive mode');
    // More than there are connections: those that wait must not keep out those that could be told at once.
    const calls = await Promise.all([
      ...Array.from({ length: 12 }, signIn),
      ours.call('GET', '/api/v1/users'),
      ours.call(
        'PATCH',
        `/api/v1/users/${user.id}`,
        { status: 'disabled' },
        { headers: { 'if-match': `"${user.version}"` } },
      ),
      ours.call('POST', '/api/v1/groups', { name: 'made-while-locked', description: '' }),
    ]);
    for (const answer of calls) {
      assert.ok([429, 503].includes(answer.statusCode), answer.body);
      if (answer.statusCode === 503) assert.equal(answer.json().reason, 'api.unavailable');
    }
    assert.ok(calls.slice(-3).every(({ statusCode }) => statusCode === 503));
    await locker.query('rollback');

    await waitFor(async () => (await ours.call('GET', '/api/v1/users')).statusCode === 200, {
      what: 'the console answers',
    });
    assert.equal(await sessions(), before, 'no session of a sign-in that was refused');
    const after = (await ours.call('GET', `/api/v1/users/${user.id}`)).json();
    assert.deepEqual([after.status, after.version], ['active', user.version]);
    assert.equal((await ours.call('GET', '/api/v1/groups/made-while-locked')).statusCode, 404);
    fixture.clock.nowMs += 60 * 60_000;
    assert.equal((await signIn()).statusCode, 201);
  },
);
