import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { type Find, ShortList } from './short-list.tsx';
import { ErrorState, RowsSkeleton } from './states.tsx';

/** One line of a short list in a card: what it is, what is known of it, what can be done. */
export function Row(props: {
  readonly title: ReactNode;
  readonly detail?: ReactNode;
  readonly state?: ReactNode;
  readonly action?: ReactNode;
}) {
  return (
    <Box
      component="li"
      sx={{
        display: 'flex',
        flexWrap: 'wrap',
        alignItems: 'center',
        columnGap: 2,
        rowGap: 0.5,
        px: { xs: 2, sm: 2.5 },
        py: 1.25,
        borderTop: 1,
        borderColor: 'divider',
        '&:first-of-type': { borderTop: 0 },
      }}
    >
      <Box sx={{ flex: '1 1 200px', minWidth: 0, overflowWrap: 'anywhere' }}>
        <Box sx={{ fontWeight: 600 }}>{props.title}</Box>
        {props.detail === undefined ? null : (
          <Typography variant="body2" color="textSecondary" component="div">
            {props.detail}
          </Typography>
        )}
      </Box>
      {props.state}
      {props.action}
    </Box>
  );
}

/** The lines of a card, and each state that they can be in. */
export function Rows<Data, Item>(props: {
  readonly label: string;
  readonly query: UseQueryResult<Data>;
  readonly itemsOf: (data: Data) => readonly Item[];
  readonly row: (item: Item) => ReactNode;
  /** One sentence. */
  readonly none: string;
  /** Where there can be more than are seen at a glance. */
  readonly find?: Find<Item>;
}) {
  const { data, error, refetch } = props.query;
  if (data === undefined) {
    return error === null ? (
      <RowsSkeleton rows={2} label={props.label} />
    ) : (
      <ErrorState error={error} onRetry={() => void refetch()} />
    );
  }
  const items = props.itemsOf(data);
  if (items.length === 0) {
    return (
      <Typography color="textSecondary" sx={{ px: { xs: 2, sm: 2.5 }, pt: 1, pb: 2.5 }}>
        {props.none}
      </Typography>
    );
  }
  const lines = (shown: readonly Item[]) => (
    <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0, pb: 1 }}>
      {shown.map(props.row)}
    </Box>
  );
  return props.find === undefined ? (
    lines(items)
  ) : (
    <ShortList label={props.label} rows={items} find={props.find}>
      {lines}
    </ShortList>
  );
}
