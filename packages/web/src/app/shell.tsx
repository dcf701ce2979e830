import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import IconButton from '@mui/material/IconButton';
import Typography from '@mui/material/Typography';
import { Outlet, useRouterState } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { useBroken } from '../base/broken-assertions.ts';
import { useMessages } from '../base/messages.ts';
import { useNotice } from '../base/notices.ts';
import { renewPush } from '../base/push-wish.ts';
import { useMe } from '../base/session.ts';
import { CloseIcon, MenuIcon, SearchIcon } from '../ui/icons.tsx';
import { AccountMenu, loadAccountMenu } from './account-menu.tsx';
import { LiveNotice } from './live-notice.tsx';
import { appMessages } from './messages.ts';
import { NavigationList } from './navigation-list.tsx';
import { OrganizationMenu } from './organization-menu.tsx';
import { useShortcuts } from './shortcuts.ts';

const loadPalette = () => import('./command-palette.tsx');
const CommandPalette = lazy(async () => ({ default: (await loadPalette()).CommandPalette }));
const ShortcutsDialog = lazy(async () => ({ default: (await import('./shortcuts-dialog.tsx')).ShortcutsDialog }));
const loadMenu = () => import('./menu-drawer.tsx');
const MenuDrawer = lazy(async () => ({ default: (await loadMenu()).MenuDrawer }));
const BrokenBar = lazy(async () => ({ default: (await import('./broken-bar.tsx')).BrokenBar }));
const NoticeBar = lazy(async () => ({ default: (await import('./notice-bar.tsx')).NoticeBar }));
const SIDE_PX = 256;
const AHEAD_MS = 1_000;

