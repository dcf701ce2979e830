import Box from '@mui/material/Box';
import { useMessages } from '../../base/messages.ts';
import { useProblemText } from '../../base/problem-texts.ts';
import { ErrorState } from '../../ui/states.tsx';
import { StatusChip } from '../../ui/status-chip.tsx';
import { settingsMessages } from './messages.ts';

interface TestResultProps {
  /** Of what was tried; undefined: nothing was. */
  readonly name: string | undefined;
  readonly result: { readonly delivered: boolean; readonly error: string | null } | undefined;
  readonly error: Error | null;
}

/** What became of a test message. */
export function TestResult({ name, result, error }: TestResultProps) {
  const t = useMessages(settingsMessages);
  const textOf = useProblemText();
  // A refusal begins with its reason, which has words in each language; what a receiver answers has its own.
  const said = result?.error ?? '';
  const { title, next } = textOf(/^[a-z_]+\.[a-z_]+(?=:|$)/.exec(said)?.[0] ?? '', { title: said, next: '' });
  const why = [title, next].filter((part) => part !== '').join('. ');
  return (
    <>
      <Box role="status">
        {result === undefined || name === undefined ? null : (
          <Box sx={{ mb: 2 }}>
            <StatusChip meaning={result.delivered ? 'ok' : 'bad'}>
              {t(result.delivered ? 'export.testGood' : 'export.testBad', { name, error: why })}
            </StatusChip>
          </Box>
        )}
      </Box>
      {error === null ? null : <ErrorState error={error} />}
    </>
  );
}
