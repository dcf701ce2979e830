import { SYNC_MAX_FROM_GATEWAY, type SyncFromConsole, type SyncFromGateway, syncFromGateway } from '@zeronaut/model';

const HEADER_BYTES = 4;

/** A message as it goes out: 4-byte big-endian length, then UTF-8 JSON. */
export function encodeMessage(message: SyncFromConsole): Buffer {
  const body = JSON.stringify(message);
  const length = Buffer.byteLength(body);
  const frame = Buffer.allocUnsafe(HEADER_BYTES + length);
  frame.writeUInt32BE(length, 0);
  frame.write(body, HEADER_BYTES, 'utf8');
  return frame;
}

/**
 * Collects bytes from a gateway into messages. Null means that the link is beyond repair: a message that is too long,
 * no UTF-8, no JSON or not one of ours. Never throws.
 */
export class MessageReader {
  #chunks: Buffer[] = [];
  #size = 0;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });

  push(chunk: Buffer): SyncFromGateway[] | null {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    const messages: SyncFromGateway[] = [];
    while (this.#size >= HEADER_BYTES) {
      const length = this.#peekLength();
      if (length === 0 || length > SYNC_MAX_FROM_GATEWAY) return null;
      if (this.#size < HEADER_BYTES + length) break;
      // Many small messages in one chunk must not copy the rest of it each time.
      const bytes = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks, this.#size);
      const rest = bytes.subarray(HEADER_BYTES + length);
      this.#chunks = rest.length === 0 ? [] : [rest];
      this.#size = rest.length;
      const message = this.#parse(bytes.subarray(HEADER_BYTES, HEADER_BYTES + length));
      if (message === null) return null;
      messages.push(message);
    }
    return messages;
  }

  #peekLength(): number {
    if (this.#chunks[0]!.length < HEADER_BYTES) this.#chunks = [Buffer.concat(this.#chunks, this.#size)];
    return this.#chunks[0]!.readUInt32BE(0);
  }

  #parse(bytes: Buffer): SyncFromGateway | null {
    try {
      const parsed = syncFromGateway.safeParse(JSON.parse(this.#decoder.decode(bytes)));
      return parsed.success ? parsed.data : null;
    } catch {
      // No UTF-8 or no JSON: the same answer as for any other message that is not ours.
      return null;
    }
  }
}
