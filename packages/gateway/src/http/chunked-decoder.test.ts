import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { seededRandom } from '@zeronaut/testkit';
import { ChunkedDecoder } from './chunked-decoder.ts';

/** What a body decodes to, or null when it is refused; `rest` is what follows it. */
interface Decoded {
  readonly data: string;
  readonly trailers: string;
  readonly rest: string;
}

/** Feeds the pieces as reads; stops at the end, as the connection does. Undefined: more is needed. */
function decode(pieces: readonly string[]): Decoded | null | undefined {
  const decoder = new ChunkedDecoder();
  let data = '';
  for (let i = 0; i < pieces.length; i++) {
    const bytes = Buffer.from(pieces[i]!, 'latin1');
    const end = decoder.read(bytes, 0);
    if (decoder.malformed) return null;
    data += bytes.toString('latin1', decoder.from, decoder.to);
    if (decoder.done) {
      const rest = bytes.toString('latin1', end) + pieces.slice(i + 1).join('');
      return { data, trailers: decoder.trailers, rest };
    }
    assert.equal(end, bytes.length, 'everything was taken');
  }
  return undefined;
}

/** The slow, obvious twin: the whole text at once, with regular expressions. */
function naive(text: string): Decoded | null | undefined {
  let rest = text;
  let data = '';
  for (;;) {
    const line = /^([0-9a-fA-F]{1,12})(?:;[\t\x20-\x7e\x80-\xff]*)?\r\n/.exec(rest);
    if (line === null) return /^(?:[0-9a-fA-F]{1,12}(?:;[\t\x20-\x7e\x80-\xff]*)?\r?)?$/.test(rest) ? undefined : null;
    const size = Number.parseInt(line[1]!, 16);
    rest = rest.slice(line[0].length);
    if (size === 0) break;
    data += rest.slice(0, size);
    if (rest.length <= size) return undefined;
    const end = rest.slice(size, size + 2);
    if (end === '\r') return undefined;
    if (end !== '\r\n') return null;
    rest = rest.slice(size + 2);
  }
  const end = rest.startsWith('\r\n') ? 0 : rest.indexOf('\r\n\r\n');
  const section = end === -1 ? rest : rest.slice(0, end === 0 ? 0 : end + 2);
  const lines = section.split('\r\n').slice(0, -1);
  const field = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*([\t\x20-\x7e\x80-\xff]*)$/;
  if (lines.some((one) => !field.test(one))) return null;
  if (end === -1) {
    const partial = rest.slice(section.lastIndexOf('\r\n') + 2 || 0);
    const tail = section === rest && !rest.includes('\r\n') ? rest : partial;
    return /^(?:[!#$%&'*+.^_`|~0-9A-Za-z-]*|[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*)\r?$/.test(tail)
      ? undefined
      : null;
  }
  const trailers = lines
    .map((one) => field.exec(one)!)
    .filter(([, name]) => !FORBIDDEN.has(name!.toLowerCase()))
    .map(([, name, value]) => `${name}: ${value!.replace(/[\t ]+$/, '')}\r\n`)
    .join('');
  return { data, trailers, rest: rest.slice(end === 0 ? 2 : end + 4) };
}

const FORBIDDEN = new Set(['content-length', 'transfer-encoding', 'host', 'set-cookie', 'x-zeronaut-user']);

describe('the chunked decoder', () => {
  const bodies: readonly [string, Decoded][] = [
    ['0\r\n\r\n', { data: '', trailers: '', rest: '' }],
    ['5\r\nhello\r\n0\r\n\r\n', { data: 'hello', trailers: '', rest: '' }],
    ['5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n', { data: 'hello world', trailers: '', rest: '' }],
    ['A;x="y";z\r\n0123456789\r\n00\r\n\r\nGET /', { data: '0123456789', trailers: '', rest: 'GET /' }],
    [
      '1\r\na\r\n0;last\r\nX-Sum: 1 \r\nx-b:\r\n\r\nrest',
      { data: 'a', trailers: 'X-Sum: 1\r\nx-b: \r\n', rest: 'rest' },
    ],
    [
      '0\r\nContent-Length: 5\r\nHost: x\r\nTransfer-Encoding: chunked\r\nX-A: b\r\nSet-Cookie: a\r\nX-Zeronaut-User: root\r\n\r\n',
      { data: '', trailers: 'X-A: b\r\n', rest: '' },
    ],
  ];

  it('gives the same result however the bytes are cut', () => {
    for (const [text, expected] of bodies) {
      assert.deepEqual(naive(text), expected, text);
      assert.deepEqual(decode([text]), expected, text);
      assert.deepEqual(decode([...text]), expected, `${text} octet by octet`);
      for (let a = 0; a <= text.length; a++) {
        for (let b = a; b <= text.length; b++) {
          assert.deepEqual(
            decode([text.slice(0, a), text.slice(a, b), text.slice(b)]),
            expected,
            `${text} at ${a}, ${b}`,
          );
        }
      }
    }
  });

  it('agrees with a naive twin on random and on damaged bodies, cut anywhere', (t) => {
    const random = seededRandom(undefined, t);
    const counts = { whole: 0, refused: 0, partial: 0 };
    for (let i = 0; i < 4000; i++) {
      let text = '';
      for (let chunk = random.integer(4); chunk > 0; chunk--) {
        const size = 1 + random.integer(20);
        const line = random.integer(2) === 0 ? size.toString(16) : size.toString(16).toUpperCase().padStart(4, '0');
        text += `${line}${random.integer(3) === 0 ? ';a=b' : ''}\r\n${random.bytes(size).toString('latin1')}\r\n`;
      }
      text += `0\r\n${random.integer(2) === 0 ? '' : 'X-T: v\r\nHost: h\r\n'}\r\nGET / HTTP/1.1`;
      for (let damage = random.integer(3); damage > 0; damage--) {
        const at = random.integer(text.length);
        const what = random.pick(['\r', '\n', ' ', '\0', ';', 'g', '5', ':', '\r\n', '-', '']);
        text = text.slice(0, at) + what + text.slice(at + random.integer(2));
      }
      const expected = naive(text);
      counts[expected === null ? 'refused' : expected === undefined ? 'partial' : 'whole']++;
      assert.deepEqual(decode([text]), expected, JSON.stringify(text));
      const cut = random.integer(text.length + 1);
      assert.deepEqual(decode([text.slice(0, cut), text.slice(cut)]), expected, `${JSON.stringify(text)} at ${cut}`);
      assert.deepEqual(decode([...text]), expected, `${JSON.stringify(text)} octet by octet`);
    }
    assert.ok(counts.whole > 500 && counts.refused > 500, JSON.stringify(counts));
  });

  it('may be used for one body after another', () => {
    const decoder = new ChunkedDecoder();
    for (const text of ['3\r\nabc\r\n0\r\nA: b\r\n\r\n', '2\r\nde\r\n0\r\n\r\n']) {
      decoder.reset();
      const bytes = Buffer.from(text, 'latin1');
      assert.equal(decoder.read(bytes, 0), bytes.length);
      assert.ok(decoder.done);
    }
    assert.equal(decoder.trailers, '');
  });
});
