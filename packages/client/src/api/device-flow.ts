import { setTimeout as delay } from 'node:timers/promises';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import { ApiError, ConsoleUnreachable } from './api-error.ts';
import type { ApiClient } from './client.ts';

const CLIENT_ID = 'zeronaut-cli';
const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:device_code';
/** RFC 8628, 3.5: `slow_down` adds this to the interval for good. */
const SLOW_DOWN_SECONDS = 5;

export interface DeviceCode {
  readonly userCode: string;
  readonly verificationUri: string;
  /** With the code filled in. */
  readonly verificationUriComplete: string;
  readonly expiresInSeconds: number;
}

export interface DeviceToken {
  readonly token: string;
  readonly expiresAt: string;
}

/**
 * The device authorization grant (RFC 8628): asks for a code, hands it to `onCode`, and polls until the person has
 * approved it in a browser. Rejects with a CliError when they refuse or the code runs out, or when `signal` aborts.
 * `wait` is for tests.
 */
export async function authorizeDevice(
  api: ApiClient,
  onCode: (code: DeviceCode) => void,
  signal: AbortSignal,
  wait: (milliseconds: number, value: undefined, options: { signal: AbortSignal }) => Promise<unknown> = delay,
): Promise<DeviceToken> {
  const code = await api.call('oauth.deviceAuthorization', { body: { client_id: CLIENT_ID } }, { signal });
  onCode({
    userCode: code.user_code,
    verificationUri: code.verification_uri,
    verificationUriComplete: code.verification_uri_complete,
    expiresInSeconds: code.expires_in,
  });
  const giveUpAt = performance.now() + code.expires_in * 1_000;
  let intervalSeconds = Math.max(code.interval, 1);
  while (performance.now() < giveUpAt) {
    await wait(intervalSeconds * 1_000, undefined, { signal });
    const body = { grant_type: GRANT_TYPE, device_code: code.device_code, client_id: CLIENT_ID } as const;
    try {
      const answer = await api.call('oauth.token', { body }, { signal });
      return {
        token: answer.access_token,
        expiresAt: new Date(Date.now() + answer.expires_in * 1_000).toISOString(),
      };
    } catch (error) {
      if (error instanceof ConsoleUnreachable) {
        // RFC 8628, 3.5: a connection time-out asks for a longer interval; the code lives on at the console.
        intervalSeconds += SLOW_DOWN_SECONDS;
        continue;
      }
      if (!(error instanceof ApiError)) throw error;
      if (error.reason === 'api.authorization_pending') continue;
      if (error.reason !== 'api.slow_down' && error.reason !== 'api.rate_limited') throw explain(error);
      intervalSeconds += SLOW_DOWN_SECONDS;
    }
  }
  throw expired();
}

function explain(error: ApiError): CliError {
  switch (error.reason) {
    case 'api.access_denied':
      return new CliError('the sign-in was refused in the browser', {
        reason: error.reason,
        next: 'Run zeronaut login again if that was a mistake.',
        exitCode: EXIT.refused,
        cause: error,
      });
    case 'api.token_expired':
    case 'api.token_used':
      return expired(error);
    default:
      return error;
  }
}

function expired(cause?: ApiError): CliError {
  return new CliError('the code has expired before it was approved', {
    reason: 'api.token_expired',
    next: 'Run zeronaut login again.',
    exitCode: EXIT.notSignedIn,
    cause,
  });
}
