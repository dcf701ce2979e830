import Box from '@mui/material/Box';
import Card from '@mui/material/Card';
import Typography from '@mui/material/Typography';
import type { ReactNode } from 'react';

interface SectionProps {
  readonly title?: string;
  readonly actions?: ReactNode;
  /** True: the content reaches the edge, as a list does. */
  readonly flush?: boolean;
  readonly children: ReactNode;
}

/** One card of a page. */
export function Section({ title, actions, flush = false, children }: SectionProps) {
  return (
    <Card component="section" aria-label={title} sx={{ minWidth: 0 }}>
      {title === undefined ? null : (
        <Box
          sx={{
            display: 'flex',
            flexWrap: 'wrap',
            alignItems: 'center',
            justifyContent: 'space-between',
            gap: 1,
            px: { xs: 2, sm: 2.5 },
            pt: 2,
            pb: 0.5,
          }}
        >
          <Typography variant="h2">{title}</Typography>
          {actions}
        </Box>
      )}
      {flush ? (
        children
      ) : (
        <Box sx={{ px: { xs: 2, sm: 2.5 }, pt: title === undefined ? 2.5 : 1, pb: 2.5 }}>{children}</Box>
      )}
    </Card>
  );
}
