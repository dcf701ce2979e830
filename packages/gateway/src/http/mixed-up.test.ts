import { strict as assert } from 'node:assert';
import { createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type SeededRandom, seededRandom } from '@zeronaut/testkit';
import { HOST, httpWorld, type RawClient, rawClient } from './testdata/http-world.ts';

const SEED = 20_261_129;
const VISITORS = 16;
const REQUESTS = 6;

/** `body` says whose it is, over and over, so that no part of it can be anybody else's. */
const bodyOf = (whose: string, bytes: number) => `<${whose}>`.repeat(Math.ceil(bytes / (whose.length + 2)));

/** Writes in pieces that end anywhere, some in the same turn and some in the next. */
async function writeInPieces(socket: Socket, text: string, random: SeededRandom): Promise<void> {
  for (let at = 0; at < text.length && !socket.destroyed; ) {
    const end = Math.min(text.length, at + 1 + random.integer(random.pick([3, 60, 700, 90_000])));
    socket.write(text.slice(at, end), 'latin1');
    at = end;
    if (random.integer(3) === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Answers each request with who asked and whose body came, in any framing, in pieces, now and then behind an interim answer. */
async function echoingService(t: TestContext, random: SeededRandom): Promise<string> {
  const server = createServer((socket) => {
    let text = '';
    let last: Promise<void> = Promise.resolve();
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      for (;;) {
        const headEnd = text.indexOf('\r\n\r\n');
        if (headEnd === -1) return;
        const head = text.slice(0, headEnd);
        const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
        if (text.length < headEnd + 4 + length) return;
        const body = text.slice(headEnd + 4, headEnd + 4 + length);
        text = text.slice(headEnd + 4 + length);
        const whose = /^\w+ \/(\S+) /.exec(head)![1]!;
        const wrong = body.replaceAll(`<${whose}>`, '');
        const answer = `${wrong === '' ? '' : 'WRONG'}${bodyOf(whose, random.pick([1, 300, 9_000, 120_000]))}`;
        const interim = random.integer(4) === 0 ? `HTTP/1.1 103 Early Hints\r\nX-Whose: ${whose}\r\n\r\n` : '';
        const whole =
          random.integer(2) === 0
            ? `Content-Length: ${answer.length}\r\n\r\n${answer}`
            : `Transfer-Encoding: chunked\r\n\r\n${chunksOf(answer, random)}`;
        const out = `${interim}HTTP/1.1 200 OK\r\nX-Whose: ${whose}\r\n${whole}`;
        last = last.then(() => writeInPieces(socket, out, random));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

function chunksOf(text: string, random: SeededRandom): string {
  let chunks = '';
  for (let at = 0; at < text.length; ) {
    const chunk = text.slice(at, at + 1 + random.integer(random.pick([5, 2_000, 40_000])));
    at += chunk.length;
    chunks += `${chunk.length.toString(16)}\r\n${chunk}\r\n`;
  }
  return `${chunks}0\r\n\r\n`;
}

/** Whose words are in what came: all that names somebody, in heads and bodies. Chunk framing may cut one in two. */
function namesIn(client: RawClient): Set<string> {
  return new Set([...client.text().matchAll(/<(v\d+)>|X-Whose: (v\d+)\r/g)].map(([, a, b]) => (a ?? b)!));
}

test('no visitor gets a byte of another, however all of them pipeline, cut and reset', {
  timeout: 60_000,
}, async (t) => {
  const random = seededRandom(SEED);
  const world = await httpWorld(t, { targets: [await echoingService(t, random)] });
  let whole = 0;
  await Promise.all(
    Array.from({ length: VISITORS }, async (_, index) => {
      const whose = `v${index}`;
      const resets = index % 3 === 0;
      for (let round = 0; round < REQUESTS; round++) {
        const client = rawClient(t, world.port);
        const count = 1 + random.integer(4);
        let text = '';
        for (let one = 0; one < count; one++) {
          const body = random.integer(2) === 0 ? '' : bodyOf(whose, random.pick([1, 500, 20_000]));
          const length = body === '' ? '' : `Content-Length: ${body.length}\r\n`;
          text += `${body === '' ? 'GET' : 'POST'} /${whose} HTTP/1.1\r\nHost: ${HOST}\r\n${length}\r\n${body}`;
        }
        // Who resets often does so in the middle of a request.
        const cut = resets && random.integer(2) === 0 ? random.integer(text.length) : text.length;
        await writeInPieces(client.socket, text.slice(0, cut), random);
        if (resets) {
          for (let turns = random.integer(12); turns > 0; turns--)
            await new Promise((resolve) => setImmediate(resolve));
          client.socket.resetAndDestroy();
        } else {
          const answers = () => client.text().split('HTTP/1.1 200 OK').length - 1;
          client.socket.end();
          await client.untilClosed('the answers');
          assert.equal(answers(), count);
          whole += count;
        }
        for (const name of namesIn(client)) assert.equal(name, whose);
        assert.doesNotMatch(client.text(), /WRONG|HTTP\/1\.1 [45]/);
      }
    }),
  );
  assert.ok(whole >= (VISITORS / 2) * REQUESTS);
  assert.deepEqual(world.bugs, []);
});
