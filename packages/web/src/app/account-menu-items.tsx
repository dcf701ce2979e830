import Divider from '@mui/material/Divider';
import ListSubheader from '@mui/material/ListSubheader';
import Menu from '@mui/material/Menu';
import MenuItem from '@mui/material/MenuItem';
import { useColorScheme } from '@mui/material/styles';
import { LANGUAGE_NAMES, LANGUAGES, setLanguage, useLanguage, useMessages } from '../base/messages.ts';
import { signOut } from '../base/session.ts';
import { CheckIcon, MoonIcon, SunIcon, SystemIcon } from '../ui/icons.tsx';
import { appMessages } from './messages.ts';

export const MODES = [
  { mode: 'system', icon: SystemIcon },
  { mode: 'light', icon: SunIcon },
  { mode: 'dark', icon: MoonIcon },
] as const;

/** What opens below the account. Not in the first load: menus are a tenth of it. */
export function AccountMenuItems(props: {
  readonly id: string;
  /** Null: it is closed. */
  readonly anchor: HTMLElement | null;
  readonly onClose: () => void;
  readonly onKeys: () => void;
}) {
  const t = useMessages(appMessages);
  const language = useLanguage();
  const { mode, setMode } = useColorScheme();
  const { anchor, onClose, onKeys } = props;
  function choose(run: () => void): void {
    onClose();
    run();
  }
  return (
    <Menu
      id={props.id}
      anchorEl={anchor}
      open={anchor !== null}
      onClose={onClose}
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
      <MenuItem onClick={() => void signOut()}>{t('account.signOut')}</MenuItem>
    </Menu>
  );
}
