import { useNavigate } from '@tanstack/react-router';

/** Changes what the page keeps in its URL, without a step in the history; `undefined` takes a part away. */
export function useSearchChange(): (change: Readonly<Record<string, string | undefined>>) => void {
  const navigate = useNavigate();
  return (change) => void navigate({ to: '.', search: (before) => ({ ...before, ...change }), replace: true });
}
