import Box from '@mui/material/Box';
import { Fragment, type ReactNode } from 'react';

/** Names and values, side by side. A row without a value is left out. */
export function Facts({ rows }: { readonly rows: readonly (readonly [name: string, value: ReactNode] | null)[] }) {
  return (
    <Box
      component="dl"
      sx={{
        display: 'grid',
        gridTemplateColumns: { xs: 'minmax(0, 2fr) minmax(0, 3fr)', sm: 'minmax(120px, max-content) 1fr' },
        columnGap: { xs: 2, sm: 3 },
        rowGap: 1,
        m: 0,
      }}
    >
      {rows.map((row) =>
        row === null ? null : (
          <Fragment key={row[0]}>
            <Box component="dt" sx={{ color: 'text.secondary', fontSize: 13 }}>
              {row[0]}
            </Box>
            <Box component="dd" sx={{ m: 0, minWidth: 0, overflowWrap: 'anywhere' }}>
              {row[1]}
            </Box>
          </Fragment>
        ),
      )}
    </Box>
  );
}
