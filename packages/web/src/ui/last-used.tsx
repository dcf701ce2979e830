import Typography from '@mui/material/Typography';
import { useMessages } from '../base/messages.ts';
import { uiMessages } from './messages.ts';
import { Time } from './time.tsx';

/** Whether somebody will miss it, for whoever is asked whether it shall go. */
export function LastUsed({ at }: { readonly at: string | null | undefined }) {
  const t = useMessages(uiMessages);
  return (
    <Typography>
      {t('used.last')} <Time at={at ?? null} />
    </Typography>
  );
}
