import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { LOCAL_CREDENTIAL_FILE, localCredential } from '@zeronaut/model';
import { ApiClient } from '../api/client.ts';
import { CliError, usageError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import { loadDeviceKey } from './device.ts';
import { homeDirectory } from './home.ts';
import { readPrivateFile } from './private-file.ts';
import { loadProfiles } from './profiles.ts';

/** Which console, and as whom. */
export interface Connection {
  /** `local`, `environment`, or the name of a profile. */
  readonly profile: string;
  readonly consoleUrl: string;
  readonly token: string;
  /** Names this identity in files of ours: devices and cached services of two identities never mix. */
  readonly identity: string;
  readonly api: ApiClient;
}

/** The profile name that stands for the credential of this OS user beside a console on this machine. */
export const LOCAL_PROFILE = 'local';

/**
 * In this order: `--profile`, ZERONAUT_CONSOLE with ZERONAUT_TOKEN, the profile of the last login, the local credential.
 * Throws with exit code 3 when there is nothing.
 */
export function chooseConnection(
  options: { profile?: string | undefined; environment?: NodeJS.ProcessEnv } = {},
): Connection {
  const environment = options.environment ?? process.env;
  if (options.profile === LOCAL_PROFILE) return localConnection() ?? fail('there is no console on this machine');
  if (options.profile !== undefined) {
    return profileConnection(options.profile) ?? fail(`there is no profile ${options.profile}`);
  }

  const consoleUrl = environment.ZERONAUT_CONSOLE ?? '';
  const token = environment.ZERONAUT_TOKEN ?? '';
  if (consoleUrl !== '' || token !== '') {
    if (consoleUrl === '' || token === '') {
      throw usageError('ZERONAUT_CONSOLE and ZERONAUT_TOKEN go together', 'Set both, or neither.');
    }
    const digest = createHash('sha256').update(token).digest('hex').slice(0, 16);
    return connectionOf('environment', parseConsoleUrl(consoleUrl), token, `token:${digest}`);
  }

  const active = loadProfiles().active;
  const found = (active === null ? null : profileConnection(active)) ?? localConnection();
  return found ?? fail('not signed in');
}

/** A console address as people write it; without path, query and trailing slash. Throws a usage error. */
export function parseConsoleUrl(text: string): string {
  const url = URL.parse(/^[a-z]+:\/\//i.test(text) ? text : `https://${text}`);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.username !== '') {
    throw usageError(`${text} is no address of a console`, 'Write it as https://console.example.com.');
  }
  return url.origin;
}

function profileConnection(name: string): Connection | null {
  const found = loadProfiles().profiles[name];
  return found === undefined ? null : connectionOf(name, found.consoleUrl, found.token, `profile:${name}`, found.home);
}

function localConnection(): Connection | null {
  const found = readPrivateFile(join(homeDirectory(), LOCAL_CREDENTIAL_FILE), localCredential);
  return found === null
    ? null
    : connectionOf(LOCAL_PROFILE, parseConsoleUrl(found.consoleUrl), found.apiKey, LOCAL_PROFILE);
}

function connectionOf(
  profile: string,
  consoleUrl: string,
  token: string,
  identity: string,
  home = identity,
): Connection {
  // A key of the console's own machine or of a program is bound to no device.
  const deviceKey = () => (profile === LOCAL_PROFILE ? null : loadDeviceKey({ consoleUrl, identity: home }));
  return { profile, consoleUrl, token, identity, api: new ApiClient({ consoleUrl, token, deviceKey }) };
}

function fail(message: string): never {
  throw new CliError(message, {
    reason: 'api.unauthenticated',
    next: 'Run zeronaut login https://console.example.com, or npm start for a console on this machine.',
    exitCode: EXIT.notSignedIn,
  });
}
