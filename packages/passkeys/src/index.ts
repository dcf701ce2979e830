export { CHALLENGE_TTL_MS, createChallenge, openChallenge } from './challenge.ts';
export { type ClientData, readClientData } from './client-data.ts';
export { PASSKEY_SCRIPT } from './page-script.ts';
export { requestOptions } from './request-options.ts';
export { type KnownPasskey, verifyAssertion } from './verify-assertion.ts';
