import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import { useMessages } from '../../base/messages.ts';
import { StatusChip } from '../../ui/status-chip.tsx';
import { settingsMessages } from './messages.ts';

interface SaveActionsProps {
  readonly busy: boolean;
  readonly dirty: boolean;
  /** Whether this form was saved since it was opened. */
  readonly saved: boolean;
  readonly mayChange: boolean;
}

export function SaveActions({ busy, dirty, saved, mayChange }: SaveActionsProps) {
  const t = useMessages(settingsMessages);
  if (!mayChange) return <span>{t('ownersOnly')}</span>;
  return (
    <Box sx={{ display: 'flex', alignItems: 'center', gap: 2 }}>
      <Button type="submit" variant="contained" loading={busy} disabled={!dirty}>
        {t('save')}
      </Button>
      <Box role="status">{saved && !dirty ? <StatusChip meaning="ok">{t('saved')}</StatusChip> : null}</Box>
    </Box>
  );
}
