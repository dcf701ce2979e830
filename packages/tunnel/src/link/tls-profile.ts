import { constants } from 'node:crypto';

/** PEM. The certificate may be followed by its chain. */
export interface TunnelCredentials {
  readonly cert: string;
  readonly key: string;
  /** Who may be on the other end. */
  readonly ca: string;
}

/**
 * What may wait between a session and a TLS socket of Node's, in bytes: three slabs of frames, so that the next is
 * encrypted while the kernel takes the last. Each more delays a small request beside bulk by its own time on the wire.
 */
export const LINK_HIGH_WATER_BYTES = 192 * 1024;

/**
 * How both ends of a link speak TLS: 1.3 only, hybrid post-quantum key exchange first, and AES-128-GCM first because it
 * costs a third less CPU per byte than ChaCha20 where AES is in the processor, and is no weaker for us. No session
 * tickets: a resumed session would skip the check of a certificate that was revoked meanwhile.
 */
export const TLS_PROFILE = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256',
  ecdhCurve: 'X25519MLKEM768:X25519:P-256',
  secureOptions: constants.SSL_OP_NO_TICKET,
} as const;
