import { execFileSync } from 'node:child_process';
import type { TestContext } from 'node:test';
import { temporaryDirectory } from './temporary-directory.ts';

/** Why no file system of a fixed size can be mounted here; null when it can. */
export function tmpfsMissing(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'mounting needs root on Linux';
  const probe = temporaryDirectory('probe');
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4096', 'tmpfs', probe], { stdio: 'pipe' });
    execFileSync('umount', [probe], { stdio: 'pipe' });
    return null;
  } catch (error) {
    return `tmpfs cannot be mounted here: ${(error as Error).message}`;
  }
}

/** A directory on a file system of its own that holds `sizeBytes` and not more, for tests of a full disk. */
export function tmpfs(test: Pick<TestContext, 'after'>, sizeBytes: number): string {
  const path = temporaryDirectory('tmpfs');
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes},mode=0700`, 'tmpfs', path]);
  let mounted = true;
  // Lazily: a program that a later hook stops may still have a file open.
  const unmount = () => {
    if (mounted) execFileSync('umount', ['--lazy', path]);
    mounted = false;
  };
  test.after(unmount);
  process.on('exit', unmount);
  return path;
}
