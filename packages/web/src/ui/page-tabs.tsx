import Box from '@mui/material/Box';
import Link, { type LinkProps } from '@mui/material/Link';
import { createLink, useLocation } from '@tanstack/react-router';
import { type Ref, useEffect, useRef } from 'react';

const TabLink = createLink(function TabLink(props: LinkProps & { ref?: Ref<HTMLAnchorElement> }) {
  return <Link underline="none" {...props} />;
});

export interface PageTab {
  readonly to: string;
  readonly text: string;
}

/** Pages that belong together, below one row of the menu. One alone is not shown. A page below one of them, such as one policy, is in its tab. */
export function PageTabs({ label, tabs }: { readonly label: string; readonly tabs: readonly PageTab[] }) {
  const nav = useRef<HTMLElement>(null);
  const path = useLocation({ select: ({ pathname }) => pathname });
  const current = tabs
    .map(({ to }) => to)
    .filter((to) => path === to || path.startsWith(`${to}/`))
    .reduce((longest, to) => (to.length > longest.length ? to : longest), '');
  // On a phone the row is wider than the page: the tab that is open comes to its middle.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another tab is open
  useEffect(() => {
    const row = nav.current;
    const open = row?.querySelector<HTMLElement>('a[aria-current]');
    if (row != null && open != null) row.scrollLeft = open.offsetLeft - (row.clientWidth - open.offsetWidth) / 2;
  }, [current]);
  if (tabs.length < 2) return null;
  return (
    <Box
      component="nav"
      ref={nav}
      aria-label={label}
      sx={{
        display: 'flex',
        gap: 3,
        mb: 3,
        borderBottom: 1,
        borderColor: 'divider',
        overflowX: 'auto',
        position: 'relative',
      }}
    >
      {tabs.map(({ to, text }) => (
        <TabLink
          key={to}
          to={to}
          // The router's own says that of the page alone, not of what is below it.
          activeProps={{}}
          className={to === current ? 'active' : ''}
          aria-current={to !== current ? undefined : to === path ? 'page' : 'true'}
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
