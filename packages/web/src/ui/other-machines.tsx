import Alert from '@mui/material/Alert';
import { isOfThisMachine } from '../base/at-localhost.ts';
import { useMessages } from '../base/messages.ts';
import { CopyText } from './copy-text.tsx';
import { uiMessages } from './messages.ts';

/** Stands where a console has no name yet that another machine could reach it under. */
const EXAMPLE = 'https://console.example.com';

/** Where another machine reaches this console. */
export function originForOthers(): string {
  return isOfThisMachine(location.hostname) ? EXAMPLE : location.origin;
}

/** Above commands for other machines: what has to be done first where this console serves its own alone. Else nothing. */
export function OtherMachines() {
  const t = useMessages(uiMessages);
  if (!isOfThisMachine(location.hostname)) return null;
  return (
    <Alert severity="info" sx={{ '& .MuiAlert-message': { minWidth: 0, display: 'grid', gap: 1 } }}>
      <span>{t('others.text')}</span>
      <CopyText text={`ZERONAUT_CONSOLE_PUBLIC_URL=${EXAMPLE} npm start`} label={t('others.start')} />
    </Alert>
  );
}
