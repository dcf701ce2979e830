import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Card from '@mui/material/Card';
import Skeleton from '@mui/material/Skeleton';
import Typography from '@mui/material/Typography';
import type { ReactNode } from 'react';
import { ApiProblem } from '../base/api-client.ts';
import { useMessages } from '../base/messages.ts';
import { useProblemText } from '../base/problem-texts.ts';
import { goToSignIn, needsSignIn } from '../base/session.ts';
import { ErrorIcon } from './icons.tsx';
import { uiMessages } from './messages.ts';

/** What to do where nothing is yet. */
export function EmptyState(props: {
  readonly title: string;
  readonly children?: ReactNode;
  readonly icon?: ReactNode;
}) {
  return (
    <Box sx={{ px: { xs: 2, sm: 4 }, py: { xs: 4, sm: 6 }, maxWidth: 640, mx: 'auto' }}>
      {props.icon === undefined ? null : (
        <Box aria-hidden sx={{ color: 'text.secondary', mb: 1, '& svg': { fontSize: 32 } }}>
          {props.icon}
        </Box>
      )}
      <Typography variant="h2" gutterBottom>
        {props.title}
      </Typography>
      <Box sx={{ display: 'grid', gap: 2, color: 'text.secondary' }}>{props.children}</Box>
    </Box>
  );
}

/** Why it failed, what to do, and the id that is in the log. A sign-in that is too old is offered at once. */
export function ErrorState({ error, onRetry }: { readonly error: unknown; readonly onRetry?: () => void }) {
  const t = useMessages(uiMessages);
  const signIn = needsSignIn(error);
  const textOf = useProblemText();
  const { title, next, reason, requestId } = explain(error, t, textOf);
  return (
    <Box role="alert" sx={{ display: 'flex', gap: 1.5, p: { xs: 2, sm: 3 } }}>
      <ErrorIcon color={signIn ? 'warning' : 'error'} />
      <Box sx={{ minWidth: 0 }}>
        <Typography variant="h3">{title}</Typography>
        <Typography color="textSecondary">{signIn ? t('state.signInAgainText') : next}</Typography>
        {reason === '' ? null : (
          <Typography variant="caption" color="textSecondary" component="p" sx={{ mt: 0.5, overflowWrap: 'anywhere' }}>
            <code>{reason}</code>
            {requestId === '' ? null : <> · {t('state.requestId', { id: requestId })}</>}
          </Typography>
        )}
        <Box sx={{ mt: 1.5 }}>
          {signIn ? (
            <Button variant="contained" onClick={goToSignIn}>
              {t('state.signInAgain')}
            </Button>
          ) : onRetry === undefined ? null : (
            <Button variant="outlined" onClick={onRetry}>
              {t('state.retry')}
            </Button>
          )}
        </Box>
      </Box>
    </Box>
  );
}

function explain(
  error: unknown,
  t: (key: 'state.unreachable' | 'state.unreachableNext' | 'state.unexpected') => string,
  textOf: ReturnType<typeof useProblemText>,
) {
  if (!(error instanceof ApiProblem)) {
    const text = error instanceof Error ? error.message : '';
    return { title: t('state.unexpected'), next: text, reason: '', requestId: '' };
  }
  const { detail, reason, requestId, errors } = error.problem;
  if (reason === 'web.unreachable') {
    return { title: t('state.unreachable'), next: t('state.unreachableNext'), reason: '', requestId: '' };
  }
  const { title, next } = textOf(reason, { title: error.problem.title, next: error.problem.next ?? '' });
  const named = errors?.map(({ path, message }) => `${path}: ${message}`).join('; ');
  return { title, next: [detail, named, next].filter((part) => part).join('. '), reason, requestId };
}

/** Stands where rows will be. */
export function RowsSkeleton({ rows = 6, label }: { readonly rows?: number; readonly label: string }) {
  return (
    <Box role="status" aria-label={label} sx={{ p: 2, display: 'grid', gap: 1.5 }}>
      {Array.from({ length: rows }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all alike
        <Skeleton key={index} variant="rounded" height={28} sx={{ opacity: 1 - index / (rows + 2) }} />
      ))}
    </Box>
  );
}

/** In the place of a page's content, before it was read. */
export function PendingCard(props: { readonly label: string; readonly error: unknown; readonly onRetry: () => void }) {
  return (
    <Card>
      {props.error === null ? (
        <RowsSkeleton label={props.label} />
      ) : (
        <ErrorState error={props.error} onRetry={props.onRetry} />
      )}
    </Card>
  );
}
