import { addressOf, BIO_C_SET_BUF_MEM, type OpenSsl } from './openssl.ts';

/** Bytes that OpenSSL reads and writes, and where they are. */
export class Memory {
  readonly bytes: Buffer;
  readonly address: number;
  taken = false;

  constructor(bytes: number) {
    this.bytes = Buffer.allocUnsafeSlow(bytes);
    this.address = addressOf(this.bytes);
  }
}

/** `struct buf_mem_st` of buffer.h: `size_t length; char *data; size_t max; unsigned long flags`. OpenSSL copies it when it is set. */
class BufMem {
  readonly #words = new Uint32Array(new ArrayBuffer(32));
  readonly address = addressOf(this.#words);

  set(data: number, length: number): void {
    const words = this.#words;
    words[0] = length;
    words[2] = data >>> 0;
    words[3] = Math.floor(data / 2 ** 32);
    words[4] = length;
  }
}

const input = new BufMem();

/** OpenSSL reads what follows from `chunk`, and has used it up before anybody else comes. */
export function aimInput(openssl: OpenSsl, bio: number, chunk: Buffer): void {
  input.set(addressOf(chunk), chunk.length);
  openssl.BIO_ctrl(bio, BIO_C_SET_BUF_MEM, 0, input.address);
}
