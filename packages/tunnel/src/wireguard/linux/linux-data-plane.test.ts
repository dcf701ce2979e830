import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Namespace, networkNamespaces, networkNamespacesMissing, spawnProcess, waitFor } from '@zeronaut/testkit';

const missing = networkNamespacesMissing();
const PROGRAM = new URL('./testdata/fixed-key-endpoint.ts', import.meta.url).pathname;

/** One end of a tunnel in a namespace, driven by lines; see testdata/fixed-key-endpoint.ts. */
class End {
  readonly #process: ReturnType<typeof spawnProcess>;
  #seen = 0;

  constructor(test: TestContext, namespace: Namespace, side: 0 | 1, outer: string, env: NodeJS.ProcessEnv = {}) {
    const port = 51_901 - side;
    const args = [PROGRAM, String(side), `10.99.0.${side + 1}/24`, `fd10::${side + 1}/64`, `${outer},${port}`];
    this.#process = spawnProcess(test, ...namespace.inside(process.execPath, args), {
      env: { ...process.env, ...env },
    });
  }

  lines(): Record<string, unknown>[] {
    return this.#process
      .stdout()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  }

  /** The next line that has this field. */
  async next(field: string): Promise<Record<string, unknown>> {
    await this.#process.waitForLine(new RegExp(`"${field}"`), { timeoutMs: 20_000 });
    return waitFor(
      () => {
        const lines = this.lines();
        const index = lines.findIndex((line, at) => at >= this.#seen && field in line);
        if (index === -1) return undefined;
        this.#seen = index + 1;
        return lines[index];
      },
      { what: `a line with ${field} in ${this.#process.output()}`, timeoutMs: 20_000 },
    );
  }

  async command(text: string): Promise<Record<string, unknown>> {
    this.#process.write(`${text}\n`);
    return this.next('done');
  }

  /** Whether all came through whole, each over a connection of its own. */
  async send(host: string, bytes: number, flows = 1): Promise<boolean> {
    this.#process.write(`send ${host} ${bytes} ${flows}\n`);
    const { arrived } = await this.next('arrived');
    return arrived === true;
  }

  async close(): Promise<void> {
    this.#process.write('close\n');
    await this.next('closed');
    assert.equal((await this.#process.exited).code, 0);
  }
}

async function twoEnds(test: TestContext, outer: 4 | 6, env?: NodeJS.ProcessEnv): Promise<[End, End]> {
  const network = networkNamespaces(test);
  const [a, b] = [await network.add('a'), await network.add('b')];
  const [left, right] = outer === 4 ? ['10.231.0.1', '10.231.0.2'] : ['fd31::1', 'fd31::2'];
  const prefix = outer === 4 ? 24 : 64;
  await network.link(a, `${left}/${prefix}`, b, `${right}/${prefix}`);
  const ends: [End, End] = [new End(test, a, 0, right, env), new End(test, b, 1, left, env)];
  for (const end of ends) await end.next('ready');
  return ends;
}

for (const [outer, aead] of [
  [4, 'auto'],
  [6, 'evp'],
] as const) {
  test(`TCP goes both ways over IPv4 and IPv6 inside of IPv${outer}, AEAD ${aead}`, {
    skip: missing ?? false,
  }, async (t) => {
    const [a, b] = await twoEnds(t, outer, { ZERONAUT_WG_AEAD: aead });
    assert.ok(await a.send('10.99.0.2', 3_000_000));
    assert.ok(await b.send('fd10::1', 3_000_001));
    assert.ok(await b.send('10.99.0.1', 1));
    const { drops } = await b.command('keepalive');
    const { forged, replayed, notAllowed, malformed } = drops as Record<string, number>;
    assert.deepEqual(
      { forged, replayed, notAllowed, malformed },
      { forged: 0, replayed: 0, notAllowed: 0, malformed: 0 },
    );
    await a.close();
    await b.close();
  });
}

test('several lanes share an interface, a port and the sessions, and the port can change under load', {
  skip: missing ?? false,
}, async (t) => {
  const [a, b] = await twoEnds(t, 4, { LANES: '3' });
  const sending = [a.send('10.99.0.2', 1_000_000, 12), b.send('fd10::1', 1_000_000, 12)];
  assert.deepEqual(await Promise.all(sending), [true, true]);
  await b.command('rebind 51950');
  assert.ok(await b.send('10.99.0.1', 100_000, 6), 'a follows the new port of b');
  await a.command('stage');
  const later = a.send('10.99.0.2', 100_000, 6);
  await a.next('wanted');
  await a.command('resume');
  assert.ok(await later, 'what waited for a session goes out');
  const { drops } = await a.command('keepalive');
  const { forged, replayed, notAllowed, malformed } = drops as Record<string, number>;
  assert.deepEqual(
    { forged, replayed, notAllowed, malformed },
    { forged: 0, replayed: 0, notAllowed: 0, malformed: 0 },
  );
  await a.close();
  await b.close();
});
