import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';

/**
 * What the address asks a page to begin: `?do=drain` of the command palette opens the dialog that asks. It goes out of the address
 * at once, so that a page which is loaded again begins nothing. Null: whoever looks may not.
 */
export function useBegin(begins: Readonly<Record<string, (() => void) | null>>): void {
  const { do: wanted } = useSearch({ strict: false }) as { do?: string };
  const navigate = useNavigate();
  const known = useRef(begins);
  known.current = begins;
  useEffect(() => {
    if (wanted === undefined || !Object.hasOwn(known.current, wanted)) return;
    known.current[wanted]?.();
    void navigate({ to: '.', search: (search: object) => ({ ...search, do: undefined }), replace: true } as never);
  }, [wanted, navigate]);
}
