import Box from '@mui/material/Box';
import { useMemo } from 'react';
import { lineDiff } from '../base/line-diff.ts';
import { useMessages } from '../base/messages.ts';
import { uiMessages } from './messages.ts';

const MARK = { same: ' ', added: '+', removed: '−' } as const;
const COLOR = { same: 'text.secondary', added: 'success.main', removed: 'error.main' } as const;

/** Two texts as one, with what went and what came. The sign before each line says it without colour. */
export function DiffView({
  before,
  after,
  label,
}: {
  readonly before: string;
  readonly after: string;
  readonly label: string;
}) {
  const t = useMessages(uiMessages);
  const lines = useMemo(() => lineDiff(before, after), [before, after]);
  if (lines.every(({ kind }) => kind === 'same')) return <Box sx={{ color: 'text.secondary' }}>{t('diff.same')}</Box>;
  return (
    <Box
      component="pre"
      aria-label={label}
      tabIndex={0}
      sx={{
        m: 0,
        py: 1,
        border: 1,
        borderColor: 'divider',
        borderRadius: 2,
        bgcolor: 'background.default',
        fontFamily: 'ui-monospace, SFMono-Regular, Menlo, Consolas, monospace',
        fontSize: 12,
        lineHeight: 1.6,
        maxHeight: 420,
        overflow: 'auto',
      }}
    >
      {lines.map(({ kind, text }, index) => (
        <Box
          // biome-ignore lint/suspicious/noArrayIndexKey: a diff is made anew as a whole
          key={index}
          component={kind === 'added' ? 'ins' : kind === 'removed' ? 'del' : 'span'}
          sx={{
            display: 'block',
            px: 1.5,
            color: COLOR[kind],
            textDecoration: 'none',
            whiteSpace: 'pre-wrap',
            overflowWrap: 'anywhere',
          }}
        >
          {`${MARK[kind]} ${text}`}
        </Box>
      ))}
    </Box>
  );
}
