import Autocomplete from '@mui/material/Autocomplete';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Checkbox from '@mui/material/Checkbox';
import FormControlLabel from '@mui/material/FormControlLabel';
import MenuItem from '@mui/material/MenuItem';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import type { FormCondition, PolicyForm } from '@zeronaut/model';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { call, routeQuery } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useSettled } from '../../base/use-settled.ts';
import { CopyText } from '../../ui/copy-text.tsx';
import { PlusIcon } from '../../ui/icons.tsx';
import { ErrorState, RowsSkeleton } from '../../ui/states.tsx';
import { conditionAbout } from './condition.ts';
import { ConditionList } from './condition-list.tsx';
import { policyMessages } from './messages.ts';
import { useProblemWords } from './problem-words.ts';
import { SelectorList } from './selector-list.tsx';

const ACTIONS = ['access', 'read', 'write', 'connect', 'forward', 'administer'] as const;
const WHO = ['user', 'service_account', 'guest', 'group', 'role'] as const;
const WHAT = ['resource', 'site', 'segment'] as const;

interface PolicyFormViewProps {
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly readOnly: boolean;
}

/** The same policy as fields. The console turns one into the other, so that nothing gets lost on the way. */
export function PolicyFormView({ text, onText, readOnly }: PolicyFormViewProps) {
  const t = useMessages(policyMessages);
  const inWords = useProblemWords();
  /** The text that the form wrote last: it need not be read again. */
  const written = useRef<string | null>(null);
  const [form, setForm] = useState<PolicyForm | null>(null);
  const [error, setError] = useState<unknown>(null);
  const reading = useQuery({
    ...routeQuery('policies.form', { body: { text } }),
    enabled: text.trim() !== '' && text !== written.current,
    placeholderData: undefined as never,
  });
  const read = reading.data?.form;
  useEffect(() => {
    if (read != null) setForm(read);
  }, [read]);
  const edited = useRef(false);
  const settled = useSettled(form);
  // biome-ignore lint/correctness/useExhaustiveDependencies: written when the form settles, not when its page renders
  useEffect(() => {
    if (settled === null || !edited.current) return;
    const stop = new AbortController();
    call('policies.text', { body: { form: settled } }, { signal: stop.signal }).then(
      (answer) => {
        edited.current = false;
        setError(null);
        written.current = answer.text;
        onText(answer.text);
      },
      (problem: unknown) => {
        if (!stop.signal.aborted) setError(problem);
      },
    );
    return () => stop.abort();
  }, [settled]);

  if (form === null) {
    if (reading.error !== null) return <ErrorState error={reading.error} onRetry={() => void reading.refetch()} />;
    if (reading.data === undefined) return <RowsSkeleton label={t('form.loading')} />;
    return (
      <Box role="status">
        <Typography>{t(reading.data.textOnly ? 'form.textOnly' : 'form.broken')}</Typography>
        {reading.data.problems.map(inWords).map(({ line, column, message, help }) => (
          <Typography key={`${line}:${column}`} color="textSecondary">
            {t('check.problem', { line, column })}: {message} {help}
          </Typography>
        ))}
      </Box>
    );
  }

  const change = (part: Partial<PolicyForm>) => {
    if (readOnly) return;
    edited.current = true;
    setForm((before) => ({ ...before!, ...part }));
  };
  const annotate = (name: string, value: string | null) => {
    const { [name]: _, ...rest } = form.annotations;
    change({ annotations: value === null ? rest : { ...rest, [name]: value } });
  };
  return (
    <Box component="fieldset" disabled={readOnly} sx={{ border: 0, m: 0, p: 0, minWidth: 0, display: 'grid', gap: 3 }}>
      {error === null ? null : <ErrorState error={error} />}
      <Box sx={{ display: 'grid', gap: 2, gridTemplateColumns: { xs: 'minmax(0, 1fr)', sm: '180px minmax(0, 1fr)' } }}>
        <TextField
          select
          label={t('form.effect')}
          value={form.effect}
          onChange={(event) => change({ effect: event.target.value as PolicyForm['effect'] })}
        >
          {(['permit', 'forbid'] as const).map((effect) => (
            <MenuItem key={effect} value={effect}>
              {t(`effect.${effect}`)}
            </MenuItem>
          ))}
        </TextField>
        <Autocomplete
          multiple
          options={ACTIONS}
          value={form.actions}
          getOptionLabel={(action) => t(`action.${action}`)}
          onChange={(_, actions) => change({ actions })}
          renderInput={(params) => (
            <TextField {...params} label={t('form.actions')} helperText={t('form.actionsHelp')} />
          )}
        />
      </Box>
      <Part title={t('form.who')} help={t('form.whoHelp')}>
        <SelectorList
          kinds={WHO}
          selectors={form.who}
          onSelectors={(who) => change({ who: who as PolicyForm['who'] })}
        />
      </Part>
      <Part title={t('form.what')} help={t('form.whatHelp')}>
        <SelectorList
          kinds={WHAT}
          selectors={form.what}
          onSelectors={(what) => change({ what: what as PolicyForm['what'] })}
        />
      </Part>
      <Part title={t('form.when')} help={t('form.whenHelp')}>
        <ConditionList depth={0} conditions={form.when} onConditions={(when) => change({ when: [...when] })} />
      </Part>
      <Part title={t('form.unless')} help={t('form.unlessHelp')}>
        {form.unless.map((exception, index) => (
          <Box
            // biome-ignore lint/suspicious/noArrayIndexKey: exceptions have no name but their place
            key={index}
            sx={{ borderLeft: 2, borderColor: 'divider', pl: 2 }}
          >
            <Typography variant="body2" color="textSecondary" sx={{ mb: 1 }}>
              {t('form.exception', { number: index + 1 })}
            </Typography>
            <ConditionList
              depth={0}
              conditions={exception}
              onConditions={(next) =>
                change({
                  unless:
                    next.length === 0
                      ? form.unless.toSpliced(index, 1)
                      : form.unless.toSpliced(index, 1, [...next] as FormCondition[]),
                })
              }
            />
          </Box>
        ))}
        <Box>
          <Button
            size="small"
            startIcon={<PlusIcon />}
            onClick={() => change({ unless: [...form.unless, [conditionAbout('granted', 'is', undefined)]] })}
          >
            {t('form.addException')}
          </Button>
        </Box>
      </Part>
      <Box sx={{ display: 'grid', gap: 1 }}>
        <TextField
          label={t('form.advice')}
          value={form.annotations.advice ?? ''}
          onChange={(event) => annotate('advice', event.target.value === '' ? null : event.target.value)}
          slotProps={{ htmlInput: { maxLength: 300 } }}
        />
        <FormControlLabel
          control={
            <Checkbox
              checked={form.annotations.step_up !== undefined}
              onChange={(event) => annotate('step_up', event.target.checked ? '' : null)}
            />
          }
          label={t('form.stepUp')}
        />
      </Box>
      <Part title={t('form.asText')}>
        <CopyText text={text} label={t('form.asText')} />
      </Part>
    </Box>
  );
}

function Part(props: { readonly title: string; readonly help?: string; readonly children: ReactNode }) {
  return (
    <Box component="section" aria-label={props.title} sx={{ display: 'grid', gap: 1.5 }}>
      <Box>
        <Typography variant="h3">{props.title}</Typography>
        {props.help === undefined ? null : (
          <Typography variant="body2" color="textSecondary">
            {props.help}
          </Typography>
        )}
      </Box>
      {props.children}
    </Box>
  );
}
