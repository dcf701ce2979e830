import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join, relative } from 'node:path';

/** One file of the built web console, ready to be sent. */
export interface WebFile {
  readonly type: string;
  /** Its name has the hash of what is in it, so it never changes. */
  readonly immutable: boolean;
  /** By content coding; `identity` is always there. */
  readonly bodies: ReadonlyMap<Coding, WebBody>;
}

export interface WebBody {
  readonly bytes: Buffer;
  readonly etag: string;
}

export type Coding = 'br' | 'gzip' | 'identity';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
};
const ENDING: Readonly<Record<string, Coding>> = { '.br': 'br', '.gz': 'gzip' };
const STAMP_FILE = 'build-stamp.txt';

/**
 * The build, in memory: some hundred small files, so that a request never touches the disk and a build that is replaced under
 * us is never seen half. What pages of the build before still ask for is answered too.
 */
export class WebFiles {
  readonly #directory: string;
  #stamp = '';
  #files: ReadonlyMap<string, WebFile> = new Map();
  #before: ReadonlyMap<string, WebFile> = new Map();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** `path` as in the URL. */
  get(path: string): WebFile | undefined {
    const file = this.#files.get(path);
    if (file !== undefined) return file;
    const old = this.#before.get(path);
    return old?.immutable === true ? old : undefined;
  }

  /** Looks whether there is another build, and loads it. False: there is none at all. */
  async refresh(): Promise<boolean> {
    const stamp = await stampOf(join(this.#directory, STAMP_FILE));
    if (stamp === null) return this.#files.size > 0;
    if (stamp === this.#stamp) return true;
    const files = await loadFiles(this.#directory);
    // Replaced while it was read: the next request reads it again.
    if ((await stampOf(join(this.#directory, STAMP_FILE))) !== stamp) return this.#files.size > 0;
    [this.#before, this.#files, this.#stamp] = [this.#files, files, stamp];
    return true;
  }
}

/** The best coding that the browser takes (RFC 9110, 12.5.3); what it does not name, it does not get. */
export function chooseBody(file: WebFile, acceptEncoding: string | undefined): readonly [Coding, WebBody] {
  const taken = new Set(
    (acceptEncoding ?? '')
      .toLowerCase()
      .split(',')
      .filter((part) => !/;\s*q=0(?:\.0*)?\s*$/.test(part))
      .map((part) => part.split(';', 1)[0]!.trim()),
  );
  for (const coding of ['br', 'gzip'] as const) {
    const body = file.bodies.get(coding);
    if (body !== undefined && taken.has(coding)) return [coding, body];
  }
  return ['identity', file.bodies.get('identity')!];
}

async function stampOf(file: string): Promise<string | null> {
  try {
    const { mtimeMs, ino } = await stat(file);
    return `${ino}:${mtimeMs}`;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function loadFiles(directory: string): Promise<Map<string, WebFile>> {
  const names = (await readdir(directory, { withFileTypes: true, recursive: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
  const bodies = new Map<string, Map<Coding, WebBody>>();
  for (const name of names) {
    const coding = ENDING[extname(name)] ?? 'identity';
    const plain = coding === 'identity' ? name : name.slice(0, -extname(name).length);
    if (TYPES[extname(plain)] === undefined) continue;
    const bytes = await readFile(join(directory, name));
    const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 27)}"`;
    const known = bodies.get(plain) ?? new Map<Coding, WebBody>();
    bodies.set(plain, known.set(coding, { bytes, etag }));
  }
  return new Map(
    [...bodies]
      .filter(([, one]) => one.has('identity'))
      .map(([name, one]) => [
        `/${name}`,
        { type: TYPES[extname(name)]!, immutable: name.startsWith('assets/'), bodies: one },
      ]),
  );
}
