import Box from '@mui/material/Box';
import ButtonBase from '@mui/material/ButtonBase';
import Divider from '@mui/material/Divider';
import ListSubheader from '@mui/material/ListSubheader';
import Menu from '@mui/material/Menu';
import MenuItem from '@mui/material/MenuItem';
import { useColorScheme } from '@mui/material/styles';
import Typography from '@mui/material/Typography';
import { useId, useState } from 'react';
import { forgetLastState } from '../base/last-state.ts';
import { LANGUAGE_NAMES, LANGUAGES, setLanguage, useLanguage, useMessages } from '../base/messages.ts';
import { useMe } from '../base/session.ts';
import { CheckIcon, MoonIcon, SunIcon, SystemIcon } from '../ui/icons.tsx';
import { visuallyHidden } from '../ui/visually-hidden.ts';
import { appMessages } from './messages.ts';

const MODES = [
  { mode: 'system', icon: SystemIcon },
  { mode: 'light', icon: SunIcon },
  { mode: 'dark', icon: MoonIcon },
] as const;

/** Who is signed in, how it looks to them, and the way out. */
export function AccountMenu({ onKeys }: { readonly onKeys: () => void }) {
  const t = useMessages(appMessages);
  const me = useMe();
  const language = useLanguage();
  const { mode, setMode } = useColorScheme();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const menuId = useId();
  const name = me.user?.name ?? me.role;
  function choose(run: () => void): void {
    setAnchor(null);
    run();
  }
  return (
    <>
      <ButtonBase
        aria-haspopup="menu"
        aria-controls={anchor === null ? undefined : menuId}
        aria-expanded={anchor !== null}
        onClick={(event) => setAnchor(event.currentTarget)}
        sx={{
          justifyContent: 'flex-start',
          gap: 1.25,
          p: 1,
          borderRadius: 2,
          textAlign: 'left',
          '&:hover': { bgcolor: 'action.hover' },
        }}
      >
        <Box
          aria-hidden
          sx={{
            display: 'grid',
            placeItems: 'center',
            width: 32,
            height: 32,
            flexShrink: 0,
            borderRadius: '50%',
            bgcolor: 'action.selected',
            fontWeight: 600,
            fontSize: 13,
          }}
        >
          {initials(name)}
        </Box>
        <Box sx={{ minWidth: 0 }}>
          <Typography variant="body2" noWrap sx={{ fontWeight: 600 }}>
            {name}
          </Typography>
          <Typography variant="caption" color="textSecondary" noWrap component="div">
            {me.role}
          </Typography>
          <Box component="span" sx={visuallyHidden}>
            {t('account.menu')}
          </Box>
        </Box>
      </ButtonBase>
      <Menu
        id={menuId}
        anchorEl={anchor}
        open={anchor !== null}
        onClose={() => setAnchor(null)}
        slotProps={{ paper: { sx: { minWidth: 220 } } }}
      >
        <MenuItem component="a" href="/account">
          {t('account.mine')}
        </MenuItem>
        <MenuItem component="a" href="/api/docs">
          {t('account.api')}
        </MenuItem>
        <MenuItem onClick={() => choose(onKeys)}>{t('keys.title')}</MenuItem>
        <Divider />
        <ListSubheader sx={{ lineHeight: '28px' }}>{t('theme.menu')}</ListSubheader>
        {MODES.map(({ mode: one, icon: Icon }) => (
          <MenuItem
            key={one}
            role="menuitemradio"
            aria-checked={mode === one}
            selected={mode === one}
            onClick={() => choose(() => setMode(one))}
            sx={{ gap: 1.25 }}
          >
            <Icon fontSize="small" aria-hidden />
            {t(`theme.${one}`)}
          </MenuItem>
        ))}
        <ListSubheader sx={{ lineHeight: '28px' }}>{t('language.menu')}</ListSubheader>
        {LANGUAGES.map((one) => (
          <MenuItem
            key={one}
            lang={one}
            role="menuitemradio"
            aria-checked={language === one}
            selected={language === one}
            onClick={() => choose(() => void setLanguage(one))}
            sx={{ justifyContent: 'space-between' }}
          >
            {LANGUAGE_NAMES[one]}
            {language === one ? <CheckIcon fontSize="small" aria-hidden /> : null}
          </MenuItem>
        ))}
        <Divider />
        {/* A form, so that the console ends the session and takes its cookie away in one step. */}
        <Box
          component="form"
          method="post"
          action="/sign-out"
          role="none"
          onSubmit={(event) => {
            const form = event.currentTarget as HTMLFormElement;
            event.preventDefault();
            // What this browser keeps goes first; `submit` does not come back here.
            void forgetLastState().then(() => form.submit());
          }}
        >
          <MenuItem component="button" type="submit" sx={{ width: 1, font: 'inherit' }}>
            {t('account.signOut')}
          </MenuItem>
        </Box>
      </Menu>
    </>
  );
}

function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  return [words[0], words.length > 1 ? words.at(-1) : undefined]
    .map((word) => (word === undefined ? '' : ([...word][0] ?? '')))
    .join('')
    .toUpperCase();
}
