import koffi from 'koffi';

/**
 * The TLS of OpenSSL inside the Node binary, whose functions Node exports for its addons, through koffi. Pointers are plain
 * numbers, so that a call allocates nothing. Numbers and the layout of `BUF_MEM` are of OpenSSL's public headers
 * (ssl.h, sslerr.h, tls1.h, bio.h, buffer.h, x509_vfy.h), which OpenSSL 3 keeps stable.
 */
type Pointer = number;

export const TLS1_3_VERSION = 0x0304;
export const SSL_OP_NO_TICKET = 1 << 14;
export const SSL_OP_NO_COMPRESSION = 1 << 17;
export const SSL_OP_CIPHER_SERVER_PREFERENCE = 1 << 22;
export const SSL_OP_NO_RENEGOTIATION = 1 << 30;
export const SSL_VERIFY_PEER = 1;
export const SSL_VERIFY_FAIL_IF_NO_PEER_CERT = 2;
export const SSL_MODE_RELEASE_BUFFERS = 16;
export const SSL_SESS_CACHE_OFF = 0;
export const SSL_CTRL_MODE = 33;
export const SSL_CTRL_SET_SESS_CACHE_MODE = 44;
export const SSL_CTRL_SET_TLSEXT_HOSTNAME = 55;
export const SSL_CTRL_CHAIN_CERT = 89;
export const SSL_CTRL_SET_GROUPS_LIST = 92;
export const SSL_CTRL_SET_MIN_PROTO_VERSION = 123;
export const SSL_CTRL_SET_MAX_PROTO_VERSION = 124;
export const SSL_ERROR_WANT_READ = 2;
export const SSL_ERROR_ZERO_RETURN = 6;
export const SSL_TLSEXT_ERR_OK = 0;
export const SSL_TLSEXT_ERR_ALERT_FATAL = 2;
/** What `SSL_select_next_proto` answers when both lists have a word in common. */
export const OPENSSL_NPN_NEGOTIATED = 1;
export const BIO_CTRL_PENDING = 10;
export const BIO_C_SET_BUF_MEM = 114;
export const X509_V_OK = 0;
/** The common name is no name; `*` is no host of ours. */
export const X509_CHECK_FLAG_NO_WILDCARDS = 0x2;
export const X509_CHECK_FLAG_NEVER_CHECK_SUBJECT = 0x20;

