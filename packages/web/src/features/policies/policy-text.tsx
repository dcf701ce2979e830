import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import type { PolicyProblem } from '@zeronaut/model';
import { lazy, Suspense, useMemo } from 'react';
import { routeQuery } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { useSettled } from '../../base/use-settled.ts';
import { RowsSkeleton } from '../../ui/states.tsx';
import { StatusChip } from '../../ui/status-chip.tsx';
import { type NamedId, vocabularyOf } from './cedar-vocabulary.ts';
import { policyMessages } from './messages.ts';
import { useProblemWords } from './problem-words.ts';

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
  const named = useNamedIds(!readOnly);
  const vocabulary = useMemo(
    () => (schema.data === undefined ? undefined : { ...vocabularyOf(schema.data.text), named }),
    [schema.data, named],
  );
  const check = useQuery({
    ...routeQuery('policies.check', { body: { text: settled } }),
    enabled: settled.trim() !== '',
  });
  const isCurrent = settled === text && !check.isFetching;
  const inWords = useProblemWords();
  const found = check.data;
  const [problems, warnings] = useMemo(
    () => (found === undefined ? [NONE, NONE] : [found.problems.map(inWords), found.warnings.map(inWords)]),
    [found, inWords],
  );
  return (
    <Box sx={{ display: 'grid', gap: 1.5 }}>
      <Suspense fallback={<RowsSkeleton label={t('field.text')} />}>
        <CedarEditor
          value={text}
          onChange={onText}
          label={t('field.text')}
          problems={problems}
          warnings={warnings}
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
          <Problems problems={problems} color="error.main" />
        )}
        {readOnly || !isCurrent || check.data?.valid !== true || check.data.formatted === text ? null : (
          <Button size="small" onClick={() => onText(check.data!.formatted)}>
            {t('format')}
          </Button>
        )}
      </Box>
      {check.data?.valid === true && isCurrent && warnings.length > 0 ? (
        <Box role="status">
          <StatusChip meaning="warn">{t('check.warnings')}</StatusChip>
          <Problems problems={warnings} color="text.primary" />
        </Box>
      ) : null}
    </Box>
  );
}

/** Ids with their names, of what whoever writes may see. */
function useNamedIds(enabled: boolean): ReadonlyMap<string, readonly NamedId[]> {
  const may = useMay();
  const ask = { query: { limit: 500 } };
  const users = useQuery({ ...routeQuery('users.list', ask), enabled: enabled && may('users:read') });
  const resources = useQuery({ ...routeQuery('resources.list', ask), enabled: enabled && may('resources:read') });
  const sites = useQuery({ ...routeQuery('sites.list', ask), enabled: enabled && may('sites:read') });
  const gateways = useQuery({ ...routeQuery('gateways.list', ask), enabled: enabled && may('gateways:read') });
  return useMemo(
    () =>
      new Map<string, readonly NamedId[]>([
        ['User', users.data?.items.map(({ id, email }) => ({ id, name: email })) ?? []],
        ['Resource', resources.data?.items ?? []],
        ['Site', sites.data?.items ?? []],
        ['Gateway', gateways.data?.items ?? []],
      ]),
    [users.data, resources.data, sites.data, gateways.data],
  );
}

function Problems({ problems, color }: { readonly problems: readonly PolicyProblem[]; readonly color: string }) {
  const t = useMessages(policyMessages);
  return (
    <Box component="ul" sx={{ m: 0, pl: 2.5, color, overflowWrap: 'anywhere', minWidth: 0 }}>
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
  );
}
