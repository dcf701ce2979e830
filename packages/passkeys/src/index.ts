/**
 * Passkeys, for console and gateway alike: challenges, what browsers are asked, what an answer proves. Pure: who has which passkey,
 * and that each challenge counts once, is kept by the caller. It must never open a session.
 */
export { parseRoots } from './attestation/certificates.ts';
export { type AttestationDemand, verifyStatement } from './attestation/verify-statement.ts';
export { CHALLENGE_TTL_MS, createChallenge, openChallenge } from './challenge.ts';
export { type ClientData, readClientData } from './client-data.ts';
export { creationOptions, PASSKEY_ALGORITHMS, requestOptions } from './options.ts';
export { PASSKEY_SCRIPTS } from './page-script.ts';

export { type KnownPasskey, verifyAssertion } from './verify-assertion.ts';
