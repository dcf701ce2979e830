import Box from '@mui/material/Box';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useEffect } from 'react';
import { ApiProblem } from '../base/api-client.ts';
import { forgetLastState, forgetOthers, keepLastState, restoreLastState } from '../base/last-state.ts';
import { goToSignIn, meQuery, needsSignIn } from '../base/session.ts';
import { ErrorState } from '../ui/states.tsx';

/**
 * Nothing is shown before it is known who looks; without a session there is only the way to sign in. With the console away it is
 * what was shown last.
 */
export function Boot({ children }: { readonly children: ReactNode }) {
  const client = useQueryClient();
  // Once more and soon: then there is the last state to show.
  const { data, error, refetch } = useQuery({ ...meQuery, retry: 1, retryDelay: 500 });
  const leaving = data === undefined && needsSignIn(error);
  const isAway = data === undefined && isUnreachable(error);
  useEffect(() => {
    if (leaving) void forgetLastState().then(goToSignIn);
  }, [leaving]);
  useEffect(() => {
    if (isAway) void restoreLastState(client);
  }, [client, isAway]);
  const userId = data?.user?.id;
  useEffect(() => {
    if (userId === undefined) return;
    void forgetOthers(userId);
    return keepLastState(client, userId);
  }, [client, userId]);
  if (data !== undefined) return children;
  if (error === null || leaving) return null;
  return (
    <Box sx={{ maxWidth: 520, mx: 'auto', mt: 8 }}>
      <ErrorState error={error} onRetry={() => void refetch()} />
    </Box>
  );
}

function isUnreachable(error: unknown): boolean {
  return error instanceof ApiProblem && (error.problem.status === 0 || error.problem.status >= 502);
}
