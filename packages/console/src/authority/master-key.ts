import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { Fault } from '@zeronaut/model';

/** Its name in the data directory. */
export const MASTER_KEY_FILE = 'master.key';
export const MASTER_KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Seals secrets for the database (AES-256-GCM). `name` is authenticated, so that one cannot stand in for another. */
export interface Sealer {
  seal(name: string, secret: string): string;
  /** Throws a Fault when the text was changed, or was sealed with another key or name. */
  open(name: string, sealed: string): string;
}

/**
 * Reads the master key (32 bytes, mode 0600), or makes it when there is none. It is not in the database: a copy of
 * the database alone opens nothing.
 */
export function loadMasterKey(file: string): Sealer {
  const key = readKey(file) ?? createKey(file);
  if (key.length !== MASTER_KEY_BYTES) {
    throw new Fault('authority.master_key_invalid', {
      side: 'local',
      message: `${file} must hold ${MASTER_KEY_BYTES} bytes`,
    });
  }
  return {
    seal(name, secret) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(Buffer.from(name));
      const body = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url');
    },
    open(name, sealed) {
      const bytes = Buffer.from(sealed, 'base64url');
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), {
          authTagLength: TAG_BYTES,
        });
        decipher.setAAD(Buffer.from(name));
        decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
        return decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
      } catch (cause) {
        throw new Fault('authority.unsealing_failed', {
          side: 'local',
          message: `the secret ${name} cannot be opened with the master key ${file}`,
          cause,
        });
      }
    },
  };
}

function readKey(file: string): Buffer | null {
  try {
    if ((statSync(file).mode & 0o077) !== 0) {
      throw new Fault('authority.master_key_exposed', {
        side: 'local',
        message: `${file} can be read by other users; run: chmod 600 ${file}`,
      });
    }
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function createKey(file: string): Buffer {
  const key = randomBytes(MASTER_KEY_BYTES);
  const temporary = `${file}.${process.pid}.tmp`;
  const descriptor = openSync(temporary, 'wx', 0o600);
  try {
    writeSync(descriptor, key);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  try {
    // A link, not a rename: of two consoles that start at once the second must not replace the first one's key.
    linkSync(temporary, file);
  } finally {
    unlinkSync(temporary);
  }
  return key;
}
