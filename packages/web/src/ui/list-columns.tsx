/** Columns that many lists have, so that they are alike. */
import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import type { ReactNode } from 'react';
import { LifeStateChip } from './life-state.tsx';
import { aboveRowLink, type Column } from './list-table.tsx';
import { Time } from './time.tsx';

/** The name, and below it in small what else says which one it is. */
export function nameColumn<Row extends { readonly name: string }>(
  header: string,
  linesOf: (row: Row) => readonly string[],
): Column<Row> {
  return {
    key: 'name',
    header,
    value: ({ name }) => name,
    cell: (row) => (
      <>
        <Box sx={{ fontWeight: 600 }}>{row.name}</Box>
        {linesOf(row).map((line) => (
          <Typography key={line} variant="caption" color="textSecondary" component="div">
            {line}
          </Typography>
        ))}
      </>
    ),
  };
}

/** When it was used last. */
export function usedColumn<Row extends { readonly lastUsedAt: string | null }>(header: string): Column<Row> {
  return {
    key: 'used',
    header,
    value: ({ lastUsedAt }) => (lastUsedAt === null ? null : Date.parse(lastUsedAt)),
    cell: ({ lastUsedAt }) => <Time at={lastUsedAt} />,
    from: 'lg',
    width: '130px',
  };
}

/** What can be done to a row, at its end; on a phone below it. Null: nothing. */
export function actionsColumn<Row>(width: string, actions: (row: Row) => ReactNode): Column<Row> {
  return {
    key: 'actions',
    header: '',
    cell: (row) => (
      <Box
        sx={{
          ...aboveRowLink,
          ...{ display: 'flex', flexWrap: 'wrap', justifyContent: 'flex-end', gap: 0.5 },
          '&:empty': { display: 'none' },
        }}
      >
        {actions(row)}
      </Box>
    ),
    below: true,
    width,
  };
}

/** What is revoked for ever, and does not expire. */
interface Revocable {
  readonly revokedAt: string | null;
}

const REVOCABLE_STATES = ['usable', 'revoked'] as const;
const stateOf = ({ revokedAt }: Revocable) => (revokedAt === null ? 'usable' : 'revoked');

export function revocableColumn<Row extends Revocable>(header: string): Column<Row> {
  return {
    key: 'status',
    header,
    value: stateOf,
    cell: (row) => <LifeStateChip state={stateOf(row)} />,
    from: 'sm',
    width: '110px',
  };
}

/** The filter that goes with `revocableColumn`; `wordOf` is `useLifeState()`. */
export function revocableFilter<Row extends Revocable>(
  label: string,
  wordOf: (state: (typeof REVOCABLE_STATES)[number]) => string,
) {
  return {
    key: 'status',
    label,
    options: REVOCABLE_STATES.map((value) => ({ value, label: wordOf(value) })),
    matches: (row: Row, value: string) => stateOf(row) === value,
  };
}
