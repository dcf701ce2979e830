import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import type { PolicyProblem } from '@zeronaut/model';
import { lazy, Suspense, useMemo } from 'react';
import { routeQuery } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { RowsSkeleton } from '../../ui/states.tsx';
import { StatusChip } from '../../ui/status-chip.tsx';
import { vocabularyOf } from './cedar-vocabulary.ts';
import { policyMessages } from './messages.ts';
import { useSettled } from './use-settled.ts';

const CedarEditor = lazy(async () => ({ default: (await import('./cedar-editor.tsx')).CedarEditor }));
const NONE: readonly PolicyProblem[] = [];

interface PolicyTextProps {
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly readOnly: boolean;
}

/** The text with what the console says of it. */
export function PolicyText({ text, onText, readOnly }: PolicyTextProps) {
  const t = useMessages(policyMessages);
  const settled = useSettled(text);
  const schema = useQuery({ ...routeQuery('policies.schema', {}), staleTime: Number.POSITIVE_INFINITY });
  const vocabulary = useMemo(
    () => (schema.data === undefined ? undefined : vocabularyOf(schema.data.text)),
    [schema.data],
  );
  const check = useQuery({
    ...routeQuery('policies.check', { body: { text: settled } }),
    enabled: settled.trim() !== '',
  });
  const isCurrent = settled === text && !check.isFetching;
  const problems = check.data?.problems ?? NONE;
  return (
    <Box sx={{ display: 'grid', gap: 1.5 }}>
      <Suspense fallback={<RowsSkeleton label={t('field.text')} />}>
        <CedarEditor
          value={text}
          onChange={onText}
          label={t('field.text')}
          problems={problems}
          vocabulary={vocabulary}
          readOnly={readOnly}
        />
      </Suspense>
      <Box
        role="status"
        sx={{
          display: 'flex',
          flexWrap: 'wrap',
          gap: 2,
          alignItems: 'center',
          justifyContent: 'space-between',
          minHeight: 36,
        }}
      >
        {check.data === undefined || (!isCurrent && problems.length === 0) ? (
          <Typography color="textSecondary">{text.trim() === '' ? '' : t('check.checking')}</Typography>
        ) : check.data.valid ? (
          <Box sx={{ display: 'flex', flexWrap: 'wrap', columnGap: 2 }}>
            <StatusChip meaning="ok">{t('check.good')}</StatusChip>
            {check.data.facts.length === 0 ? null : (
              <Typography variant="body2" color="textSecondary">
                {t('check.facts', { facts: check.data.facts.join(', ') })}
              </Typography>
            )}
          </Box>
        ) : (
          <Box component="ul" sx={{ m: 0, pl: 2.5, color: 'error.main' }}>
            {problems.map((problem) => (
              <li key={`${problem.line}:${problem.column}:${problem.message}`}>
                <Typography variant="body2">
                  {t('check.problem', { line: problem.line, column: problem.column })}: {problem.message}
                </Typography>
                {problem.help === '' ? null : (
                  <Typography variant="body2" color="textSecondary">
                    {problem.help}
                  </Typography>
                )}
              </li>
            ))}
          </Box>
        )}
        {readOnly || !isCurrent || check.data?.valid !== true || check.data.formatted === text ? null : (
          <Button size="small" onClick={() => onText(check.data!.formatted)}>
            {t('format')}
          </Button>
        )}
      </Box>
    </Box>
  );
}
