import Box from '@mui/material/Box';
import IconButton from '@mui/material/IconButton';
import Link, { type LinkProps } from '@mui/material/Link';
import { createLink, useLocation } from '@tanstack/react-router';
import { type Ref, useEffect, useRef } from 'react';
import { useMessages } from '../base/messages.ts';
import { ChevronIcon } from './icons.tsx';
import { uiMessages } from './messages.ts';
import { useHiddenEnds } from './use-hidden-ends.ts';

const TabLink = createLink(function TabLink(props: LinkProps & { ref?: Ref<HTMLAnchorElement> }) {
  return <Link underline="none" {...props} />;
});

/** Where tabs go on out of sight: an arrow, and how far they fade. */
const ARROW_PX = 20;
const FADE_PX = 64;

export interface PageTab {
  readonly to: string;
  readonly text: string;
}

/** Pages that belong together, below one row of the menu. One alone is not shown. A page below one of them, such as one policy, is in its tab. */
export function PageTabs({ label, tabs }: { readonly label: string; readonly tabs: readonly PageTab[] }) {
  const t = useMessages(uiMessages);
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
    if (row === null) return;
    const center = () => {
      const open = row.querySelector<HTMLElement>('a.active');
      if (open !== null) row.scrollLeft = open.offsetLeft - (row.clientWidth - open.offsetWidth) / 2;
    };
    // A window that becomes narrower must not hide it.
    const observer = new ResizeObserver(center);
    observer.observe(row);
    return () => observer.disconnect();
  }, [current]);
  const hidden = useHiddenEnds(nav, tabs.length);
  if (tabs.length < 2) return null;
  const scroll = (way: -1 | 1) => nav.current?.scrollBy({ left: way * nav.current.clientWidth * 0.7 });
  return (
    <Box sx={{ position: 'relative', mb: 3, borderBottom: 1, borderColor: 'divider' }}>
      <Box
        component="nav"
        ref={nav}
        aria-label={label}
        sx={{
          display: 'flex',
          gap: 3,
          // The line of the open tab lies on the line of the row.
          mb: '-1px',
          overflowX: 'auto',
          scrollbarWidth: 'none',
          position: 'relative',
          maskImage: `linear-gradient(to right, ${hidden.before ? `transparent ${ARROW_PX}px` : '#000 0'}, #000 ${FADE_PX}px calc(100% - ${FADE_PX}px), ${hidden.after ? `transparent calc(100% - ${ARROW_PX}px)` : '#000 100%'})`,
        }}
      >
        {tabs.map(({ to, text }) => (
          <TabLink
            key={to}
            to={to}
            // The router's own would name the first tab too, below which all the others are.
            activeProps={{}}
            activeOptions={{ exact: true }}
            className={to === current ? 'active' : ''}
            aria-current={to !== current ? undefined : to === path ? 'page' : 'true'}
            sx={{
              py: 1,
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
      {hidden.before ? <Arrow label={t('tabs.before')} way={-1} onClick={() => scroll(-1)} /> : null}
      {hidden.after ? <Arrow label={t('tabs.after')} way={1} onClick={() => scroll(1)} /> : null}
    </Box>
  );
}

/** With the keyboard the row follows the tab that has the focus: these are for whoever points. */
function Arrow(props: { readonly label: string; readonly way: -1 | 1; readonly onClick: () => void }) {
  const { label, way, onClick } = props;
  return (
    <IconButton
      size="small"
      aria-label={label}
      title={label}
      tabIndex={-1}
      onClick={onClick}
      sx={{
        position: 'absolute',
        top: 2,
        ...(way < 0 ? { left: -6 } : { right: -6 }),
        '& svg': { fontSize: 20, transform: way < 0 ? 'rotate(180deg)' : undefined },
      }}
    >
      <ChevronIcon />
    </IconButton>
  );
}
