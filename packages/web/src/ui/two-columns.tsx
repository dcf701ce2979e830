import Box from '@mui/material/Box';
import type { ReactNode } from 'react';

/** Cards in two columns where there is room, each as high as it is. */
export function TwoColumns({ children }: { readonly children: ReactNode }) {
  return (
    <Box
      sx={{
        columnCount: { xs: 1, lg: 2 },
        columnGap: 2,
        // The margin at the end of a column is lost: what follows keeps its distance from the whole.
        mb: 2,
        '& > *': { breakInside: 'avoid', mb: 2 },
        '& > :last-child': { mb: 0 },
      }}
    >
      {children}
    </Box>
  );
}
