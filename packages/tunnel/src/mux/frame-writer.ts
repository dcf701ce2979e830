import type { ByteStream } from '../stream/byte-stream.ts';
import type { ChunkQueue } from './chunk-queue.ts';
import { encodeFrameHeader, FRAME, FRAME_HEADER_BYTES } from './wire.ts';

/** Frames are gathered in slabs of this size; it is also the most that waits ahead of the transport's own queue. */
const SLAB_BYTES = 64 * 1024;
const MAX_FREE_SLABS = 4;

/**
 * Gathers the frames of one turn of the event loop into few writes of the transport. Payloads are copied: TLS would copy
 * several buffers of one write too, and a small write of its own costs a record and a system call.
 */
export class FrameWriter {
  /** The transport's last `write` returned false, so `onDrain` is owed to the session. Control frames go out even so. */
  blocked = false;
  readonly #transport: ByteStream;
  readonly #onTurn: () => void;
  #slab: Buffer | null = null;
  #slabStart = 0;
  #slabEnd = 0;
  /** Slabs that were handed to the transport, each with how many bytes it must have taken to be done with it … */
  readonly #usedSlabs: { readonly slab: Buffer; readonly end: number }[] = [];
  /** … of all that it was ever handed; and slabs that it is done with. */
  #handedBytes = 0;
  readonly #freeSlabs: Buffer[] = [];
  #scheduled = false;

  /** `onTurn` is called at the end of a turn in which something was written or `schedule` was called; it flushes. */
  constructor(transport: ByteStream, onTurn: () => void) {
    this.#transport = transport;
    this.#onTurn = onTurn;
  }

  /** A frame without payload. */
  writeValue(type: number, streamId: number, value: number): void {
    encodeFrameHeader(this.#reserve(FRAME_HEADER_BYTES), this.#slabEnd, type, streamId, value);
    this.#wrote(FRAME_HEADER_BYTES);
  }

  writeFrame(type: number, streamId: number, payload: Buffer): void {
    if (FRAME_HEADER_BYTES + payload.length <= SLAB_BYTES) {
      this.#writePart(type, streamId, payload, 0, payload.length);
      return;
    }
    this.writeValue(type, streamId, payload.length);
    this.flush();
    this.#handedBytes += payload.length;
    if (!this.#transport.write(payload)) this.blocked = true;
  }

  /** DATA from part of a chunk. */
  writeData(streamId: number, chunk: Buffer, from: number, count: number): void {
    this.#writePart(FRAME.data, streamId, chunk, from, count);
  }

  /** DATA from what waits in a queue. */
  moveData(streamId: number, queue: ChunkQueue, count: number): void {
    const slab = this.#reserve(FRAME_HEADER_BYTES + count);
    encodeFrameHeader(slab, this.#slabEnd, FRAME.data, streamId, count);
    queue.moveTo(slab, this.#slabEnd + FRAME_HEADER_BYTES, count);
    this.#wrote(FRAME_HEADER_BYTES + count);
  }

  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // At the end of the turn, after all sockets that were readable in it: one write for all of them.
    setImmediate(runTurn, this);
  }

  runTurn(): void {
    this.#scheduled = false;
    this.#onTurn();
  }

  /** Hands gathered frames to the transport. */
  flush(): void {
    if (this.#slab === null || this.#slabEnd === this.#slabStart) return;
    const chunk = this.#slab.subarray(this.#slabStart, this.#slabEnd);
    // The transport owns these bytes from now on; the rest of the slab is still ours.
    this.#slabStart = this.#slabEnd;
    this.#handedBytes += chunk.length;
    if (!this.#transport.write(chunk)) this.blocked = true;
  }

  /** Gives memory back that an idle session would keep for nothing; a busy one has it again at once. */
  release(): void {
    if (this.#slabStart === this.#slabEnd) this.#slab = null;
    this.#freeSlabs.length = 0;
    this.#usedSlabs.length = 0;
  }

  #writePart(type: number, streamId: number, chunk: Buffer, from: number, count: number): void {
    const slab = this.#reserve(FRAME_HEADER_BYTES + count);
    encodeFrameHeader(slab, this.#slabEnd, type, streamId, count);
    chunk.copy(slab, this.#slabEnd + FRAME_HEADER_BYTES, from, from + count);
    this.#wrote(FRAME_HEADER_BYTES + count);
  }

  /** A slab with room for `bytes` (at most a slab) at `#slabEnd`. */
  #reserve(bytes: number): Buffer {
    if (this.#slab !== null && this.#slabEnd + bytes <= SLAB_BYTES) return this.#slab;
    this.flush();
    const slab = this.#freshSlab();
    this.#slab = slab;
    this.#slabStart = 0;
    this.#slabEnd = 0;
    return slab;
  }

  /** Memory that is allocated for every 64 KiB would cost a collection of the whole heap every few of them. */
  #freshSlab(): Buffer {
    if (this.#transport.releasesWrites !== true) return Buffer.allocUnsafeSlow(SLAB_BYTES);
    if (this.#slab !== null) this.#usedSlabs.push({ slab: this.#slab, end: this.#handedBytes });
    const takenBytes = this.#handedBytes - this.#transport.bufferedBytes;
    while (this.#usedSlabs.length > 0 && this.#usedSlabs[0]!.end <= takenBytes) {
      const { slab } = this.#usedSlabs.shift()!;
      if (this.#freeSlabs.length < MAX_FREE_SLABS) this.#freeSlabs.push(slab);
    }
    // A transport that takes more at once than we keep slabs for: the oldest is left to the collector.
    if (this.#usedSlabs.length > MAX_FREE_SLABS) this.#usedSlabs.shift();
    return this.#freeSlabs.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES);
  }

  #wrote(bytes: number): void {
    this.#slabEnd += bytes;
    if (this.#slabEnd === SLAB_BYTES) this.flush();
    else this.schedule();
  }
}

function runTurn(writer: FrameWriter): void {
  writer.runTurn();
}