/** The frame: menu, search, account; the page itself in the middle. */
export function Shell() {
  const t = useMessages(appMessages);
  const me = useMe();
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each session
  useEffect(() => void renewPush(me), [me.sessionId]);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const [menuOpen, setMenuOpen] = useState(false);
  const [menuWanted, setMenuWanted] = useState(false);
  const [paletteOpen, setPaletteOpen] = useState(false);
  const [keysOpen, setKeysOpen] = useState(false);
  useShortcuts(() => setKeysOpen(true));
  const notice = useNotice();
  const broken = useBroken();
  const main = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page closes the menu
  useEffect(() => setMenuOpen(false), [path]);
  useEffect(() => {
    function onKey(event: KeyboardEvent): void {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey)
        return;
      event.preventDefault();
      setPaletteOpen((open) => !open);
    }
    addEventListener('keydown', onKey);
    // Whoever presses Ctrl-K goes on typing at once, and menus are there while the console is away.
    const ahead = setTimeout(() => void Promise.all([loadPalette(), loadMenu(), loadAccountMenu()]), AHEAD_MS);
    return () => {
      clearTimeout(ahead);
      removeEventListener('keydown', onKey);
    };
  }, []);

  const side = (
    <Box sx={{ display: 'flex', flexDirection: 'column', height: '100%', p: 1.5, gap: 1 }}>
      <Box sx={{ display: 'flex', alignItems: 'center', justifyContent: 'space-between', px: 1, minHeight: 44 }}>
        <Box sx={{ display: 'flex', alignItems: 'center', gap: 1.25, minWidth: 0 }}>
          <Box component="img" src="/icon.svg" alt="" sx={{ width: 28, height: 28 }} />
          <Box sx={{ minWidth: 0 }}>
            <Typography sx={{ fontWeight: 650, lineHeight: 1.2 }}>Zeronaut</Typography>
            <OrganizationMenu />
          </Box>
        </Box>
        <IconButton aria-label={t('nav.close')} onClick={() => setMenuOpen(false)} sx={{ display: { md: 'none' } }}>
          <CloseIcon />
        </IconButton>
      </Box>
      <NavigationList label={t('nav.main')} />
      <AccountMenu onKeys={() => setKeysOpen(true)} />
    </Box>
  );

  return (
    <Box sx={{ display: 'flex', minHeight: '100vh' }}>
      <Box
        component="a"
        href="#content"
        onClick={() => main.current?.focus()}
        sx={{
          position: 'absolute',
          left: 8,
          top: -60,
          zIndex: 2000,
          px: 2,
          py: 1,
          borderRadius: 2,
          bgcolor: 'primary.main',
          color: 'primary.contrastText',
          '&:focus': { top: 8 },
        }}
      >
        {t('nav.skip')}
      </Box>
      <Box
        component="aside"
        sx={{
          display: { xs: 'none', md: 'block' },
          width: SIDE_PX,
          flexShrink: 0,
          borderRight: 1,
          borderColor: 'divider',
          bgcolor: 'background.paper',
        }}
      >
        <Box sx={{ position: 'sticky', top: 0, height: '100vh', overflowY: 'auto' }}>{side}</Box>
      </Box>
      {menuWanted ? (
        <Suspense>
          <MenuDrawer open={menuOpen} label={t('nav.main')} width={SIDE_PX + 40} onClose={() => setMenuOpen(false)}>
            {side}
          </MenuDrawer>
        </Suspense>
      ) : null}
      <Box sx={{ flex: 1, minWidth: 0, display: 'flex', flexDirection: 'column' }}>
        <Box
          sx={{
            ...{ display: 'flex', alignItems: 'center', gap: 1, px: { xs: 2, sm: 3, lg: 4 }, pt: 2 },
            // As wide as the content below.
            ...{ width: '100%', maxWidth: 1280, mx: 'auto' },
          }}
        >
          <IconButton
            aria-label={t('nav.open')}
            onClick={() => {
              setMenuWanted(true);
              setMenuOpen(true);
            }}
            edge="start"
            sx={{ display: { md: 'none' } }}
          >
            <MenuIcon />
          </IconButton>
          <Button
            color="inherit"
            onClick={() => setPaletteOpen(true)}
            startIcon={<SearchIcon />}
            aria-keyshortcuts="Control+K"
            sx={{
              width: { xs: 1, sm: 340 },
              justifyContent: 'flex-start',
              color: 'text.secondary',
              fontWeight: 400,
              border: 1,
              borderColor: 'divider',
              bgcolor: 'background.paper',
              px: 1.5,
            }}
          >
            <Box component="span" sx={{ flex: 1, textAlign: 'left' }}>
              {t('palette.open')}
            </Box>
            <Box
              component="kbd"
              aria-hidden
              sx={{
                display: { xs: 'none', sm: 'inline' },
                font: 'inherit',
                fontSize: 12,
                border: 1,
                borderColor: 'divider',
                borderRadius: 1,
                px: 0.75,
              }}
            >
              Ctrl K
            </Box>
          </Button>
        </Box>
        <Box
          component="main"
          id="content"
          ref={main}
          tabIndex={-1}
          sx={{
            flex: 1,
            width: '100%',
            maxWidth: 1280,
            mx: 'auto',
            px: { xs: 2, sm: 3, lg: 4 },
            pt: 3,
            pb: 8,
            '&:focus': { outline: 'none' },
          }}
        >
          {/* Seen wherever one reads: what is old may be at the end of a long page. */}
          <Box sx={{ position: 'sticky', top: 8, zIndex: 'appBar', mb: 2, '&:empty': { display: 'none' } }}>
            <LiveNotice />
          </Box>
          <Outlet />
        </Box>
      </Box>
      {/* Always there: a live region that comes with its text is not read out. */}
      <Box
        role="status"
        sx={{
          position: 'fixed',
          insetInline: 0,
          bottom: 0,
          zIndex: 'snackbar',
          display: 'grid',
          justifyItems: 'center',
          p: 2,
          pointerEvents: 'none',
        }}
      >
        {broken === null ? null : (
          <Suspense>
            <BrokenBar broken={broken} />
          </Suspense>
        )}
        {notice === null ? null : (
          <Suspense>
            <NoticeBar notice={notice} />
          </Suspense>
        )}
      </Box>
      {paletteOpen ? (
        <Suspense>
          <CommandPalette onClose={() => setPaletteOpen(false)} />
        </Suspense>
      ) : null}
      {keysOpen ? (
        <Suspense>
          <ShortcutsDialog onClose={() => setKeysOpen(false)} />
        </Suspense>
      ) : null}
    </Box>
  );
}