export interface OpenSsl {
  TLS_server_method(): Pointer;
  TLS_client_method(): Pointer;
  SSL_CTX_new(method: Pointer): Pointer;
  SSL_CTX_free(context: Pointer): void;
  SSL_CTX_ctrl(context: Pointer, what: number, number: number, pointer: Pointer): number;
  SSL_CTX_ctrlText(context: Pointer, what: number, number: number, text: string): number;
  SSL_CTX_set_options(context: Pointer, options: number): number;
  SSL_CTX_set_ciphersuites(context: Pointer, list: string): number;
  SSL_CTX_set_verify(context: Pointer, mode: number, callback: Pointer): void;
  SSL_CTX_set_num_tickets(context: Pointer, count: number): number;
  SSL_CTX_use_certificate(context: Pointer, certificate: Pointer): number;
  SSL_CTX_use_PrivateKey(context: Pointer, key: Pointer): number;
  SSL_CTX_check_private_key(context: Pointer): number;
  SSL_CTX_get_cert_store(context: Pointer): Pointer;
  SSL_CTX_add_client_CA(context: Pointer, certificate: Pointer): number;
  SSL_CTX_set_alpn_protos(context: Pointer, protocols: Uint8Array, bytes: number): number;
  SSL_CTX_set_alpn_select_cb(context: Pointer, callback: unknown, argument: Pointer): void;
  SSL_select_next_proto(
    out: Pointer,
    outBytes: Pointer,
    own: Pointer,
    ownBytes: number,
    peers: Pointer,
    peersBytes: number,
  ): number;
  X509_STORE_add_cert(store: Pointer, certificate: Pointer): number;
  X509_free(certificate: Pointer): void;
  X509_verify_cert_error_string(result: number): string;
  i2d_X509(certificate: Pointer, out: BigUint64Array | null): number;
  d2i_X509_bio(bio: Pointer, into: Pointer): Pointer;
  d2i_PrivateKey_bio(bio: Pointer, into: Pointer): Pointer;
  EVP_PKEY_free(key: Pointer): void;
  BIO_s_mem(): Pointer;
  BIO_new(method: Pointer): Pointer;
  BIO_new_mem_buf(bytes: Uint8Array, count: number): Pointer;
  BIO_free(bio: Pointer): number;
  BIO_read(bio: Pointer, into: Pointer, bytes: number): number;
  BIO_ctrl(bio: Pointer, what: number, number: number, pointer: Pointer): number;
  SSL_new(context: Pointer): Pointer;
  SSL_free(ssl: Pointer): void;
  /** Takes both over. */
  SSL_set_bio(ssl: Pointer, read: Pointer, write: Pointer): void;
  SSL_set_accept_state(ssl: Pointer): void;
  SSL_set_connect_state(ssl: Pointer): void;
  SSL_set1_host(ssl: Pointer, name: string): number;
  SSL_set_hostflags(ssl: Pointer, flags: number): void;
  SSL_ctrlText(ssl: Pointer, what: number, number: number, text: string): number;
  SSL_do_handshake(ssl: Pointer): number;
  SSL_read(ssl: Pointer, into: Pointer, bytes: number): number;
  SSL_write(ssl: Pointer, from: Uint8Array, bytes: number): number;
  SSL_shutdown(ssl: Pointer): number;
  SSL_get_error(ssl: Pointer, result: number): number;
  SSL_get_verify_result(ssl: Pointer): number;
  /** The caller's own reference. */
  SSL_get1_peer_certificate(ssl: Pointer): Pointer;
  SSL_get0_alpn_selected(ssl: Pointer, data: BigUint64Array, bytes: Uint32Array): void;
  ERR_clear_error(): void;
  ERR_peek_last_error(): number;
  ERR_reason_error_string(error: number): string | null;
  /** The C function that calls `callback` where a server chooses among the protocols of a client. Never given back. */
  registerAlpnSelect(callback: AlpnSelect): unknown;
}

export type AlpnSelect = (
  ssl: Pointer,
  out: Pointer,
  outBytes: Pointer,
  peers: Pointer,
  peersBytes: number,
  argument: Pointer,
) => number;

/** Where a buffer's bytes are. They stay there as long as somebody has the buffer. */
export function addressOf(buffer: ArrayBufferView): Pointer {
  return Number(koffi.address(buffer));
}

/** A copy. */
export function bytesAt(pointer: Pointer, count: number): Buffer {
  return Buffer.from(koffi.decode(BigInt(pointer), 'uint8_t', count) as Uint8Array);
}

let loaded: OpenSsl | null | undefined;

/** Null where this Node does not export the functions, or has another OpenSSL than 3. */
export function loadOpenSsl(): OpenSsl | null {
  if (loaded === undefined) {
    try {
      loaded = load();
    } catch {
      // Not exported: that is an answer. Node's own TLS does the same, slower.
      loaded = null;
    }
  }
  return loaded;
}

const OPENSSL_MAJOR = 3;

