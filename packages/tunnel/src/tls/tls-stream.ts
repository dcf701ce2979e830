import { X509Certificate } from 'node:crypto';
import { Fault, type FaultSide } from '@zeronaut/model';
import { type ByteStream, type ByteStreamHandler, NO_HANDLER } from '../stream/byte-stream.ts';
import { countRead } from '../stream/read-garbage.ts';
import {
  addressOf,
  BIO_CTRL_PENDING,
  bytesAt,
  type OpenSsl,
  SSL_CTRL_SET_TLSEXT_HOSTNAME,
  SSL_ERROR_WANT_READ,
  SSL_ERROR_ZERO_RETURN,
  X509_CHECK_FLAG_NEVER_CHECK_SUBJECT,
  X509_CHECK_FLAG_NO_WILDCARDS,
  X509_V_OK,
} from './openssl.ts';
import { aimInput, Memory } from './openssl-memory.ts';
import type { TlsContext } from './tls-context.ts';
import { tlsFault } from './tls-fault.ts';

export interface TlsOptions {
  /** Of a client: the name that the other end's certificate must carry. */
  readonly servername?: string;
  /** Of the stream's faults. */
  readonly side: FaultSide;
  /** Exactly one of the two, once. After a fault the transport is being closed. Not called after `abort`. */
  onDone(secured: Secured | null, fault: Fault | null): void;
}

export interface Secured {
  /** Paused. */
  readonly stream: ByteStream;
  /** The other end's, verified. */
  readonly certificate: X509Certificate;
  /** Null: the other end named none. */
  readonly alpn: string | null;
}

/** As much is encrypted before it is sent; a slab of the multiplexer. A record carries at most 16 KiB (RFC 8446, section 5.1). */
const SEAL_BYTES = 64 * 1024;
const RECORD_BYTES = 16 * 1024;
/** What the transport gets at once. OpenSSL keeps what is beyond. */
const SEALED_BYTES = SEAL_BYTES + 4 * 1024;
/** As much is decrypted at once, and most of a record that OpenSSL had before. */
const OPEN_BYTES = 64 * 1024;
const PLAIN_BYTES = OPEN_BYTES + RECORD_BYTES + 512;
/** How long a peer whose handshake failed may take to read why. */
const GOODBYE_MS = 2_000;

/** Taken while a handler has what is in it. */
const sharedPlain = new Memory(PLAIN_BYTES);
const sealed = new Memory(SEALED_BYTES);

const PAUSED = 1;
const HANDSHAKING = 2;
const READ_ENDED = 4;
const ENDED = 8;
const ABORTED = 16;
const CLOSED = 32;
const END_TOLD = 64;
/** `deliverEarly` is on its way. */
const LATER = 128;

/**
 * TLS 1.3 by OpenSSL's own functions over any other stream: bytes go from the transport's memory to the handler's in one
 * step each way, past Node's `TLSSocket` and its queues. Nothing of a connection is kept between two calls but OpenSSL's state:
 * the memory that plain and sealed bytes pass through is shared by all of them. OpenSSL itself writes to none of it beyond
 * the bounds it is called with; what a peer makes it send grows in memory of its own.
 *
 * `#ssl` is 0 from the moment that the connection is freed, which is never within a call of OpenSSL: none of its functions
 * calls back into a stream. Whoever calls a handler looks at it again.
 */
export function startTls(transport: ByteStream, context: TlsContext, options: TlsOptions): ByteStream {
  const stream = new TlsStream(transport, context, options);
  stream.start();
  return stream;
}

class TlsStream implements ByteStream, ByteStreamHandler {
  handler: ByteStreamHandler = NO_HANDLER;
  /** Encrypted at once: nothing refers to what was written. */
  readonly releasesWrites = true;
  readonly #openssl: OpenSsl;
  readonly #transport: ByteStream;
  readonly #side: FaultSide;
  readonly #client: boolean;
  #onDone: TlsOptions['onDone'] | null;
  #ssl: number;
  /** Of OpenSSL's connection, freed with it. */
  readonly #readBio: number;
  readonly #writeBio: number;
  #flags = PAUSED | HANDSHAKING;
  /** What came with the last bytes of the handshake. */
  #early: Buffer | null = null;
  #fault: Fault | null = null;

