import Alert from '@mui/material/Alert';
import Button from '@mui/material/Button';
import { useEffect, useState } from 'react';
import { startLive, useLiveState } from '../base/live.ts';
import { useMessages } from '../base/messages.ts';
import { goToSignIn } from '../base/session.ts';
import { appMessages } from './messages.ts';

/** Short breaks are nobody's business. */
const SHOWN_AFTER_MS = 3_000;

/** Keeps the page live while it is there, and says when what it shows may be old. */
export function LiveNotice() {
  const t = useMessages(appMessages);
  const state = useLiveState();
  const [isLost, setLost] = useState(false);
  useEffect(startLive, []);
  useEffect(() => {
    if (state === 'live' || state === 'signedOut') {
      setLost(false);
      return;
    }
    const timer = setTimeout(() => setLost(true), SHOWN_AFTER_MS);
    return () => clearTimeout(timer);
  }, [state]);
  if (state === 'signedOut') {
    return (
      <Alert
        severity="warning"
        action={
          <Button color="inherit" onClick={goToSignIn}>
            {t('live.signIn')}
          </Button>
        }
      >
        {t('live.signedOut')}
      </Alert>
    );
  }
  return isLost ? <Alert severity="warning">{t('live.lost')}</Alert> : null;
}