function load(): OpenSsl {
  const library = koffi.load(null);
  const version = library.func('OPENSSL_version_major', 'uint', []) as () => number;
  if (version() !== OPENSSL_MAJOR) throw new Error(`OpenSSL ${version()} is not known here`);
  const p = 'uintptr_t';
  const f = <T>(name: string, result: string, parameters: string[]) => library.func(name, result, parameters) as T;
  const select = koffi.proto(
    'int zeronaut_alpn_select(uintptr_t ssl, uintptr_t out, uintptr_t outBytes, uintptr_t in, uint inBytes, uintptr_t arg)',
  );
  return {
    TLS_server_method: f('TLS_server_method', p, []),
    TLS_client_method: f('TLS_client_method', p, []),
    SSL_CTX_new: f('SSL_CTX_new', p, [p]),
    SSL_CTX_free: f('SSL_CTX_free', 'void', [p]),
    SSL_CTX_ctrl: f('SSL_CTX_ctrl', 'long', [p, 'int', 'long', p]),
    SSL_CTX_ctrlText: f('SSL_CTX_ctrl', 'long', [p, 'int', 'long', 'str']),
    SSL_CTX_set_options: f('SSL_CTX_set_options', 'uint64_t', [p, 'uint64_t']),
    SSL_CTX_set_ciphersuites: f('SSL_CTX_set_ciphersuites', 'int', [p, 'str']),
    SSL_CTX_set_verify: f('SSL_CTX_set_verify', 'void', [p, 'int', p]),
    SSL_CTX_set_num_tickets: f('SSL_CTX_set_num_tickets', 'int', [p, 'size_t']),
    SSL_CTX_use_certificate: f('SSL_CTX_use_certificate', 'int', [p, p]),
    SSL_CTX_use_PrivateKey: f('SSL_CTX_use_PrivateKey', 'int', [p, p]),
    SSL_CTX_check_private_key: f('SSL_CTX_check_private_key', 'int', [p]),
    SSL_CTX_get_cert_store: f('SSL_CTX_get_cert_store', p, [p]),
    SSL_CTX_add_client_CA: f('SSL_CTX_add_client_CA', 'int', [p, p]),
    SSL_CTX_set_alpn_protos: f('SSL_CTX_set_alpn_protos', 'int', [p, 'const uint8_t *', 'uint']),
    SSL_CTX_set_alpn_select_cb: f('SSL_CTX_set_alpn_select_cb', 'void', [p, 'void *', p]),
    SSL_select_next_proto: f('SSL_select_next_proto', 'int', [p, p, p, 'uint', p, 'uint']),
    X509_STORE_add_cert: f('X509_STORE_add_cert', 'int', [p, p]),
    X509_free: f('X509_free', 'void', [p]),
    X509_verify_cert_error_string: f('X509_verify_cert_error_string', 'str', ['long']),
    i2d_X509: f('i2d_X509', 'int', [p, 'uint64_t *']),
    d2i_X509_bio: f('d2i_X509_bio', p, [p, p]),
    d2i_PrivateKey_bio: f('d2i_PrivateKey_bio', p, [p, p]),
    EVP_PKEY_free: f('EVP_PKEY_free', 'void', [p]),
    BIO_s_mem: f('BIO_s_mem', p, []),
    BIO_new: f('BIO_new', p, [p]),
    BIO_new_mem_buf: f('BIO_new_mem_buf', p, ['const uint8_t *', 'int']),
    BIO_free: f('BIO_free', 'int', [p]),
    BIO_read: f('BIO_read', 'int', [p, p, 'int']),
    BIO_ctrl: f('BIO_ctrl', 'long', [p, 'int', 'long', p]),
    SSL_new: f('SSL_new', p, [p]),
    SSL_free: f('SSL_free', 'void', [p]),
    SSL_set_bio: f('SSL_set_bio', 'void', [p, p, p]),
    SSL_set_accept_state: f('SSL_set_accept_state', 'void', [p]),
    SSL_set_connect_state: f('SSL_set_connect_state', 'void', [p]),
    SSL_set1_host: f('SSL_set1_host', 'int', [p, 'str']),
    SSL_set_hostflags: f('SSL_set_hostflags', 'void', [p, 'uint']),
    SSL_ctrlText: f('SSL_ctrl', 'long', [p, 'int', 'long', 'str']),
    SSL_do_handshake: f('SSL_do_handshake', 'int', [p]),
    SSL_read: f('SSL_read', 'int', [p, p, 'int']),
    SSL_write: f('SSL_write', 'int', [p, 'const uint8_t *', 'int']),
    SSL_shutdown: f('SSL_shutdown', 'int', [p]),
    SSL_get_error: f('SSL_get_error', 'int', [p, 'int']),
    SSL_get_verify_result: f('SSL_get_verify_result', 'long', [p]),
    SSL_get1_peer_certificate: f('SSL_get1_peer_certificate', p, [p]),
    SSL_get0_alpn_selected: f('SSL_get0_alpn_selected', 'void', [p, 'uint64_t *', 'uint32_t *']),
    ERR_clear_error: f('ERR_clear_error', 'void', []),
    ERR_peek_last_error: f('ERR_peek_last_error', 'ulong', []),
    ERR_reason_error_string: f('ERR_reason_error_string', 'str', ['ulong']),
    registerAlpnSelect: (callback) => koffi.register(callback, koffi.pointer(select)),
  };
}
