import { z } from 'zod';

/** What browsers send of passkeys (WebAuthn 3, `toJSON`), as far as it is read. Sizes are bounded before anything is decoded. */
const bytes = (maxBytes: number) =>
  z
    .string()
    .min(1)
    .max(Math.ceil((maxBytes * 4) / 3))
    .regex(/^[A-Za-z0-9_-]+$/);

/** WebAuthn 3, 4: at most 1,023 bytes. */
export const credentialId = bytes(1023);

/** Somebody shows a passkey. */
export const passkeyAssertion = z.object({
  id: credentialId,
  type: z.literal('public-key'),
  response: z.object({
    clientDataJSON: bytes(4096),
    authenticatorData: bytes(2048),
    signature: bytes(1024),
    /** The id of its user, which a discoverable passkey always brings. */
    userHandle: bytes(64),
  }),
});
export type PasskeyAssertion = z.infer<typeof passkeyAssertion>;

/** A new passkey. */
export const passkeyAttestation = z.object({
  id: credentialId,
  type: z.literal('public-key'),
  response: z.object({
    clientDataJSON: bytes(4096),
    attestationObject: bytes(8192),
    transports: z.array(z.string().max(32)).max(8).optional(),
  }),
});
export type PasskeyAttestation = z.infer<typeof passkeyAttestation>;
