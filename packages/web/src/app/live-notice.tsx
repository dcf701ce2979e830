import Alert from '@mui/material/Alert';
import Button from '@mui/material/Button';
import { useEffect, useState } from 'react';
import { forgetLastState, leaveRestored, useRestoredAt } from '../base/last-state.ts';
import { startLive, useLiveState } from '../base/live.ts';
import { useLanguage, useMessages } from '../base/messages.ts';
import { goToSignIn } from '../base/session.ts';
import { absoluteTime } from '../ui/time.tsx';
import { appMessages } from './messages.ts';

/** Short breaks are nobody's business. */
const SHOWN_AFTER_MS = 3_000;

/** Keeps the page live while it is there, and says when what it shows may be old. */
export function LiveNotice() {
  const t = useMessages(appMessages);
  const language = useLanguage();
  const state = useLiveState();
  const restoredAt = useRestoredAt();
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
  useEffect(() => {
    if (state === 'live') leaveRestored();
    if (state === 'signedOut') void forgetLastState();
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
  if (restoredAt !== null) {
    return <Alert severity="warning">{t('live.restored', { time: absoluteTime(restoredAt, language) })}</Alert>;
  }
  return isLost ? <Alert severity="warning">{t('live.lost')}</Alert> : null;
}
