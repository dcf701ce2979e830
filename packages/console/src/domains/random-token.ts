import { createHash, randomBytes } from 'node:crypto';
import { PERSONAL_ACCESS_TOKEN_PREFIX } from '@zeronaut/model';

/** Prefixes let people and secret scanners recognise what leaked. */
export const TOKEN_PREFIX = {
  session: 'zns_',
  apiKey: 'znk_',
  workload: 'zna_',
  personalAccessToken: PERSONAL_ACCESS_TOKEN_PREFIX,
  relyingParty: 'znr_',
  enrolment: 'zne_',
  setup: 'znf_',
  deviceCode: 'znd_',
  pendingSignIn: 'zni_',
  invitation: 'znv_',
  magicLink: 'znl_',
} as const;

/** 256 random bits; only `hashToken` of it is ever stored. */
export function createToken(kind: keyof typeof TOKEN_PREFIX): string {
  return TOKEN_PREFIX[kind] + randomBytes(32).toString('base64url');
}

/** SHA-256, base64url. Enough without salt or stretching because tokens are random; look-ups by hash leak no timing. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
