/**
 * ChaCha20-Poly1305 (RFC 8439, 2.8) without associated data over the memory of the packet path, in two ways that give the
 * same bytes: OpenSSL's EVP interface, which is always there, and the functions below it, which this Node binary happens
 * to export (docs/decisions/0008-two-aead-paths.md).
 */

/** All addresses are offsets in the shared memory, of which `base` is the place in the process. */
export interface Aead {
  readonly name: 'evp' | 'raw';
  /**
   * Seals `padded` bytes, of which the first `length` are the packet at `packet`, into `out`; the tag follows. The nonce
   * lies in the scratch. 64 bytes before `packet` and before `out` are overwritten; what lies behind the packet is not.
   * `key` is the offset of the key, `keypair` names it towards contexts that keep it.
   */
  seal(key: number, keypair: number, packet: number, length: number, padded: number, out: number): void;
  /**
   * Opens `length` bytes of ciphertext, followed by the tag, into `out`. False: forged; what lies in `out` is then
   * nothing. 64 bytes before `ciphertext` and before `out` are overwritten.
   */
  open(key: number, keypair: number, ciphertext: number, length: number, out: number): boolean;
}
