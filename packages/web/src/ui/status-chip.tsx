import Box from '@mui/material/Box';
import type { ReactNode } from 'react';

/** The meanings that colour has. `neutral` is a fact without judgement. */
export type Meaning = 'ok' | 'warn' | 'bad' | 'neutral';

const COLOR = { ok: 'success.main', warn: 'warning.main', bad: 'error.main', neutral: 'text.secondary' } as const;

/** A word with a dot. The word says it all: colour alone never does. */
export function StatusChip({ meaning, children }: { readonly meaning: Meaning; readonly children: ReactNode }) {
  return (
    <Box
      component="span"
      sx={{
        display: 'inline-flex',
        alignItems: 'center',
        gap: 0.75,
        color: COLOR[meaning],
        fontSize: 13,
        fontWeight: 550,
        whiteSpace: 'nowrap',
      }}
    >
      <Box
        component="span"
        aria-hidden
        sx={{
          width: 8,
          height: 8,
          borderRadius: '50%',
          bgcolor: 'currentColor',
          opacity: meaning === 'neutral' ? 0.6 : 1,
        }}
      />
      {children}
    </Box>
  );
}
