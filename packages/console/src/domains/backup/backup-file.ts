/**
 * The file of a backup: one line that says what it is, one line of JSON (the header), then chunks of 64 KiB under AES-256-GCM with a key from
 * the passphrase (scrypt, RFC 7914). Each nonce holds the number of its chunk and whether it is the last one (the STREAM construction of
 * Hoang, Reyhanitabar, Rogaway and Vizár, 2015), and the header is authenticated with each: what was cut, changed or put in another order does
 * not open. Inside: 32 bytes of master key, then the database.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes, scrypt } from 'node:crypto';
import { z } from 'zod';

const MAGIC = 'zeronaut-backup/1';
const CHUNK_BYTES = 65_536;
const TAG_BYTES = 16;
const PREFIX_BYTES = 7;
const MAX_HEADER_BYTES = 1_024;
/** 128 MiB and about half a second for each guess. Of a file no more is taken: it comes from somewhere. */
const SCRYPT = { N: 131_072, r: 8, p: 1 } as const;
const KEY_BYTES = 32;

const base64 = z.base64url().min(1).max(64);
const header = z.strictObject({
  createdAt: z.iso.datetime(),
  /** Of the console that made it. */
  version: z.string().max(60),
  salt: base64,
  prefix: base64,
});
export type BackupHeader = z.infer<typeof header>;

/** Encrypts what comes, in the sizes that it comes in. */
export async function* encodeBackup(
  plain: AsyncIterable<Uint8Array>,
  about: Pick<BackupHeader, 'createdAt' | 'version'>,
  passphrase: string,
): AsyncGenerator<Buffer> {
  const salt = randomBytes(16);
  const prefix = randomBytes(PREFIX_BYTES);
  const line = JSON.stringify({
    ...about,
    salt: salt.toString('base64url'),
    prefix: prefix.toString('base64url'),
  } satisfies BackupHeader);
  const key = await keyOf(passphrase, salt);
  const aad = digest(line);
  yield Buffer.from(`${MAGIC}\n${line}\n`);
  let count = 0;
  const seal = (chunk: Buffer, last: boolean): Buffer => {
    const cipher = createCipheriv('aes-256-gcm', key, nonceOf(prefix, count++, last), { authTagLength: TAG_BYTES });
    cipher.setAAD(aad);
    return Buffer.concat([cipher.update(chunk), cipher.final(), cipher.getAuthTag()]);
  };
  for await (const { chunk, last } of chunksOf(plain, CHUNK_BYTES)) yield seal(chunk, last);
}

/** Why a file is not taken, in words. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
  /** `exists`: where it was to go, something is already. */
  readonly kind: 'invalid' | 'exists';

  constructor(message: string, kind: BackupError['kind'] = 'invalid') {
    super(message);
    this.kind = kind;
  }
}

/** The plain bytes of a backup. Rejects with a `BackupError` when it is none, was changed, or the passphrase is another one; what came before is then not to be used. */
export async function* decodeBackup(file: AsyncIterable<Uint8Array>, passphrase: string): AsyncGenerator<Buffer> {
  const source = file[Symbol.asyncIterator]();
  let buffered = Buffer.alloc(0);
  const more = async (): Promise<boolean> => {
    const next = await source.next();
    if (next.done === true) return false;
    buffered = Buffer.concat([buffered, next.value]);
    return true;
  };
  const readLine = async (): Promise<string> => {
    let end = buffered.indexOf(10);
    while (end === -1 && buffered.length <= MAX_HEADER_BYTES && (await more())) end = buffered.indexOf(10);
    if (end === -1) throw new BackupError('this is no backup of a console');
    const line = buffered.subarray(0, end).toString('utf8');
    buffered = buffered.subarray(end + 1);
    return line;
  };
  if ((await readLine()) !== MAGIC) throw new BackupError('this is no backup of a console');
  const line = await readLine();
  const { salt, prefix } = parseHeader(line);
  const key = await keyOf(passphrase, salt);
  const aad = digest(line);
  async function* rest(): AsyncGenerator<Buffer> {
    yield buffered;
    buffered = Buffer.alloc(0);
    while (await more()) {
      yield buffered;
      buffered = Buffer.alloc(0);
    }
  }
  let count = 0;
  for await (const { chunk, last } of chunksOf(rest(), CHUNK_BYTES + TAG_BYTES)) {
    if (chunk.length < TAG_BYTES) throw new BackupError('the backup is not whole');
    const nonce = nonceOf(prefix, count++, last);
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(aad);
    decipher.setAuthTag(chunk.subarray(chunk.length - TAG_BYTES));
    let plain: Buffer;
    try {
      plain = Buffer.concat([decipher.update(chunk.subarray(0, chunk.length - TAG_BYTES)), decipher.final()]);
    } catch {
      throw new BackupError(
        count === 1
          ? 'the passphrase is another one, or the backup was changed'
          : 'the backup was changed or is not whole',
      );
    }
    yield plain;
  }
}

function parseHeader(line: string): { salt: Buffer; prefix: Buffer } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // Not ours, whatever it is.
    value = null;
  }
  const parsed = header.safeParse(value);
  const prefix = Buffer.from(parsed.data?.prefix ?? '', 'base64url');
  if (!parsed.success || prefix.length !== PREFIX_BYTES) throw new BackupError('this is no backup of a console');
  return { salt: Buffer.from(parsed.data.salt, 'base64url'), prefix };
}

/** Chunks of one size, the last one shorter or empty; whether one is the last is known only when the next has not come. */
async function* chunksOf(
  source: AsyncIterable<Uint8Array>,
  sizeBytes: number,
): AsyncGenerator<{ chunk: Buffer; last: boolean }> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of source) {
    parts.push(part);
    length += part.length;
    while (length > sizeBytes) {
      const all = Buffer.concat(parts);
      yield { chunk: all.subarray(0, sizeBytes), last: false };
      parts = [all.subarray(sizeBytes)];
      length -= sizeBytes;
    }
  }
  yield { chunk: Buffer.concat(parts), last: true };
}

function nonceOf(prefix: Buffer, count: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  prefix.copy(nonce);
  nonce.writeUInt32BE(count, PREFIX_BYTES);
  nonce[11] = last ? 1 : 0;
  return nonce;
}

function digest(line: string): Buffer {
  return createHash('sha256').update(`${MAGIC}\n${line}\n`).digest();
}

function keyOf(passphrase: string, salt: Buffer): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const options = { ...SCRYPT, maxmem: 256 * 1024 * 1024 };
  // One person types it here and another there: the same letters are the same passphrase.
  scrypt(passphrase.normalize('NFKC'), salt, KEY_BYTES, options, (error, key) =>
    error === null ? resolve(key) : reject(error),
  );
  return promise;
}
