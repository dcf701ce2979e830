/** What `@zeronaut/audit` needs of Node's `Buffer`, over plain bytes. A test holds each part against the real one. */
type Encoding = 'utf8' | 'hex' | 'base64' | 'base64url';

/** Its `from` is that of Buffer, which no subclass of Uint8Array may have in the eyes of the compiler. */
const Bytes = Uint8Array as unknown as new (size: number) => Uint8Array<ArrayBuffer>;

export class ByteBuffer extends Bytes {
  static from(value: string | ArrayLike<number>, encoding: Encoding = 'utf8'): ByteBuffer {
    if (typeof value !== 'string') return copy(value);
    return copy(encoding === 'utf8' ? new TextEncoder().encode(value) : fromBase64(value));
  }

  static alloc(size: number): ByteBuffer {
    return new ByteBuffer(size);
  }

  static concat(parts: readonly Uint8Array[]): ByteBuffer {
    const all = new ByteBuffer(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  static compare(a: Uint8Array, b: Uint8Array): number {
    for (let at = 0; at < Math.min(a.length, b.length); at++) if (a[at] !== b[at]) return a[at]! < b[at]! ? -1 : 1;
    return Math.sign(a.length - b.length);
  }

  static byteLength(text: string): number {
    return new TextEncoder().encode(text).length;
  }

  equals(other: Uint8Array): boolean {
    return ByteBuffer.compare(this, other) === 0;
  }

  readBigUInt64BE(): bigint {
    return new DataView(this.buffer, this.byteOffset).getBigUint64(0);
  }

  override toString(encoding: Encoding = 'utf8'): string {
    if (encoding === 'hex') return [...this].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    if (encoding === 'utf8') return new TextDecoder().decode(this);
    let binary = '';
    for (const byte of this) binary += String.fromCharCode(byte);
    const base64 = btoa(binary);
    return encoding === 'base64' ? base64 : base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
  }
}

function copy(bytes: ArrayLike<number>): ByteBuffer {
  const made = new ByteBuffer(bytes.length);
  made.set(bytes);
  return made;
}

/** Both alphabets, as Node reads them. What is neither is no bytes at all: whoever asks compares with what is written back. */
function fromBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    return new Uint8Array(0);
  }
}
