import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { homeDirectory } from '../profile/home.ts';
import { readPrivateFile, writePrivateFile } from '../profile/private-file.ts';

const listenPort = z.int().min(1).max(65_535);

/** How console and gateway run on this machine. Kept, so that the next `zeronaut start` without flags finds the same. */
const startSettings = z.strictObject({
  baseDomain: z.string(),
  /** What agents and visitors dial; null: the base domain. */
  publicHost: z.string().nullable(),
  /** Interface of the console's API and pages. */
  consoleHost: z.string(),
  /** Interface of the gateway's public listeners. */
  gatewayHost: z.string(),
  consolePort: listenPort,
  syncPort: listenPort,
  httpsPort: listenPort,
  httpPort: listenPort,
  tunnelPort: listenPort,
  managementPort: listenPort,
  portRange: z.strictObject({ from: listenPort, to: listenPort }),
});
export type StartSettings = z.infer<typeof startSettings>;

export const DEFAULT_SETTINGS: StartSettings = {
  baseDomain: 'localhost',
  publicHost: null,
  consoleHost: '127.0.0.1',
  gatewayHost: '0.0.0.0',
  consolePort: 8080,
  syncPort: 8081,
  httpsPort: 8443,
  httpPort: 8000,
  tunnelPort: 8444,
  managementPort: 9090,
  portRange: { from: 20_000, to: 20_999 },
};

function settingsPath(): string {
  return join(homeDirectory(), 'start.json');
}

const TOLD_AT_ENROLMENT = ['baseDomain', 'publicHost', 'httpsPort', 'tunnelPort', 'portRange', 'syncPort'] as const;

/**
 * What was asked for now, else what was last time, else the defaults; and which of the things that a gateway tells the
 * console once, when it enrols, are other than last time.
 */
export function loadSettings(asked: Partial<StartSettings>): {
  settings: StartSettings;
  changedForGateway: readonly string[];
} {
  const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
  const last = readPrivateFile(settingsPath(), startSettings);
  const settings: StartSettings = { ...DEFAULT_SETTINGS, ...last, ...given };
  const changed = TOLD_AT_ENROLMENT.filter((name) => last !== null && !isDeepStrictEqual(settings[name], last[name]));
  return { settings, changedForGateway: changed.map(inWords) };
}

export function saveSettings(settings: StartSettings): void {
  writePrivateFile(settingsPath(), settings);
}

/** `httpsPort` as the flag is called. */
function inWords(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
