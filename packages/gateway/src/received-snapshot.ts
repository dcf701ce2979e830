import { type SignedSnapshot, SNAPSHOT_CONTEXT } from '@zeronaut/model';

const CONTEXT = Buffer.from(SNAPSHOT_CONTEXT);

/** Bytes that are free before a payload which `ReceivedSnapshot.inRoom` takes. */
export const CONTEXT_ROOM = CONTEXT.length;

/**
 * A `SignedSnapshot` as it came, in UTF-8: megabytes that need not be a text to be checked. Context and payload lie one behind the
 * other, as they were signed, because another copy of them outside of the heap brings on the next collection of all of it.
 */
export class ReceivedSnapshot {
  readonly keyId: string;
  readonly signature: string;
  /** `SNAPSHOT_CONTEXT` and the payload. */
  readonly signed: Buffer;

  private constructor({ keyId, signature }: Omit<SignedSnapshot, 'payload'>, signed: Buffer) {
    this.keyId = keyId;
    this.signature = signature;
    this.signed = signed;
  }

  static of({ payload, ...others }: SignedSnapshot): ReceivedSnapshot {
    return new ReceivedSnapshot(others, Buffer.from(SNAPSHOT_CONTEXT + payload));
  }

  /** Of a payload before which `CONTEXT_ROOM` bytes of its memory are free: they become the context. */
  static inRoom(others: Omit<SignedSnapshot, 'payload'>, payload: Buffer): ReceivedSnapshot {
    const signed = Buffer.from(payload.buffer, payload.byteOffset - CONTEXT_ROOM, CONTEXT_ROOM + payload.length);
    CONTEXT.copy(signed);
    return new ReceivedSnapshot(others, signed);
  }

  get payload(): Buffer {
    return this.signed.subarray(CONTEXT_ROOM);
  }
}
