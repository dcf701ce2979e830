import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pipePair } from '@zeronaut/tunnel';
import { Deadlines } from './deadlines.ts';
import type { ParsedResponse } from './response-parser.ts';
import { UpstreamConnection, type UpstreamUser } from './upstream-connection.ts';

const HEAD = `HTTP/1.1 200 OK\r\n${`X: ${'b'.repeat(300)}\r\n`.repeat(195)}`;

/** One answer, given to the connection in these pieces. Returns what came out, and the CPU time it took (ms). */
function answerIn(pieces: readonly Buffer[]): { response: ParsedResponse | null; fault: string | null; cpuMs: number } {
  const [stream] = pipePair();
  const result: { response: ParsedResponse | null; fault: string | null } = { response: null, fault: null };
  const user: UpstreamUser = {
    onInterim: () => undefined,
    onSwitched: () => undefined,
    onResponse: (response) => {
      result.response = response;
    },
    onResponseBody: () => undefined,
    onUpstreamDrain: () => undefined,
    onUpstreamFailed: (fault) => {
      result.fault = fault.code;
    },
  };
  const connection = new UpstreamConnection(
    stream,
    { release: () => undefined, forget: () => undefined },
    new Deadlines(),
    1_000,
  );
  connection.begin(user, false, null);
  connection.requestComplete();
  const before = process.cpuUsage();
  for (const piece of pieces) connection.onData(piece);
  const { user: userUs, system } = process.cpuUsage(before);
  connection.abandon();
  return { ...result, cpuMs: (userUs + system) / 1_000 };
}

function inBytes(text: string): Buffer[] {
  return [...Buffer.from(text, 'latin1')].map((octet) => Buffer.from([octet]));
}

describe('the head of an answer that trickles in', () => {
  it('is understood however it is cut', () => {
    const { response } = answerIn(inBytes('HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n'));
    assert.equal(response?.status, 204);
    assert.equal(response.forwardable, 'X-A: b\r\n');
  });

  it('costs little more for each byte than for all at once', (t) => {
    const slow = answerIn([Buffer.from(`${HEAD}Y: `, 'latin1'), ...inBytes(`${'a'.repeat(3_000)}\r\n\r\n`)]);
    assert.equal(slow.response?.status, 200);
    t.diagnostic(`${slow.cpuMs.toFixed(0)} ms of CPU`);
    // Looking at all of the head for each byte takes forty times as long.
    assert.ok(slow.cpuMs < 100, `${slow.cpuMs} ms`);
  });

  it('is given up when it is too long, whether or not a line ends', () => {
    const { fault } = answerIn([Buffer.from(`${HEAD}Y: `, 'latin1'), ...inBytes('a'.repeat(7_000))]);
    assert.equal(fault, 'target.malformed_response');
  });
});
