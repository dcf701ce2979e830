import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import { useMessages } from '../../base/messages.ts';
import { settingsMessages } from './messages.ts';

interface SaveActionsProps {
  readonly busy: boolean;
  readonly dirty: boolean;
  readonly mayChange: boolean;
}

export function SaveActions({ busy, dirty, mayChange }: SaveActionsProps) {
  const t = useMessages(settingsMessages);
  if (!mayChange) return <span>{t('ownersOnly')}</span>;
  return (
    <Box>
      <Button type="submit" variant="contained" loading={busy} disabled={!dirty}>
        {t('save')}
      </Button>
    </Box>
  );
}
