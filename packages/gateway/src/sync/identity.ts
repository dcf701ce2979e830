import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hostname, hostPort, id, label, port, publicJwk } from '@zeronaut/model';
import { z } from 'zod';

/**
 * Who this gateway is: its keys, what the console certified, and what was pinned at enrolment. Lives in
 * `identity.json` (0600); the TLS key lives beside it in `tls.key`, because listeners need nothing else of this.
 */
const pem = z.string().min(1).max(65_536);
export const identitySchema = z.strictObject({
  format: z.literal(1),
  gatewayId: id,
  organizationId: id,
  consoleUrl: z.string().max(2048),
  name: label,
  baseDomain: hostname,
  /** `host:port` of the console's sync server. */
  syncAddress: hostPort,
  /** Key and certificate of the sync link. */
  clientKey: pem,
  clientCertificate: pem,
  /** For the TLS key; presented to agents. */
  tunnelCertificate: pem,
  certificateAuthority: pem,
  /** Ed25519; signs domain sessions, sign-in codes and assertions. */
  signingKey: pem,
  signingKeyId: z.string().min(1).max(128),
  /** The console's key for snapshots, pinned. */
  snapshotKey: publicJwk,
  /** As told to the console; taken again when the file asks for any free port. */
  httpsPort: port,
  tunnelPort: port,
});
export type Identity = z.infer<typeof identitySchema>;

export interface Credentials {
  readonly identity: Identity;
  /** PEM: the key that all TLS certificates of this gateway are made for. */
  readonly tlsKey: string;
}

const IDENTITY_FILE = 'identity.json';
const TLS_KEY_FILE = 'tls.key';

/** Null: never enrolled. Throws when the files exist and cannot be used: starting under a new name would lose the old one. */
export async function loadCredentials(directory: string): Promise<Credentials | null> {
  const path = join(directory, IDENTITY_FILE);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    const identity = identitySchema.parse(JSON.parse(text));
    const tlsKey = await readFile(join(directory, TLS_KEY_FILE), 'utf8');
    createPrivateKey(tlsKey);
    return { identity, tlsKey };
  } catch (cause) {
    throw new Error(`${path} cannot be used; restore it from a backup, or move it away and enrol again`, { cause });
  }
}

/** Replaces a private file so that a crash leaves the old or the new content. */
export type WriteFile = (path: string, content: string) => Promise<void>;

/** The identity is written last: it is there only when everything else is. */
export async function saveCredentials(directory: string, credentials: Credentials, write: WriteFile): Promise<void> {
  await write(join(directory, TLS_KEY_FILE), credentials.tlsKey);
  await saveIdentity(directory, credentials.identity, write);
}

export async function saveIdentity(directory: string, identity: Identity, write: WriteFile): Promise<void> {
  await write(join(directory, IDENTITY_FILE), `${JSON.stringify(identity, null, 2)}\n`);
}

/** Whether `certificate` is for `key`, from one of `authority` (a PEM bundle), and valid at `now` (ms). */
export function fits(certificate: string, key: string, authority: string, now: number): boolean {
  try {
    const parsed = new X509Certificate(certificate);
    return (
      parsed.checkPrivateKey(createPrivateKey(key)) &&
      splitBundle(authority).some((issuer) => parsed.verify(new X509Certificate(issuer).publicKey)) &&
      Date.parse(parsed.validTo) > now
    );
  } catch {
    return false;
  }
}

function splitBundle(bundle: string): string[] {
  return bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}
