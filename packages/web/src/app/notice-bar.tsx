import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import IconButton from '@mui/material/IconButton';
import Paper from '@mui/material/Paper';
import Typography from '@mui/material/Typography';
import { useEffect, useState } from 'react';
import { useMessages } from '../base/messages.ts';
import { dismissNotice, type Notice, undoLast } from '../base/notices.ts';
import { CheckIcon, CloseIcon } from '../ui/icons.tsx';
import { ErrorState } from '../ui/states.tsx';
import { appMessages } from './messages.ts';

/** Whoever needs longer keeps the pointer or the focus on it; a refusal stays until it was read. */
const SHOWN_MS = 12_000;

/** Says what was done, and takes it back on demand. Says it to screen readers by the live region that it stands in. */
export function NoticeBar({ notice }: { readonly notice: Notice }) {
  const t = useMessages(appMessages);
  const [isHeld, setHeld] = useState(false);
  const { text, undo, state, error } = notice;
  const stays = isHeld || state === 'undoing' || state === 'failed';
  // biome-ignore lint/correctness/useExhaustiveDependencies: each notice has its time
  useEffect(() => {
    if (stays) return;
    const timer = setTimeout(dismissNotice, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [stays, notice]);
  return (
    <Paper
      elevation={6}
      onMouseEnter={() => setHeld(true)}
      onMouseLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
      sx={{ pointerEvents: 'auto', border: 1, borderColor: 'divider', borderRadius: 3, width: '100%', maxWidth: 480 }}
    >
      <Box sx={{ display: 'flex', alignItems: 'center', gap: 1.5, pl: 2, pr: 1, py: 1 }}>
        <CheckIcon color="success" fontSize="small" />
        <Typography sx={{ flex: 1, minWidth: 0, overflowWrap: 'anywhere' }}>
          {state === 'undone' ? t('notice.undone') : text}
        </Typography>
        {undo === null || state === 'undone' || state === 'failed' ? null : (
          <Button size="small" loading={state === 'undoing'} onClick={undoLast} aria-keyshortcuts="z">
            {t('notice.undo')}
          </Button>
        )}
        <IconButton size="small" aria-label={t('notice.close')} onClick={dismissNotice}>
          <CloseIcon fontSize="small" />
        </IconButton>
      </Box>
      {state === 'failed' ? <ErrorState error={error} /> : null}
    </Paper>
  );
}
