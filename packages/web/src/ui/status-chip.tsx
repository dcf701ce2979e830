import { styled } from '@mui/material/styles';
import type { ReactNode } from 'react';

/** The meanings that colour has. `neutral` is a fact without judgement. */
export type Meaning = 'ok' | 'warn' | 'bad' | 'neutral';

const COLOR = {
  ok: 'var(--zn-palette-success-main)',
  warn: 'var(--zn-palette-warning-main)',
  bad: 'var(--zn-palette-error-main)',
  neutral: 'var(--zn-palette-text-secondary)',
} as const;

const Word = styled('span')(({ theme }) => ({
  display: 'inline-flex',
  alignItems: 'center',
  gap: theme.spacing(0.75),
  fontSize: 13,
  fontWeight: 550,
  whiteSpace: 'nowrap',
  '&::before': {
    content: '""',
    // Where the word needs the room, it wraps; the dot stays round.
    flexShrink: 0,
    width: 8,
    height: 8,
    borderRadius: '50%',
    backgroundColor: 'currentColor',
  },
  '&[data-meaning="neutral"]::before': { opacity: 0.6 },
}));

/** A word with a dot. The word says it all: colour alone never does. */
export function StatusChip({ meaning, children }: { readonly meaning: Meaning; readonly children: ReactNode }) {
  return (
    <Word data-meaning={meaning} style={{ color: COLOR[meaning] }}>
      {children}
    </Word>
  );
}
