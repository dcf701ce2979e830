import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { eachDatabase, temporaryDirectory } from '@zeronaut/testkit';
import { loadAuthority } from '../../authority/authority.ts';
import { loadMasterKey } from '../../authority/master-key.ts';
import { restoreBackup } from '../../restore-backup.ts';
import { openStore } from '../../store/store.ts';
import { startFixture } from '../../testing/fixture.suite.ts';
import { ensureLocalCredential } from '../setup/local-user.ts';
import { BackupError, decodeBackup, encodeBackup } from './backup-file.ts';

const PASSPHRASE = 'a long passphrase';
const PASSWORD = 'plum violin harbour seven';

eachDatabase('a backup is made by who may, and a console starts from it', async (t, database) => {
  const fixture = await startFixture(t, database);
  const { context } = fixture;
  const ours = await fixture.organization();
  const { user } = await ours.user('owner', { password: PASSWORD });
  const signedIn = await ours.call(
    'POST',
    '/api/v1/sessions',
    { email: user.email, password: PASSWORD },
    { key: null },
  );
  const { token } = signedIn.json().session;
  const make = (key: string, body: object = { passphrase: PASSPHRASE }) =>
    ours.call('POST', '/api/v1/backups', body, { key });
  const reason = async (answer: ReturnType<typeof make>) => (await answer).json().reason;
  assert.equal(await reason(make(ours.key)), 'factor.session_needed', 'a key does not do');
  assert.equal(await reason(make(token, { passphrase: 'short' })), 'api.invalid');
  if (context.store.copy === null) {
    assert.equal(await reason(make(token)), 'backup.postgres');
    return;
  }
  await ours.call('POST', '/api/v1/resources', { name: 'wiki', targets: [{ address: '10.0.0.1:80' }] });
  const made = await make(token);
  assert.equal(made.statusCode, 200);
  assert.equal(made.headers['content-type'], 'application/vnd.zeronaut.backup');
  const bytes = made.rawPayload;
  for (const secret of ['wiki', user.email, 'SQLite format']) assert.ok(!bytes.includes(secret), secret);
  const directory = dirname((database as { file: string }).file);
  assert.deepEqual(
    readdirSync(directory).filter((name) => name.endsWith('.copy')),
    [],
    'no copy is left',
  );
  const [entry] = (await ours.call('GET', '/api/v1/audit?action=console.backup')).json().items;
  assert.equal(entry.actor.name, user.email);

  // A second one at once is told to wait; whoever leaves before the first byte is in nobody's way.
  const both = await Promise.all([make(token), make(token)]);
  assert.deepEqual(both.map(({ statusCode }) => statusCode).sort(), [200, 409]);

  const home = temporaryDirectory(t);
  const file = join(home, 'zeronaut.backup');
  writeFileSync(file, bytes);
  const options = { dataDirectory: join(home, 'console') };
  await assert.rejects(restoreBackup(file, 'another passphrase', options), /the passphrase is another one/);
  assert.deepEqual(readdirSync(options.dataDirectory), []);
  await restoreBackup(file, PASSPHRASE, options);
  assert.deepEqual(readdirSync(options.dataDirectory).sort(), ['master.key', 'zeronaut.db']);
  for (const name of readdirSync(options.dataDirectory))
    assert.equal(statSync(join(options.dataDirectory, name)).mode & 0o777, 0o600);
  await assert.rejects(restoreBackup(file, PASSPHRASE, options), /is there already/);

  const restored = await openStore(join(options.dataDirectory, 'zeronaut.db'));
  t.after(() => restored.close());
  const masterKey = loadMasterKey(join(options.dataDirectory, 'master.key'));
  const authority = await loadAuthority(restored, masterKey, context.clock);
  assert.equal(authority.certificates.certificate, context.authority.certificates.certificate);
  const rows = await restored.db.selectFrom('resources').select('name').execute();
  assert.deepEqual(
    rows.map(({ name }) => name),
    ['wiki'],
  );
  const audited = await restored.db.selectFrom('audit_entries').selectAll().execute();
  assert.ok(audited.length > 0);

  // What belongs to several organizations is for the OS user beside the console.
  await fixture.organization('others');
  assert.equal(await reason(make(token)), 'backup.several_organizations');
  const local = await ensureLocalCredential(context, ours.id, 'http://127.0.0.1:8080', null);
  assert.equal((await make(local.apiKey)).statusCode, 200);
});

async function* parts(of: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < of.length; at += size) yield of.subarray(at, at + size);
}
async function whole(of: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const part of of) all.push(part);
  return Buffer.concat(all);
}

test('a backup opens whole or not at all', async () => {
  const about = { createdAt: '2026-01-01T00:00:00.000Z', version: '1' };
  const plain = Buffer.alloc(2 * 65_536, 'x');
  const file = await whole(encodeBackup(parts(plain, 40_000), about, PASSPHRASE));
  assert.deepEqual(await whole(decodeBackup(parts(file, 1_000), PASSPHRASE)), plain);
  const start = file.indexOf('}\n') + 2;
  const chunk = 65_536 + 16;
  const wrong: Record<string, Buffer> = {
    'nothing of it': Buffer.alloc(0),
    'something else': Buffer.from('SQLite format 3\0'.repeat(200)),
    'the end is cut at a chunk': file.subarray(0, start + chunk),
    'two chunks changed places': Buffer.concat([
      file.subarray(0, start),
      file.subarray(start + chunk, start + 2 * chunk),
      file.subarray(start, start + chunk),
    ]),
    'a bit of the header changed': Buffer.concat([
      Buffer.from(file.toString('latin1', 0, start).replace('2026', '2027')),
      file.subarray(start),
    ]),
    'something comes after it': Buffer.concat([file, Buffer.from('x')]),
  };
  for (const [what, bytes] of Object.entries(wrong)) {
    await assert.rejects(whole(decodeBackup(parts(bytes, 10_000), PASSPHRASE)), BackupError, what);
  }
});

test('what an interrupted console left of a copy goes at its next start', async (t) => {
  const file = join(temporaryDirectory(t), 'zeronaut.db');
  writeFileSync(`${file}-0123456789ab.copy`, 'half a copy');
  const store = await openStore(file);
  t.after(() => store.close());
  assert.throws(() => readFileSync(`${file}-0123456789ab.copy`), /ENOENT/);
});