  constructor(transport: ByteStream, context: TlsContext, options: TlsOptions) {
    const { openssl } = context;
    this.#openssl = openssl;
    this.#transport = transport;
    this.#side = options.side;
    this.#client = context.role === 'client';
    this.#onDone = options.onDone;
    this.#ssl = openssl.SSL_new(context.pointer);
    this.#readBio = openssl.BIO_new(openssl.BIO_s_mem());
    this.#writeBio = openssl.BIO_new(openssl.BIO_s_mem());
    if (this.#ssl === 0 || this.#readBio === 0 || this.#writeBio === 0) throw new Error('OpenSSL has no memory');
    openssl.SSL_set_bio(this.#ssl, this.#readBio, this.#writeBio);
    if (!this.#client) {
      openssl.SSL_set_accept_state(this.#ssl);
      return;
    }
    openssl.SSL_set_connect_state(this.#ssl);
    const { servername = '' } = options;
    openssl.SSL_set_hostflags(this.#ssl, X509_CHECK_FLAG_NO_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    const named =
      servername !== '' &&
      openssl.SSL_set1_host(this.#ssl, servername) === 1 &&
      openssl.SSL_ctrlText(this.#ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, 0, servername) === 1;
    if (!named) {
      this.#free();
      throw new Error('a client has to know the name of the other end');
    }
  }

  start(): void {
    this.#transport.handler = this;
    if (this.#client) this.#shakeHands();
    this.#transport.resume();
  }

  get bufferedBytes(): number {
    return this.#transport.bufferedBytes;
  }

  get closed(): boolean {
    return (this.#flags & CLOSED) !== 0;
  }

  write(chunk: Buffer): boolean {
    const openssl = this.#openssl;
    let goesOn = true;
    for (let at = 0; at < chunk.length; at += RECORD_BYTES) {
      if ((this.#flags & (HANDSHAKING | CLOSED | ENDED | ABORTED)) !== 0 || this.#ssl === 0) return true;
      const end = Math.min(at + RECORD_BYTES, chunk.length);
      const piece = end - at === chunk.length ? chunk : chunk.subarray(at, end);
      if (openssl.SSL_write(this.#ssl, piece, piece.length) !== piece.length) {
        this.#fail(tlsFault(openssl, this.#ssl, this.#side));
        return true;
      }
      if (end === chunk.length || end % SEAL_BYTES === 0) goesOn = this.#sendSealed();
    }
    return goesOn;
  }

  writeBorrowed(chunk: Buffer): boolean {
    return this.write(chunk);
  }

  end(): void {
    if ((this.#flags & (HANDSHAKING | CLOSED | ENDED | ABORTED)) !== 0 || this.#ssl === 0) return;
    this.#flags |= ENDED;
    this.#openssl.SSL_shutdown(this.#ssl);
    this.#openssl.ERR_clear_error();
    this.#sendSealed();
    this.#transport.end();
  }

  abort(_code?: string): void {
    if ((this.#flags & (CLOSED | ABORTED)) !== 0) return;
    this.#flags |= ABORTED;
    this.#onDone = null;
    this.#free();
    this.#transport.abort();
  }

  pause(): void {
    this.#flags |= PAUSED;
    this.#transport.pause();
  }

  resume(): void {
    if ((this.#flags & PAUSED) === 0) return;
    this.#flags &= ~PAUSED;
    if (this.#early === null && (this.#flags & (READ_ENDED | END_TOLD)) !== READ_ENDED) {
      this.#transport.resume();
    } else if ((this.#flags & LATER) === 0) {
      this.#flags |= LATER;
      setImmediate(deliverEarly, this);
    }
  }

  cork(): void {
    this.#transport.cork();
  }

  uncork(): void {
    this.#transport.uncork();
  }

  // The transport (ByteStreamHandler).

  onData(chunk: Buffer): void {
    this.onBorrowed(chunk);
  }

  onBorrowed(chunk: Buffer): void {
    for (let at = 0; at < chunk.length && this.#ssl !== 0; at += OPEN_BYTES) {
      const piece = chunk.length <= OPEN_BYTES ? chunk : chunk.subarray(at, at + OPEN_BYTES);
      aimInput(this.#openssl, this.#readBio, piece);
      if ((this.#flags & HANDSHAKING) !== 0) this.#shakeHands();
      if ((this.#flags & HANDSHAKING) === 0 && this.#ssl !== 0) this.#open();
    }
  }

  onDrain(): void {
    if ((this.#flags & (HANDSHAKING | ENDED | ABORTED)) === 0) this.handler.onDrain();
  }

  onEnd(): void {
    if ((this.#flags & READ_ENDED) !== 0) return;
    // A cut-off answer must not pass for a whole one.
    this.#fail(new Fault('tls.truncated', { side: this.#side, message: 'TLS: it ended without a close_notify' }));
  }

  onClosed(fault: Fault | null): void {
    if ((this.#flags & CLOSED) !== 0) return;
    this.#flags |= CLOSED;
    this.#free();
    this.#early = null;
    const orderly = (this.#flags & ABORTED) !== 0 || (this.#flags & (READ_ENDED | ENDED)) === (READ_ENDED | ENDED);
    const cut = orderly ? null : new Fault('stream.reset', { side: this.#side, message: 'closed half-way' });
    const told = this.#fault ?? fault ?? cut;
    const { handler } = this;
    this.handler = NO_HANDLER;
    this.#settle(null, told);
    handler.onClosed(told);
  }

  // OpenSSL.

  #shakeHands(): void {
    const openssl = this.#openssl;
    openssl.ERR_clear_error();
    const result = openssl.SSL_do_handshake(this.#ssl);
    const waits = result !== 1 && openssl.SSL_get_error(this.#ssl, result) === SSL_ERROR_WANT_READ;
    const fault = result === 1 || waits ? null : tlsFault(openssl, this.#ssl, this.#side);
    // Also after a failure: the alert tells the other end why.
    this.#sendSealed();
    if (fault !== null) this.#fail(fault);
    else if (result === 1 && this.#ssl !== 0) this.#handshakeDone();
  }

  #handshakeDone(): void {
    this.#flags &= ~HANDSHAKING;
    this.#transport.pause();
    const certificate = this.#peerCertificate();
    // OpenSSL would not have come this far without.
    if (certificate === null || this.#openssl.SSL_get_verify_result(this.#ssl) !== X509_V_OK) {
      this.#fail(new Fault('tls.certificate_missing', { side: this.#side }));
      return;
    }
    const alpn = this.#selectedProtocol();
    // What the other end sent right behind the handshake is decrypted before anybody is told, and waits.
    process.nextTick(() => {
      if (this.#ssl !== 0) this.#settle({ stream: this, certificate, alpn }, null);
    });
  }

  #peerCertificate(): X509Certificate | null {
    const openssl = this.#openssl;
    const x509 = openssl.SSL_get1_peer_certificate(this.#ssl);
    if (x509 === 0) return null;
    const der = Buffer.allocUnsafeSlow(Math.max(openssl.i2d_X509(x509, null), 0));
    // It moves the pointer that it is given.
    const at = new BigUint64Array([BigInt(addressOf(der))]);
    const written = der.length > 0 ? openssl.i2d_X509(x509, at) : -1;
    openssl.X509_free(x509);
    try {
      return written === der.length ? new X509Certificate(der) : null;
    } catch {
      // One that OpenSSL takes and Node does not says nothing to us.
      return null;
    }
  }

  #selectedProtocol(): string | null {
    const data = new BigUint64Array(1);
    const bytes = new Uint32Array(1);
    this.#openssl.SSL_get0_alpn_selected(this.#ssl, data, bytes);
    return data[0] === 0n ? null : bytesAt(Number(data[0]), bytes[0]!).toString('latin1');
  }

  /** Decrypts all that there is, and only then tells: what a handler does may make others read into the same memory. */
  #open(): void {
    const openssl = this.#openssl;
    const plain = sharedPlain.taken ? new Memory(PLAIN_BYTES) : sharedPlain;
    let bytes = 0;
    let fault: Fault | null = null;
    // Whatever others left there would pass for an error of ours.
    openssl.ERR_clear_error();
    for (;;) {
      const read = openssl.SSL_read(this.#ssl, plain.address + bytes, PLAIN_BYTES - bytes);
      if (read > 0) {
        bytes += read;
        continue;
      }
      const error = openssl.SSL_get_error(this.#ssl, read);
      if (error === SSL_ERROR_ZERO_RETURN) this.#flags |= READ_ENDED;
      else if (error !== SSL_ERROR_WANT_READ) fault = tlsFault(openssl, this.#ssl, this.#side);
      break;
    }
    if (bytes > 0) this.#deliver(plain, bytes);
    this.#tellEnd();
    // An alert, or the answer to one who asked for other keys (RFC 8446, section 4.6.3).
    if (this.#ssl !== 0 && openssl.BIO_ctrl(this.#writeBio, BIO_CTRL_PENDING, 0, 0) > 0) this.#sendSealed();
    if (fault !== null) this.#fail(fault);
  }

  #deliver(plain: Memory, bytes: number): void {
    const { handler } = this;
    const chunk = plain.bytes.subarray(0, bytes);
    if ((this.#flags & PAUSED) !== 0 || this.#early !== null) {
      this.#early = this.#early === null ? Buffer.from(chunk) : Buffer.concat([this.#early, chunk]);
    } else if (handler.onBorrowed === undefined) {
      countRead(bytes);
      handler.onData(Buffer.from(chunk));
    } else {
      plain.taken = true;
      try {
        handler.onBorrowed(chunk);
      } finally {
        plain.taken = false;
      }
    }
  }

  deliverEarly(): void {
    this.#flags &= ~LATER;
    const early = this.#early;
    if ((this.#flags & (PAUSED | CLOSED | ABORTED)) !== 0) return;
    this.#early = null;
    if (early !== null) this.handler.onData(early);
    this.#tellEnd();
    if ((this.#flags & (PAUSED | CLOSED | ABORTED)) === 0) this.#transport.resume();
  }

  #tellEnd(): void {
    if ((this.#flags & (READ_ENDED | END_TOLD | PAUSED | CLOSED | ABORTED)) !== READ_ENDED || this.#early !== null)
      return;
    this.#flags |= END_TOLD;
    this.handler.onEnd();
  }

  /** Gives the transport all that OpenSSL has for the other end. Whether more may follow. */
  #sendSealed(): boolean {
    const transport = this.#transport;
    let goesOn = true;
    // What is written may end the connection.
    while (this.#ssl !== 0) {
      const bytes = this.#openssl.BIO_read(this.#writeBio, sealed.address, SEALED_BYTES);
      if (bytes <= 0) break;
      const chunk = sealed.bytes.subarray(0, bytes);
      goesOn =
        transport.writeBorrowed === undefined ? transport.write(Buffer.from(chunk)) : transport.writeBorrowed(chunk);
      if (bytes < SEALED_BYTES) break;
    }
    return goesOn;
  }

  #settle(secured: Secured | null, fault: Fault | null): void {
    const onDone = this.#onDone;
    this.#onDone = null;
    onDone?.(secured, secured === null ? (fault ?? new Fault('stream.reset', { side: this.#side })) : null);
  }

  #fail(fault: Fault): void {
    if ((this.#flags & (CLOSED | ABORTED)) !== 0 || this.#fault !== null) return;
    this.#fault = fault;
    this.#free();
    if (this.#onDone === null || (this.#flags & HANDSHAKING) === 0) {
      this.#transport.abort();
      return;
    }
    // A reset might overtake the alert.
    this.#transport.end();
    setTimeout(() => this.#transport.abort(), GOODBYE_MS).unref();
    process.nextTick(() => this.#settle(null, fault));
  }

  #free(): void {
    if (this.#ssl !== 0) this.#openssl.SSL_free(this.#ssl);
    this.#ssl = 0;
  }
}

function deliverEarly(stream: TlsStream): void {
  stream.deliverEarly();
}
