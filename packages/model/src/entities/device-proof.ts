import { z } from 'zod';

/**
 * Which machine makes a call, in the header `DPoP` (RFC 9449): a JWS by the device's key about method, path, time and the token beside it.
 * Whoever has the token alone calls nothing with it. Hosts are not compared: proxies give the console other names.
 */
export const DEVICE_PROOF_HEADER = 'dpop';
export const DEVICE_PROOF_TYPE = 'dpop+jwt';

export const deviceProofClaims = z.object({
  htm: z.string().max(10),
  /** Without query. */
  htu: z.url().max(2_000),
  /** Seconds. */
  iat: z.int(),
  /** SHA-256 of the token, base64url. */
  ath: z.string().length(43),
});
