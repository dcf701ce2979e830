import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Connection, LOCAL_PROFILE } from './connection.ts';
import { ensureDirectory, homeDirectory } from './home.ts';

/**
 * Puts the internal CA's certificate where a person finds it: `ca.pem` for the console on this machine, else
 * `ca-<console>.pem`. It is public: no secret is in it. Returns the path.
 */
export function saveCertificateAuthority(connection: Connection, pem: string): string {
  const home = ensureDirectory(homeDirectory());
  const host = new URL(connection.consoleUrl).host.replace(/[^a-zA-Z0-9.-]/g, '_');
  const path = join(home, connection.profile === LOCAL_PROFILE ? 'ca.pem' : `ca-${host}.pem`);
  if (!existsSync(path) || readFileSync(path, 'utf8') !== pem) writeFileSync(path, pem, { mode: 0o644 });
  return path;
}
