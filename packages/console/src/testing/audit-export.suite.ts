import { canonicalJson, EXPORT_FORMAT, ExportVerifier, type Verification } from '@zeronaut/audit';
import { auditCheckpoint, auditExportPage } from '@zeronaut/model';
import type { TestOrganization } from './fixture.suite.ts';

/** The lines of a whole export, as `zeronaut audit export` writes them. */
export async function exportLines(organization: TestOrganization): Promise<string[]> {
  const get = async (path: string) => {
    const answer = await organization.call('GET', `/api/v1/audit/${path}`);
    if (answer.statusCode !== 200) throw new Error(answer.body);
    return answer.json();
  };
  const { note, keys, size } = auditCheckpoint.parse(await get('checkpoint'));
  const first = { type: 'export', format: EXPORT_FORMAT, organizationId: organization.id, keys, checkpoint: note };
  const lines = [canonicalJson(first)];
  for (let from = 1; from <= size; ) {
    const { items, checkpoints } = auditExportPage.parse(await get(`export?from=${from}&limit=300`));
    for (const item of items) {
      const isWhole = 'entry' in item;
      lines.push(canonicalJson({ type: isWhole ? 'entry' : 'pruned', ...item }));
      const made = checkpoints.find((each) => each.size === (isWhole ? item.entry.seq : item.seq));
      if (made !== undefined) lines.push(canonicalJson({ type: 'checkpoint', note: made.note }));
    }
    from += items.length;
  }
  return lines;
}

export function verifyLines(lines: readonly string[]): Verification {
  const verifier = new ExportVerifier();
  for (const line of lines) verifier.push(line);
  return verifier.finish();
}
