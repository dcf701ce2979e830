import Autocomplete from '@mui/material/Autocomplete';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Checkbox from '@mui/material/Checkbox';
import FormControlLabel from '@mui/material/FormControlLabel';
import MenuItem from '@mui/material/MenuItem';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { type AccessAnswer, ASSUMED_ADDRESS, PERMISSIONS } from '@zeronaut/model';
import { type FormEvent, useEffect, useState } from 'react';
import { routeQuery, useRouteMutation } from '../../base/api.ts';
import { useLanguage, useMessages } from '../../base/messages.ts';
import { useProblemText } from '../../base/problem-texts.ts';
import { useMay } from '../../base/session.ts';
import { useSettled } from '../../base/use-settled.ts';
import { TextLink } from '../../ui/button-link.tsx';
import { Facts } from '../../ui/facts.tsx';
import { ErrorState } from '../../ui/states.tsx';
import { DeviceInput } from './device-input.tsx';
import type { Draft } from './draft.ts';
import { policyMessages } from './messages.ts';
import { EffectTag, ModeChip, OutcomeChip } from './policy-chips.tsx';
import { ACTIONS, EMPTY_QUESTION, FACTORS, type QuestionFields, questionOf } from './question.ts';

interface Asked {
  readonly fields: QuestionFields;
  /** The question is about a call of the API. */
  readonly administers: boolean;
}

interface SimulatePanelProps {
  readonly draft: Draft | undefined;
  /** What is asked at once when it names an object. */
  readonly first?: Asked;
  readonly onAsked?: (asked: Asked) => void;
}

/** How many of what the API found are offered. */
const OFFERED = 50;

