import Box from '@mui/material/Box';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect } from 'react';
import { goToSignIn, meQuery, needsSignIn } from '../base/session.ts';
import { ErrorState } from '../ui/states.tsx';

/** Nothing is shown before it is known who looks; without a session there is only the way to sign in. */
export function Boot({ children }: { readonly children: ReactNode }) {
  const { data, error, refetch } = useQuery(meQuery);
  const leaving = data === undefined && needsSignIn(error);
  useEffect(() => {
    if (leaving) goToSignIn();
  }, [leaving]);
  if (data !== undefined) return children;
  if (error === null || leaving) return null;
  return (
    <Box sx={{ maxWidth: 520, mx: 'auto', mt: 8 }}>
      <ErrorState error={error} onRetry={() => void refetch()} />
    </Box>
  );
}
