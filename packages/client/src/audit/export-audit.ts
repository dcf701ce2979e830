import { canonicalJson, EXPORT_FORMAT, originOf } from '@zeronaut/audit';
import type { ApiClient } from '../api/client.ts';
import { CliError } from '../cli-error.ts';

export interface ExportedAudit {
  readonly organizationId: string;
  readonly entries: number;
  readonly checkpoints: number;
}

const PAGE = 1000;

/**
 * Writes the whole log up to a fresh checkpoint, line by line, see `verify-export.ts` of `@zeronaut/audit`. It checks nothing:
 * that is for whoever verifies, with this file alone.
 */
export async function exportAudit(
  api: ApiClient,
  write: (lines: string) => void,
  onProgress: (done: number, of: number) => void,
): Promise<ExportedAudit> {
  const { size, note, keys, origin } = await api.call('audit.checkpoint', {});
  const organizationId = origin.slice(originOf('').length);
  write(`${canonicalJson({ type: 'export', format: EXPORT_FORMAT, organizationId, keys, checkpoint: note })}\n`);
  let done = 0;
  let checkpoints = 0;
  while (done < size) {
    const query = { from: done + 1, to: size, limit: PAGE };
    const page = await api.call('audit.export', { query }, { timeoutMs: 60_000 });
    if (page.items.length === 0) throw new CliError(`the console has no entry ${done + 1}, and promised ${size}`);
    const behind = new Map(page.checkpoints.map((each) => [each.size, each.note]));
    const lines: string[] = [];
    for (const item of page.items) {
      lines.push(canonicalJson({ type: 'entry', ...item }));
      const made = behind.get(Number(item.entry.seq));
      if (made === undefined) continue;
      lines.push(canonicalJson({ type: 'checkpoint', note: made }));
      checkpoints++;
    }
    write(`${lines.join('\n')}\n`);
    done += page.items.length;
    onProgress(done, size);
  }
  if (size === 0) {
    write(`${canonicalJson({ type: 'checkpoint', note })}\n`);
    checkpoints++;
  }
  return { organizationId, entries: done, checkpoints };
}