/** Asks what would happen to one request, with a draft in force if there is one. */
export function SimulatePanel({ draft, first, onAsked }: SimulatePanelProps) {
  const t = useMessages(policyMessages);
  const [fields, setFields] = useState(first?.fields ?? EMPTY_QUESTION);
  const [administers, setAdministers] = useState(first?.administers ?? false);
  const [asked, setAsked] = useState('');
  const simulate = useRouteMutation('policies.simulate', []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what the address asked, once
  useEffect(() => {
    if (first !== undefined && first.fields.object !== '') ask();
  }, []);
  function ask(event?: FormEvent): void {
    event?.preventDefault();
    onAsked?.({ fields, administers });
    const named = draft === undefined ? undefined : { ...draft, name: draft.name === '' ? 'draft' : draft.name };
    const proposal = named === undefined ? {} : { proposal: { policies: [named], prune: false } };
    const question = questionOf(fields);
    setAsked(question.object);
    simulate.mutate({ body: { ...question, ...(administers && { action: 'administer' as const }), ...proposal } });
  }
  return (
    <Box
      sx={{ display: 'grid', gap: 3, gridTemplateColumns: { xs: 'minmax(0, 1fr)', lg: 'repeat(2, minmax(0, 1fr))' } }}
    >
      <Box component="form" onSubmit={ask} sx={{ display: 'grid', gap: 2, alignContent: 'start' }}>
        {draft === undefined ? null : <Typography color="textSecondary">{t('simulate.with')}</Typography>}
        <FormControlLabel
          control={<Checkbox checked={administers} onChange={(event) => setAdministers(event.target.checked)} />}
          label={t('simulate.administers')}
        />
        <QuestionInputs
          fields={fields}
          administers={administers}
          onFields={(change) => setFields((before) => ({ ...before, ...change }))}
        />
        <Box>
          <Button
            type="submit"
            variant="contained"
            loading={simulate.isPending}
            disabled={fields.object.trim() === '' || (administers && fields.user.trim() === '')}
          >
            {t('simulate.run')}
          </Button>
        </Box>
      </Box>
      <Box role="status" sx={{ minWidth: 0 }}>
        {simulate.error !== null ? <ErrorState error={simulate.error} /> : null}
        {simulate.data === undefined ? null : <Answer answer={simulate.data} object={asked} />}
      </Box>
    </Box>
  );
}

interface QuestionInputsProps {
  readonly fields: QuestionFields;
  readonly onFields: (change: Partial<QuestionFields>) => void;
  /** The question is about a call of the API: its object is a permission, and there is no request to a service. */
  readonly administers?: boolean;
}

/** The question itself; assertions ask the same one. */
export function QuestionInputs({ fields, onFields, administers = false }: QuestionInputsProps) {
  const t = useMessages(policyMessages);
  const may = useMay();
  const ask = (q: string) =>
    ({ query: { limit: OFFERED, sort: 'name', ...(q.trim() !== '' && { q: q.trim() }) } }) as const;
  // There may be thousands of each: the API looks for what is typed.
  const [user, object, gateway] = [useSettled(fields.user), useSettled(fields.object), useSettled(fields.gateway)];
  const users = useQuery({ ...routeQuery('users.list', ask(user)), enabled: may('users:read') });
  const isForward = fields.action === 'forward';
  const resources = useQuery({ ...routeQuery('resources.list', ask(object)), enabled: !isForward && !administers });
  const sites = useQuery({ ...routeQuery('sites.list', ask(object)), enabled: isForward && !administers });
  const gateways = useQuery({ ...routeQuery('gateways.list', ask(gateway)), enabled: may('gateways:read') });
  const objects = isForward ? sites.data?.items : resources.data?.items;
  const names = administers ? Object.keys(PERMISSIONS) : (objects?.map(({ name }) => name) ?? []);
  const text = (
    key: 'address' | 'country' | 'at' | 'risk' | 'factorMinutesAgo' | 'method' | 'path',
    hint?: `simulate.${'addressHint' | 'countryHint' | 'atHint' | 'riskHint' | 'factorMinutesAgoHint'}`,
  ) => (
    <TextField
      label={t(`simulate.${key}`)}
      value={fields[key]}
      onChange={(event) => onFields({ [key]: event.target.value })}
      helperText={hint === undefined ? undefined : t(hint, { address: ASSUMED_ADDRESS })}
      {...(key === 'at'
        ? { type: 'datetime-local', slotProps: { inputLabel: { shrink: true } } }
        : { slotProps: { htmlInput: { maxLength: 1024 } } })}
    />
  );
  const two = {
    display: 'grid',
    gap: 2,
    gridTemplateColumns: { xs: 'minmax(0, 1fr)', sm: 'repeat(2, minmax(0, 1fr))' },
  };
  return (
    <>
      <Autocomplete
        freeSolo
        options={users.data?.items.map(({ email }) => email) ?? []}
        inputValue={fields.user}
        onInputChange={(_, user) => onFields({ user })}
        renderInput={(params) => (
          <TextField {...params} label={t('simulate.user')} helperText={t('simulate.userHint')} />
        )}
      />
      <Box sx={two}>
        {administers ? null : (
          <TextField
            select
            label={t('simulate.action')}
            value={fields.action}
            onChange={(event) => onFields({ action: event.target.value as QuestionFields['action'] })}
          >
            {ACTIONS.map((action) => (
              <MenuItem key={action} value={action}>
                {t(`action.${action}`)}
              </MenuItem>
            ))}
          </TextField>
        )}
        <Autocomplete
          freeSolo
          options={names}
          inputValue={fields.object}
          onInputChange={(_, object) => onFields({ object })}
          renderInput={(params) => (
            <TextField {...params} label={t(administers ? 'simulate.permission' : 'simulate.object')} required />
          )}
        />
      </Box>
      <Typography variant="h3" component="h2">
        {t('simulate.moment')}
      </Typography>
      <Box sx={two}>
        {text('address', 'simulate.addressHint')}
        {text('country', 'simulate.countryHint')}
        {may('devices:read') ? <DeviceInput id={fields.device} onId={(device) => onFields({ device })} /> : null}
        {text('at', 'simulate.atHint')}
        {text('risk', 'simulate.riskHint')}
        {text('factorMinutesAgo', 'simulate.factorMinutesAgoHint')}
        {!administers && (fields.action === 'read' || fields.action === 'write') ? (
          <>
            {text('method')}
            {text('path')}
          </>
        ) : null}
        {administers ? null : (
          <Autocomplete
            freeSolo
            options={gateways.data?.items.map(({ name }) => name) ?? []}
            inputValue={fields.gateway}
            onInputChange={(_, gateway) => onFields({ gateway })}
            renderInput={(params) => (
              <TextField {...params} label={t('simulate.gateway')} helperText={t('simulate.gatewayHint')} />
            )}
          />
        )}
      </Box>
      <Autocomplete
        multiple
        options={FACTORS}
        value={[...fields.factors]}
        onChange={(_, factors) => onFields({ factors })}
        renderInput={(params) => <TextField {...params} label={t('simulate.factors')} />}
      />
      {administers ? null : (
        <FormControlLabel
          control={
            <Checkbox checked={fields.granted} onChange={(event) => onFields({ granted: event.target.checked })} />
          }
          label={t('simulate.granted')}
        />
      )}
    </>
  );
}

const CHANGES = [
  ...(['factors', 'factorMinutesAgo', 'granted', 'by', 'group', 'withoutGroup', 'role', 'who', 'device'] as const),
  ...(['gateway', 'address', 'country', 'action', 'method', 'path', 'time', 'risk'] as const),
  ...(['segment', 'withoutSegment'] as const),
] as const;
const isChange = (fact: string): fact is (typeof CHANGES)[number] => (CHANGES as readonly string[]).includes(fact);

function Answer({ answer, object }: { readonly answer: AccessAnswer; readonly object: string }) {
  const t = useMessages(policyMessages);
  const language = useLanguage();
  const { title, next } = useProblemText()(answer.reason, answer);
  const inWords = ({ fact, value }: { readonly fact: string; readonly value: string }) =>
    isChange(fact) ? t(`simulate.change.${fact}`, { value }) : t('simulate.change', { fact, value });
  const countryWords = ({ code, from, fileBuiltAt }: AccessAnswer['country']) => {
    const country = code === null ? t('simulate.country.none') : t('simulate.country.code', { code });
    if (from === 'question' || fileBuiltAt === null) return t('simulate.country.question', { country });
    const options = { month: 'long', year: 'numeric', timeZone: 'UTC' } as const;
    const month = new Date(fileBuiltAt).toLocaleDateString(language, options);
    return t('simulate.country.console', { country, month });
  };
  const ruleWords = ({ mode, allow }: AccessAnswer['rule']) =>
    mode === 'policy'
      ? t('simulate.rule.policy')
      : mode === 'public'
        ? t('simulate.rule.public')
        : allow.length === 0
          ? t('simulate.rule.everybody')
          : t('simulate.rule.allow', { allow: allow.join(', ') });
  return (
    <Box
      component="section"
      aria-label={t('simulate.result')}
      sx={{ display: 'grid', gap: 2.5, overflowWrap: 'anywhere' }}
    >
      <Box>
        <OutcomeChip outcome={answer.effect} />
        <Typography variant="h2" component="p">
          {title}
        </Typography>
        <Typography color="textSecondary">{next.replace(/\bNAME\b/, object)}</Typography>
        <code>{answer.reason}</code>
      </Box>
      <Box>
        <Typography variant="h3" component="h2">
          {t('simulate.rule')}
        </Typography>
        <OutcomeChip outcome={answer.rule.effect} /> <code>{answer.rule.reason}</code>
        {answer.rule.mode === null ? null : <Typography color="textSecondary">{ruleWords(answer.rule)}</Typography>}
        {answer.address === undefined ? null : (
          <Typography color="textSecondary">
            {t(`simulate.address.${answer.address.from}`, { address: answer.address.value })}
          </Typography>
        )}
        <Typography color="textSecondary">{countryWords(answer.country)}</Typography>
      </Box>
      <Box>
        <Typography variant="h3" component="h2" gutterBottom>
          {t('simulate.policies')}
        </Typography>
        {answer.policies.length === 0 ? (
          <Typography color="textSecondary">{t('simulate.noPolicies')}</Typography>
        ) : null}
        <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0, display: 'grid', gap: 1.5 }}>
          {answer.policies.map((policy) => (
            <Box
              component="li"
              key={policy.id}
              sx={{ border: 1, borderColor: 'divider', borderRadius: 2, px: 2, py: 1.25 }}
            >
              <Box sx={{ display: 'flex', flexWrap: 'wrap', columnGap: 1.5, alignItems: 'center' }}>
                <TextLink to="/policies/$id" params={{ id: policy.id }} sx={{ fontWeight: 600 }}>
                  {policy.name}
                </TextLink>
                <EffectTag effect={policy.effect} />
                <ModeChip mode={policy.mode} />
                <span>{t(`simulate.holds.${policy.holds}`)}</span>
                {policy.decides ? <strong>{t('simulate.decides')}</strong> : null}
              </Box>
              {Object.keys(policy.facts).length === 0 ? null : (
                <Box sx={{ mt: 1 }}>
                  <Facts rows={Object.entries(policy.facts)} />
                </Box>
              )}
            </Box>
          ))}
        </Box>
      </Box>
      <Box>
        <Typography variant="h3" component="h2" gutterBottom>
          {t('simulate.wouldChange')}
        </Typography>
        {answer.wouldChange.length === 0 ? (
          <Typography color="textSecondary">{t('simulate.nothingChanges')}</Typography>
        ) : null}
        <Box component="ul" sx={{ m: 0, pl: 2.5 }}>
          {answer.wouldChange.map(({ fact, value, effect, also }) => (
            <li key={JSON.stringify([fact, value, also])}>
              {[{ fact, value }, ...also].map(inWords).join(` ${t('simulate.and')} `)} →{' '}
              <OutcomeChip outcome={effect} />
            </li>
          ))}
        </Box>
      </Box>
    </Box>
  );
}
