import Box from '@mui/material/Box';
import Link, { type LinkProps } from '@mui/material/Link';
import { createLink } from '@tanstack/react-router';
import type { Ref } from 'react';

const TabLink = createLink(function TabLink(props: LinkProps & { ref?: Ref<HTMLAnchorElement> }) {
  return <Link underline="none" {...props} />;
});

export interface PageTab {
  readonly to: string;
  readonly text: string;
}

/** Pages that belong together, below one row of the menu. One alone is not shown. */
export function PageTabs({ label, tabs }: { readonly label: string; readonly tabs: readonly PageTab[] }) {
  if (tabs.length < 2) return null;
  return (
    <Box
      component="nav"
      aria-label={label}
      sx={{ display: 'flex', gap: 3, mb: 3, borderBottom: 1, borderColor: 'divider', overflowX: 'auto' }}
    >
      {tabs.map(({ to, text }) => (
        <TabLink
          key={to}
          to={to}
          activeOptions={{ exact: true, includeSearch: false }}
          activeProps={{ className: 'active', 'aria-current': 'page' }}
          sx={{
            py: 1,
            mb: '-1px',
            borderBottom: 2,
            borderColor: 'transparent',
            color: 'text.secondary',
            fontWeight: 500,
            whiteSpace: 'nowrap',
            '&:hover': { color: 'text.primary' },
            '&.active': { borderColor: 'primary.main', color: 'text.primary', fontWeight: 600 },
          }}
        >
          {text}
        </TabLink>
      ))}
    </Box>
  );
}
