import { strict as assert } from 'node:assert';
import { createServer } from 'node:http';
import { Duplex } from 'node:stream';
import { describe, it } from 'node:test';
import { recordingUpstream, seededRandom, waitFor } from '@zeronaut/testkit';
import { MALFORMED_REQUESTS } from './malformed-requests.table.ts';
import { parseRequestHead } from './request-parser.ts';
import { HOST, httpWorld, rawClient, statuses } from './testdata/http-world.ts';

describe('malformed and ambiguous requests', () => {
  it('there are at least 150 of them, each with a name of its own', () => {
    assert.ok(MALFORMED_REQUESTS.length >= 150, String(MALFORMED_REQUESTS.length));
    assert.equal(new Set(MALFORMED_REQUESTS.map(({ name }) => name)).size, MALFORMED_REQUESTS.length);
  });

  it('each is refused with its reason, the connection closes, and no service sees a whole request', async (t) => {
    const upstream = await recordingUpstream(t);
    const world = await httpWorld(t, { targets: [upstream.address] });
    for (const { name, bytes, status, reason, part } of MALFORMED_REQUESTS) {
      const eventsBefore = world.events.length;
      const connectionsBefore = upstream.connections.length;
      const client = rawClient(t, world.port, bytes);
      const text = await client.untilClosed(name);
      assert.deepEqual(statuses(text), [status], `${name}: ${text.slice(0, 300)}`);
      assert.match(text, /\r\nConnection: close\r\n/, name);
      assert.match(text, new RegExp(`"reason":"${reason.replace('.', '\\.')}"`), name);
      const events = world.events.slice(eventsBefore);
      assert.deepEqual(
        events.map((event) => [event.effect, event.reason, event.status]),
        [['deny', reason, status]],
        name,
      );
      const reached = upstream.connections.slice(connectionsBefore);
      if (part === 'head') assert.equal(reached.length, 0, `${name} reached the service`);
      for (const connection of reached) {
        await waitFor(() => connection.closed, { what: `${name}: the broken request is cut off upstream` });
        const seen = connection.received().toString('latin1');
        assert.ok((seen.match(/ HTTP\/1\.1\r\n/g)?.length ?? 0) <= 1, `${name}: ${seen}`);
        assert.doesNotMatch(seen, /\r\n0\r\n/, `${name}: the broken body looked whole`);
      }
    }
    assert.deepEqual(world.bugs, []);
  });

  it('is never less strict than node:http: what that refuses, the codec refuses', async () => {
    const judge = new NodeJudge();
    for (const { name, bytes, part } of MALFORMED_REQUESTS) {
      if (part === 'body') continue;
      if (!(await judge.refuses(bytes))) continue;
      const head = parseRequestHead(Buffer.from(bytes, 'latin1'), 0, bytes.length);
      assert.ok(typeof head === 'string', `node:http refuses "${name}", the codec does not`);
    }
  });

  it('is never less strict than node:http on mutated requests', async (t) => {
    const random = seededRandom(undefined, t);
    const judge = new NodeJudge();
    const seeds = [
      `GET /a/b?c=d HTTP/1.1\r\nHost: ${HOST}\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\n`,
      `POST /x HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 0\r\nX-A: b\r\n\r\n`,
      `OPTIONS * HTTP/1.1\r\nHost: ${HOST}\r\nTE: trailers\r\n\r\n`,
      `GET http://${HOST}/x HTTP/1.1\r\nHost: ${HOST}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n`,
    ];
    let refused = 0;
    let judged = 0;
    for (let i = 0; i < 1500; i++) {
      const bytes = mutate(random.pick(seeds), random);
      const head = parseRequestHead(Buffer.from(bytes, 'latin1'), 0, bytes.length);
      if (typeof head === 'string') {
        refused++;
        continue;
      }
      // Incomplete: nothing was let through.
      if (head === null) continue;
      judged++;
      assert.equal(
        await judge.refuses(bytes),
        false,
        `node:http refuses what the codec takes: ${JSON.stringify(bytes)}`,
      );
    }
    assert.ok(refused > 300 && judged > 150, `the mutations are worth something: ${refused} refused, ${judged} judged`);
  });

  it('refuses what node:http lets pass: Transfer-Encoding on HTTP/1.0, two Hosts, a disagreeing absolute-form', async () => {
    const judge = new NodeJudge();
    for (const name of ['Transfer-Encoding on HTTP/1.0', 'two Host', 'absolute-form with another host']) {
      const row = MALFORMED_REQUESTS.find((request) => request.name === name)!;
      assert.equal(await judge.refuses(row.bytes), false, `${name}: node:http has become strict`);
      assert.equal(typeof parseRequestHead(Buffer.from(row.bytes, 'latin1'), 0, row.bytes.length), 'string');
    }
  });
});

type Random = ReturnType<typeof seededRandom>;

function mutate(text: string, random: Random): string {
  const interesting = ['\r', '\n', '\0', ' ', '\t', ':', ',', '/', '.', '%', '\\', '\x7f', '\xff', '\r\n', 'A', '0'];
  let bytes = text;
  for (let i = 0; i <= random.integer(2); i++) {
    const at = random.integer(bytes.length - 4);
    const kind = random.integer(3);
    const what = random.pick(interesting);
    if (kind === 0) bytes = bytes.slice(0, at) + what + bytes.slice(at + 1);
    else if (kind === 1) bytes = bytes.slice(0, at) + what + bytes.slice(at);
    else bytes = bytes.slice(0, at) + bytes.slice(at + 1);
  }
  return bytes;
}

/** Asks a real `node:http` server, over an in-memory connection, whether it would take a request. */
class NodeJudge {
  readonly #server = createServer();

  refuses(bytes: string): Promise<boolean> {
    return new Promise((resolve) => {
      const stream = new Duplex({
        read: () => undefined,
        write: (_chunk, _encoding, done) => done(),
      });
      const verdict = (refused: boolean) => {
        this.#server.removeAllListeners();
        stream.destroy();
        resolve(refused);
      };
      this.#server.on('request', () => verdict(false));
      this.#server.on('upgrade', () => verdict(false));
      this.#server.on('connect', () => verdict(false));
      this.#server.on('checkContinue', () => verdict(false));
      this.#server.on('checkExpectation', () => verdict(false));
      this.#server.on('clientError', () => verdict(true));
      this.#server.on('dropRequest', () => verdict(true));
      // `removeAllListeners` takes node's own one too.
      this.#server.on('connection', NODE_CONNECTION_LISTENER);
      this.#server.emit('connection', stream);
      stream.push(Buffer.from(bytes, 'latin1'));
      // Neither a request nor an error so far: it waits for more, which refuses nothing.
      setImmediate(() => setImmediate(() => verdict(false)));
    });
  }
}

const NODE_CONNECTION_LISTENER = createServer().listeners('connection')[0] as (socket: Duplex) => void;
