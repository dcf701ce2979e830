import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let root: string | null = null;
let count = 0;

/**
 * A fresh, empty directory (0700). All of them go when the test process ends, not when one test ends: hooks of a
 * test run in the order of their registration, and a program that a later hook stops may still be writing here.
 */
export function temporaryDirectory(label: { readonly name: string } | string = 'directory'): string {
  if (root === null) {
    const created = mkdtempSync(join(tmpdir(), `zeronaut-test-${process.pid}-`));
    process.on('exit', () => rmSync(created, { recursive: true, force: true }));
    root = created;
  }
  const name = (typeof label === 'string' ? label : label.name).toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  const path = join(root, `${++count}-${name.slice(0, 24)}`);
  mkdirSync(path, { mode: 0o700 });
  return path;
}
