import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import { LIFE_STATES, LifeStateChip, lifeStateOf } from './life-state.tsx';
import type { Column } from './list-table.tsx';
import { Time } from './time.tsx';

/** What keys and tokens have in common, as lists show it. */
interface Credential {
  readonly name: string;
  readonly prefix: string;
  readonly lastUsedAt: string | null;
  readonly lastUsedAddress: string | null;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
}

/** Columns of a list of keys or tokens. */
export function credentialColumns<Row extends Credential>(
  headers: Readonly<Record<'name' | 'used' | 'expires' | 'status', string>>,
  nowMs: number,
): Record<'name' | 'used' | 'expires' | 'status', Column<Row>> {
  return {
    name: {
      key: 'name',
      header: headers.name,
      value: ({ name }) => name,
      cell: (row) => (
        <>
          <Box sx={{ fontWeight: 600 }}>{row.name}</Box>
          <Typography variant="caption" color="textSecondary" component="div">
            <code>{row.prefix}…</code>
          </Typography>
        </>
      ),
    },
    used: {
      key: 'used',
      header: headers.used,
      value: ({ lastUsedAt }) => (lastUsedAt === null ? null : Date.parse(lastUsedAt)),
      cell: ({ lastUsedAt, lastUsedAddress }) => (
        <>
          <Time at={lastUsedAt} />
          {lastUsedAddress === null ? null : (
            <Typography variant="caption" color="textSecondary" component="div">
              {lastUsedAddress}
            </Typography>
          )}
        </>
      ),
      from: 'md',
      width: '130px',
    },
    expires: {
      key: 'expires',
      header: headers.expires,
      value: ({ expiresAt }) => (expiresAt === null ? null : Date.parse(expiresAt)),
      cell: ({ expiresAt }) => <Time at={expiresAt} />,
      from: 'lg',
      width: '120px',
    },
    status: {
      key: 'status',
      header: headers.status,
      value: (row) => LIFE_STATES.indexOf(lifeStateOf(row, nowMs)),
      cell: (row) => <LifeStateChip state={lifeStateOf(row, nowMs)} />,
      width: '100px',
    },
  };
}
