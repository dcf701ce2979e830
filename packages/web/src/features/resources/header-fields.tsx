import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import IconButton from '@mui/material/IconButton';
import Typography from '@mui/material/Typography';
import { type HeaderRules, type HeaderRulesInput, isSecretHeaderName } from '@zeronaut/model';
import { useEffect } from 'react';
import { get, useFieldArray, useFormContext, useFormState, useWatch } from 'react-hook-form';
import { useMessages } from '../../base/messages.ts';
import { Facts } from '../../ui/facts.tsx';
import { FoldedSection } from '../../ui/folded-section.tsx';
import { SelectInput, SwitchInput, TextInput } from '../../ui/form-fields.tsx';
import { DeleteIcon, PlusIcon } from '../../ui/icons.tsx';
import { missingSecurityHeaders, ruleText } from './header-rules.ts';
import { resourceMessages } from './messages.ts';

type Side = 'request' | 'response';

/** Host, and what is set, added and removed on both ways. */
export function HeaderSection() {
  const t = useMessages(resourceMessages);
  const { errors } = useFormState({ name: 'headers' });
  const { host, request, response } = useWatch({ name: 'headers' }) as HeaderRulesInput;
  const summary = [
    host === null ? null : t('headers.summaryHost', { host }),
    request.length === 0 ? null : t('headers.summaryRequest', { count: request.length }),
    response.length === 0 ? null : t('headers.summaryResponse', { count: response.length }),
  ].filter((text) => text !== null);
  return (
    <FoldedSection
      title={t('section.headers')}
      summary={summary.length === 0 ? t('headers.none') : summary.join(' · ')}
      wrong={get(errors, 'headers') !== undefined}
    >
      <Box sx={{ display: 'grid', gap: 3, pt: 1 }}>
        <TextInput
          name="headers.host"
          label={t('headers.host')}
          hint={t('headers.hostHint')}
          maxLength={262}
          nullable
        />
        <Rules side="request" />
        <Rules side="response" />
      </Box>
    </FoldedSection>
  );
}

function Rules({ side }: { readonly side: Side }) {
  const t = useMessages(resourceMessages);
  const { fields, append, remove } = useFieldArray({ name: `headers.${side}` });
  const rules = useWatch({ name: `headers.${side}` }) as HeaderRulesInput['response'];
  const missing = side === 'response' ? missingSecurityHeaders(rules) : [];
  return (
    <Box role="group" aria-label={t(`headers.${side}`)} sx={{ display: 'grid', gap: 2 }}>
      <div>
        <Typography variant="h3">{t(`headers.${side}`)}</Typography>
        <Typography variant="body2" color="textSecondary">
          {t(`headers.${side}Text`)}
        </Typography>
      </div>
      {fields.map((field, index) => (
        <Box key={field.id} sx={{ display: 'flex', gap: 1, alignItems: 'flex-start' }}>
          <Box sx={{ flex: 1, minWidth: 0, display: 'grid', gap: 1 }}>
            <Rule side={side} name={`headers.${side}.${index}`} />
          </Box>
          <IconButton aria-label={t('headers.removeRule', { number: index + 1 })} onClick={() => remove(index)}>
            <DeleteIcon fontSize="small" />
          </IconButton>
        </Box>
      ))}
      <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1 }}>
        <Button startIcon={<PlusIcon />} onClick={() => append({ action: 'set', name: '', value: null })}>
          {t('headers.addRule')}
        </Button>
        {missing.length === 0 ? null : (
          <Button startIcon={<PlusIcon />} onClick={() => append(missing)}>
            {t('headers.security')}
          </Button>
        )}
      </Box>
    </Box>
  );
}

const COLUMNS = {
  display: 'grid',
  gap: 1,
  gridTemplateColumns: { xs: 'minmax(0, 1fr)', sm: '7rem minmax(0, 2fr) minmax(0, 3fr)' },
} as const;

function Rule({ side, name }: { readonly side: Side; readonly name: string }) {
  const t = useMessages(resourceMessages);
  const { setValue } = useFormContext();
  const [action, header, value, said] = useWatch({
    name: [`${name}.action`, `${name}.name`, `${name}.value`, `${name}.secret`],
  }) as [string, string | undefined, string | null, boolean | undefined];
  const removes = action === 'remove';
  const isSecret = side === 'request' && !removes && (said ?? isSecretHeaderName(header ?? ''));
  useEffect(() => {
    if (removes && value !== null) setValue(`${name}.value`, null, { shouldDirty: true });
  }, [removes, value, name, setValue]);
  // A name that sounds like a secret says so before it is saved, and can be told otherwise.
  useEffect(() => {
    if (side === 'request' && said === undefined && isSecret) setValue(`${name}.secret`, true);
  }, [side, said, isSecret, name, setValue]);
  return (
    <>
      <Box sx={COLUMNS}>
        <SelectInput
          name={`${name}.action`}
          label={t('headers.action')}
          options={(['set', 'add', 'remove'] as const).map((one) => ({ value: one, label: t(`headers.${one}`) }))}
        />
        <TextInput name={`${name}.name`} label={t('headers.name')} hint={t('headers.nameHint')} maxLength={64} />
        {removes ? null : (
          <TextInput
            name={`${name}.value`}
            label={t('headers.value')}
            type={isSecret ? 'password' : 'text'}
            autoComplete={isSecret ? 'new-password' : 'off'}
            {...(isSecret && { hint: t('headers.secretHint') })}
            maxLength={4096}
            nullable
          />
        )}
      </Box>
      {side === 'response' || removes ? null : <SwitchInput name={`${name}.secret`} label={t('headers.secret')} />}
    </>
  );
}

/** Rules as they are kept, both ways. */
export function HeaderFacts({ rules: { host, request, response } }: { readonly rules: HeaderRules }) {
  const t = useMessages(resourceMessages);
  return (
    <Facts
      rows={[
        host === null ? null : [t('headers.host'), <code key="host">{host}</code>],
        request.length === 0 ? null : [t('headers.request'), <RuleLines key="request" rules={request} />],
        response.length === 0 ? null : [t('headers.response'), <RuleLines key="response" rules={response} />],
      ]}
    />
  );
}

function RuleLines({ rules }: { readonly rules: HeaderRules['request'] | HeaderRules['response'] }) {
  const t = useMessages(resourceMessages);
  const texts = rules.map((rule) => [t(`headers.${rule.action}`), ruleText(rule)] as const);
  return (
    <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0 }}>
      {texts.map(([action, text]) => (
        <li key={`${action} ${text}`}>
          {action} <code>{text}</code>
        </li>
      ))}
    </Box>
  );
}
