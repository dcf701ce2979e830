import { open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes so that a reader, or we after a crash or a power cut, see either the old content or the new one: temporary
 * file beside it, fsync, rename, fsync of the directory. What comes in pieces is written piece by piece. Rejects with the system's error and leaves the old file.
 */
export async function writeFileAtomically(
  path: string,
  content: string | Iterable<Uint8Array>,
  mode = 0o600,
): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    const file = await open(temporary, 'w', mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    // On a full disk the half-written file would keep the space that the next attempt needs.
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncDirectory(dirname(path));
}

export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
