import type { RowOf } from '../../base/use-list.ts';

type Reached = RowOf<'policies.reach'>;
type Answer = Omit<Reached['actions'][number], 'action' | 'atGateways'>;

/** One answer: whoever, whatever, one action, and the gateways that give it; null: all of them. */
export interface ReachRow extends Pick<Reached, 'userId' | 'email' | 'objectId' | 'object' | 'kind'>, Answer {
  readonly action: string;
  readonly gateways: readonly string[] | null;
}

/** Refusals are told of one user alone: of everybody they would be most of what there is. */
export function reachRows(reached: readonly Reached[], withRefusals: boolean): ReachRow[] {
  return reached.flatMap(({ actions, ...pair }) =>
    actions.flatMap(({ action, atGateways, ...everywhere }) =>
      (atGateways ?? [{ ...everywhere, gateways: null }])
        .filter(({ effect }) => withRefusals || effect !== 'deny')
        .map((answer) => ({ ...pair, action, ...answer })),
    ),
  );
}

const CSV_HEAD = ['who', 'what', 'action', 'answer', 'depends on', 'gateways', 'policies', 'reason'];

/** RFC 4180. What a spreadsheet would take for a formula begins with an apostrophe. */
export function reachCsv(rows: readonly ReachRow[]): string {
  const lines = rows.map(({ email, object, action, effect, facts, gateways, policies, reason }) => [
    ...[email, object, action, effect, facts.join(' '), gateways?.join(' ') ?? '', policies.join(' '), reason],
  ]);
  return [CSV_HEAD, ...lines].map((cells) => `${cells.map(csvCell).join(',')}\r\n`).join('');
}

function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
