import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from './free-port.ts';
import { waitFor } from './wait-for.ts';

/** Where a test runner that started one cluster for all its processes says so: the address of its first database. */
export const SHARED_CLUSTER_VARIABLE = 'ZERONAUT_TEST_POSTGRES';

/**
 * A private PostgreSQL in a temporary directory: the test runner's, or else one of this process, started with the first
 * database that a test asks for. Gone with the process that started it, even if that is killed.
 */
export interface PostgresCluster {
  /** Its first database, for whoever may create others. */
  readonly url: string;
  /** A new database: empty, or as `contents` leaves an empty one. */
  createDatabase(contents?: DatabaseContents): Promise<{ url: string; release(): void }>;
}

/** Made once for a cluster and copied from then on: a copy takes a tenth of what migrations take. */
export interface DatabaseContents {
  /** Of lower-case letters; the same in every process of a test run that has the same `fill`. */
  readonly name: string;
  /** Gets the address of an empty database; closes its connections. */
  readonly fill: (url: string) => Promise<void>;
}

const run = promisify(execFile);

function findPrograms(): string | null {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const places = [
    ...versions.map((version) => join(debian, version, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter),
  ];
  return (
    places.find((place) => place !== '' && existsSync(join(place, 'initdb')) && existsSync(join(place, 'postgres'))) ??
    null
  );
}

/** PostgreSQL refuses to run as root; Debian brings a user for it. */
function findAccount(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith('postgres:'));
  const fields = line?.split(':');
  return fields ? { uid: Number(fields[2]), gid: Number(fields[3]) } : null;
}

/** Why there can be no cluster here; null when there can. */
export function postgresMissing(): string | null {
  if (findPrograms() === null) return 'PostgreSQL is not installed (initdb and postgres were not found)';
  if (findAccount() === null) return 'PostgreSQL does not run as root and there is no user "postgres"';
  return null;
}

let cluster: Promise<PostgresCluster> | null = null;

/**
 * `durable`: one of its own that syncs to disk and has the memory that PostgreSQL starts with, as in production; for benchmarks. `keep`: the
 * directory that it is in (it need not exist), which stays, with what is in it, for the next one; null: a temporary one.
 */
export function postgresCluster({
  durable = false,
  keep = null,
}: {
  durable?: boolean;
  keep?: string | null;
} = {}): Promise<PostgresCluster> {
  if (durable || keep !== null) return startCluster(durable, keep).then(attach);
  const shared = process.env[SHARED_CLUSTER_VARIABLE];
  cluster ??= (shared === undefined ? startCluster(false, null) : Promise.resolve(shared)).then(attach);
  return cluster;
}

/** Gives the address of the first database. */
async function startCluster(durable: boolean, keep: string | null): Promise<string> {
  const programs = findPrograms();
  const account = findAccount();
  if (programs === null || account === null) throw new Error(postgresMissing() ?? 'unreachable');
  if (keep !== null) mkdirSync(keep, { recursive: true });
  const root = keep ?? mkdtempSync(join(tmpdir(), 'zeronaut-postgres-'));
  const data = join(root, 'data');
  const isNew = !existsSync(data);
  const password = isNew ? randomBytes(12).toString('hex') : readFileSync(join(root, 'password'), 'utf8');
  if (isNew) {
    mkdirSync(data, { mode: 0o700 });
    writeFileSync(join(root, 'password'), password, { mode: 0o600 });
    for (const path of [root, data, join(root, 'password')]) chownSync(path, account.uid, account.gid);
  }
  const identity = process.getuid?.() === 0 ? account : {};
  const environment = { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' };

  if (isNew) {
    await run(
      join(programs, 'initdb'),
      [
        '-D',
        data,
        '-U',
        'zeronaut',
        '-A',
        'scram-sha-256',
        '--pwfile',
        join(root, 'password'),
        '-E',
        'UTF8',
        '--no-sync',
        '--no-instructions',
      ],
      { ...identity, env: environment, cwd: root },
    );
  }
  const port = await freePort();
  // The shell reads our end of the pipe: however this process ends, it sees the end of it, stops the server and
  // removes the files. An exit hook alone would leave a server behind after SIGKILL.
  const guard = spawn(
    '/bin/sh',
    [
      '-c',
      '"$0" "$@" >"$ROOT/log" 2>&1 </dev/null & server=$!; read -r _; kill "-$SIGNAL" $server; wait $server; [ "$SIGNAL" = INT ] || rm -rf "$ROOT"',
      join(programs, 'postgres'),
      '-D',
      data,
      '-p',
      String(port),
      '-h',
      '127.0.0.1',
      '-k',
      root,
      ...['fsync', 'synchronous_commit', 'full_page_writes'].flatMap((name) => [
        '-c',
        `${name}=${durable ? 'on' : 'off'}`,
      ]),
      '-c',
      `shared_buffers=${durable ? '128MB' : '16MB'}`,
      '-c',
      'max_connections=100',
    ],
    {
      ...identity,
      env: { ...environment, ROOT: root, SIGNAL: keep === null ? 'QUIT' : 'INT' },
      cwd: root,
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    },
  );
  guard.unref();
  (guard.stdin as unknown as { unref(): void }).unref();
  const url = `postgres://zeronaut:${password}@127.0.0.1:${port}/postgres`;
  await waitFor(() => query(url, 'select 1').then(() => true), {
    what: 'PostgreSQL accepts connections',
    timeoutMs: 20_000,
  }).catch((cause: unknown) => {
    const log = existsSync(join(root, 'log')) ? readFileSync(join(root, 'log'), 'utf8') : '';
    throw new Error(`PostgreSQL did not start: ${log}`, { cause });
  });

  return url;
}

async function connected<T>(url: string, run: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await run(client);
  } finally {
    await client.end();
  }
}

const query = (url: string, text: string) => connected(url, (client) => client.query(text));

const databaseUrl = (url: string, name: string) => url.replace(/\/postgres$/, `/${name}`);

/** Several processes may come at once: the first fills it, and it has its name only when it is whole. */
async function createTemplate(url: string, { name, fill }: DatabaseContents): Promise<string> {
  const template = `template_${name}`;
  await connected(url, async (client) => {
    // Ends with the connection.
    await client.query('select pg_advisory_lock(hashtext($1))', [template]);
    const { rowCount } = await client.query('select from pg_database where datname = $1', [template]);
    if (rowCount === 1) return;
    await client.query(`drop database if exists ${template}_new`);
    await client.query(`create database ${template}_new`);
    await fill(databaseUrl(url, `${template}_new`));
    await client.query(`alter database ${template}_new rename to ${template}`);
  });
  return template;
}

function attach(url: string): PostgresCluster {
  let count = 0;
  const released = new Set<string>();
  const templates = new Map<string, Promise<string>>();
  return {
    url,
    async createDatabase(contents) {
      let from = '';
      if (contents !== undefined) {
        const template = templates.get(contents.name) ?? createTemplate(url, contents);
        templates.set(contents.name, template);
        from = ` template ${await template}`;
      }
      // Dropped late: at the end of its test a database may still have connections that another hook closes.
      for (const old of [...released]) {
        // Whoever else asks for a database meanwhile does not drop it too.
        released.delete(old);
        await query(url, `drop database ${old}`).catch((error: unknown) => {
          if ((error as { code?: string }).code !== '55006') throw error;
          released.add(old);
        });
      }
      const name = `test_${process.pid}_${++count}`;
      await query(url, `create database ${name}${from}`);
      return { url: databaseUrl(url, name), release: () => released.add(name) };
    },
  };
}
