import { join } from 'node:path';
import { z } from 'zod';
import { homeDirectory } from './home.ts';
import { readPrivateFile, writePrivateFile } from './private-file.ts';

const profile = z.strictObject({
  consoleUrl: z.url({ protocol: /^https?$/ }),
  token: z.string().min(1).max(8192),
  email: z.string().max(254).nullable(),
  expiresAt: z.iso.datetime().nullable(),
  /** Of a session that came of another one: the identity whose machine it is of. */
  home: z.string().max(200).optional(),
});
export type Profile = z.infer<typeof profile>;

/** `profiles.json`: what `zeronaut login` keeps. */
const profiles = z.strictObject({
  active: z.string().nullable(),
  profiles: z.record(z.string().min(1).max(120), profile),
});
export type Profiles = z.infer<typeof profiles>;

function profilesPath(): string {
  return join(homeDirectory(), 'profiles.json');
}

export function loadProfiles(): Profiles {
  return readPrivateFile(profilesPath(), profiles) ?? { active: null, profiles: {} };
}

export function saveProfiles(value: Profiles): void {
  writePrivateFile(profilesPath(), value);
}

/** The name of a profile when none is asked for: the console's host, with the port where it is not the usual one. */
export function profileNameOf(consoleUrl: string): string {
  return new URL(consoleUrl).host;
}
