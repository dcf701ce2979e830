import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SNAPSHOT_CONTEXT } from '@zeronaut/model';
import { parseJsonPieces } from './json-pieces.ts';
import { CONTEXT_ROOM, ReceivedSnapshot } from './received-snapshot.ts';
import { atOnce } from './turns.ts';

const others = { keyId: 'console-1', signature: 'c2lnbmVk' };

test('what was signed is the context and the payload, in one piece of memory', () => {
  const payload = JSON.stringify({ names: Array.from({ length: 9_000 }, (_, index) => `"Zoë" ${index}`) });
  const message = Buffer.from(JSON.stringify({ payload, other: 'untouched' }));
  const parsed = atOnce(parseJsonPieces(message, { bytes: { name: 'payload', room: CONTEXT_ROOM } })) as {
    payload: Buffer;
    other: string;
  };
  assert.ok(Buffer.isBuffer(parsed.payload));
  const received = ReceivedSnapshot.inRoom(others, parsed.payload);
  assert.equal(received.signed.toString(), SNAPSHOT_CONTEXT + payload);
  assert.equal(received.payload.toString(), payload);
  assert.equal(received.signed.buffer, parsed.payload.buffer, 'nothing was copied');
  assert.deepEqual([received.keyId, received.signature], ['console-1', 'c2lnbmVk']);
  assert.equal(parsed.other, 'untouched');
  assert.deepEqual(ReceivedSnapshot.of({ ...others, payload }).signed, received.signed);
});
