import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Card from '@mui/material/Card';
import type { ErrorComponentProps } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useLiveState } from '../base/live.ts';
import { useMessages } from '../base/messages.ts';
import { isUnloaded } from '../base/unloaded.ts';
import { ButtonLink } from '../ui/button-link.tsx';
import { PageHeader } from '../ui/page-header.tsx';
import { ErrorState, RowsSkeleton } from '../ui/states.tsx';
import { appMessages } from './messages.ts';

export function LoadingPage() {
  const t = useMessages(appMessages);
  return (
    <Card>
      <RowsSkeleton label={t('app.loading')} />
    </Card>
  );
}

export function PageError({ error, reset }: ErrorComponentProps) {
  if (isUnloaded(error)) return <UnloadedPage />;
  return (
    <Card>
      <ErrorState error={error} onRetry={reset} />
    </Card>
  );
}

/** Browsers keep that a file failed, so only a load of the whole page asks for it again. */
function reload(): void {
  location.reload();
}

/** A page that this browser never had, while the console is away. */
function UnloadedPage() {
  const t = useMessages(appMessages);
  const state = useLiveState();
  const before = useRef(state);
  // When it comes back, not while it is there: a file that is really gone would be asked for without end.
  useEffect(() => {
    if (state === 'live' && before.current !== 'live') reload();
    before.current = state;
  }, [state]);
  useEffect(() => {
    addEventListener('online', reload);
    return () => removeEventListener('online', reload);
  }, []);
  return (
    <>
      <PageHeader title={t('unloaded.title')} subtitle={t('unloaded.text')} />
      <Box>
        <Button variant="contained" onClick={reload}>
          {t('unloaded.retry')}
        </Button>
      </Box>
    </>
  );
}

export function NotFoundPage() {
  const t = useMessages(appMessages);
  return (
    <>
      <PageHeader title={t('notFound.title')} subtitle={t('notFound.text')} />
      <Box>
        <ButtonLink to="/" variant="contained">
          {t('notFound.back')}
        </ButtonLink>
      </Box>
    </>
  );
}
