import { createReadStream } from 'node:fs';
import { canonicalJson, EXPORT_FORMAT, ExportVerifier, originOf, parseCheckpoint, parseNote } from '@zeronaut/audit';
import type { ApiClient } from '../api/client.ts';
import { CliError } from '../cli-error.ts';

export interface ExportedAudit {
  readonly organizationId: string;
  readonly entries: number;
  readonly checkpoints: number;
}

/** A file that an export which broke off has left behind. */
export interface PartialExport {
  readonly organizationId: string;
  /** Entries that the export is to have. */
  readonly size: number;
  /** Entries that are in it. */
  readonly done: number;
  readonly checkpoints: number;
  /** So many bytes of it are good; what follows is to be cut off. */
  readonly bytes: number;
}

const PAGE = 1000;

/**
 * Writes the whole log up to a fresh checkpoint, or the rest of what `partial` has begun, line by line, see `verify-export.ts` of
 * `@zeronaut/audit`. It checks nothing: that is for whoever verifies, with this file alone.
 */
export async function exportAudit(
  api: ApiClient,
  write: (lines: string) => Promise<void>,
  onProgress: (done: number, of: number) => void,
  partial: PartialExport | null = null,
): Promise<ExportedAudit> {
  let [done, checkpoints] = [partial?.done ?? 0, partial?.checkpoints ?? 0];
  const { organizationId, size } = partial ?? (await begin(api, write));
  while (done < size) {
    const query = { from: done + 1, to: size, limit: PAGE };
    const page = await api.call('audit.export', { query }, { timeoutMs: 60_000 });
    if (page.items.length === 0) throw new CliError(`the console has no entry ${done + 1}, and promised ${size}`);
    const behind = new Map(page.checkpoints.map((each) => [each.size, each.note]));
    const lines: string[] = [];
    for (const item of page.items) {
      const isWhole = 'entry' in item;
      lines.push(canonicalJson({ type: isWhole ? 'entry' : 'pruned', ...item }));
      const made = behind.get(Number(isWhole ? item.entry.seq : item.seq));
      if (made === undefined) continue;
      lines.push(canonicalJson({ type: 'checkpoint', note: made }));
      checkpoints++;
    }
    await write(`${lines.join('\n')}\n`);
    done += page.items.length;
    onProgress(done, size);
  }
  return { organizationId, entries: done, checkpoints: size === 0 ? 1 : checkpoints };
}

async function begin(
  api: ApiClient,
  write: (lines: string) => Promise<void>,
): Promise<{ organizationId: string; size: number }> {
  const { size, note, keys, origin } = await api.call('audit.checkpoint', {});
  const organizationId = origin.slice(originOf('').length);
  await write(`${canonicalJson({ type: 'export', format: EXPORT_FORMAT, organizationId, keys, checkpoint: note })}\n`);
  if (size === 0) await write(`${canonicalJson({ type: 'checkpoint', note })}\n`);
  return { organizationId, size };
}

/** Null: there is nothing in the file that could be gone on with. Reads it once, in constant memory. */
export async function readPartial(path: string): Promise<PartialExport | null> {
  const verifier = new ExportVerifier();
  let first = '';
  let [bytes, lastEntryAt, checkpoints, sinceLastEntry] = [0, 0, 0, 0];
  for await (const line of wholeLines(path)) {
    if (first === '') first = line;
    if (/"type":"(?:entry|pruned)"\}$/.test(line)) {
      lastEntryAt = bytes;
      sinceLastEntry = 0;
    } else if (bytes > 0) {
      checkpoints++;
      sinceLastEntry++;
    }
    verifier.push(line);
    bytes += Buffer.byteLength(line) + 1;
  }
  const { finding, entries, organizationId } = verifier.finish();
  // All that may be wrong with it is that it ends too early.
  const isGood = finding === null || finding.flaw === 'truncated' || finding.flaw === 'unsigned';
  if (!isGood || organizationId === null || entries < 1) return null;
  const size = parseCheckpoint(parseNote(JSON.parse(first).checkpoint)?.text ?? '')?.size;
  if (size === undefined) return null;
  // The last entry comes again: whether its checkpoint was written is not known.
  return { organizationId, size, done: entries - 1, checkpoints: checkpoints - sinceLastEntry, bytes: lastEntryAt };
}

/** What a file that broke off has after its last line feed is left out. */
async function* wholeLines(path: string): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  for await (const data of createReadStream(path)) {
    const chunk = data as Buffer;
    let from = 0;
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
      rest.push(chunk.subarray(from, at));
      yield Buffer.concat(rest).toString();
      rest = [];
      from = at + 1;
    }
    rest.push(chunk.subarray(from));
  }
}
