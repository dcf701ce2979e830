import Box from '@mui/material/Box';
import Card from '@mui/material/Card';
import type { ErrorComponentProps } from '@tanstack/react-router';
import { useMessages } from '../base/messages.ts';
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
  return (
    <Card>
      <ErrorState error={error} onRetry={reset} />
    </Card>
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
