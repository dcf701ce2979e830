import TextField from '@mui/material/TextField';
import { useQuery } from '@tanstack/react-query';
import { routes, type WorkloadTrust } from '@zeronaut/model';
import { useState } from 'react';
import { useController } from 'react-hook-form';
import { routeQuery, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useMe } from '../../base/session.ts';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { ListInput, NumberInput, SelectInput, TextInput } from '../../ui/form-fields.tsx';
import { parseClaims, parseKeys } from './claims.ts';
import { workloadTrustMessages } from './messages.ts';

const MINUTE_SECONDS = 60;

interface Props {
  readonly onMade: (trust: WorkloadTrust) => void;
  readonly onClose: () => void;
}

export function CreateTrustDialog({ onMade, onClose }: Props) {
  const t = useMessages(workloadTrustMessages);
  const me = useMe();
  const create = useRouteMutation('workloadTrusts.create', ['workloadTrusts.list']);
  const accounts = useQuery(routeQuery('serviceAccounts.list', { query: { limit: 500, status: 'active' } }));
  if (accounts.isLoading) return null;
  return (
    <FormDialog
      title={t('create')}
      action={t('create')}
      schema={routes['workloadTrusts.create'].body}
      base={{
        values: {
          name: '',
          serviceAccountId: accounts.data?.items[0]?.id ?? '',
          issuer: '',
          jwksUri: null,
          keys: null,
          audience: null,
          subject: '',
          claims: {},
          scopes: null,
          tokenSeconds: 15 * MINUTE_SECONDS,
          maxUses: 1,
        },
      }}
      onSubmit={async (body) => onMade(await create.mutateAsync({ body }))}
      onClose={onClose}
      keepOpen
    >
      <TextInput name="name" label={t('column.name')} hint={t('name.hint')} autoFocus />
      <SelectInput
        name="serviceAccountId"
        label={t('column.account')}
        hint={t('account.hint')}
        options={accounts.data?.items.map(({ id, name }) => ({ value: id, label: name })) ?? []}
      />
      <TextInput name="issuer" label={t('field.issuer')} hint={t('issuer.hint')} type="url" />
      <TextInput name="subject" label={t('column.subject')} hint={t('subject.hint')} />
      <TextOf name="claims" parse={parseClaims} label={t('field.claims')} hint={t('claims.hint')} empty={{}} />
      <TextInput name="audience" label={t('field.audience')} hint={t('audience.hint')} nullable />
      <TextInput name="jwksUri" label={t('field.jwksUri')} hint={t('jwksUri.hint')} type="url" nullable />
      <TextOf name="keys" parse={parseKeys} label={t('field.keys')} hint={t('keys.hint')} empty={null} />
      <ListInput name="scopes" label={t('field.scopes')} hint={t('scopes.hint')} options={me.permissions} nullable />
      <NumberInput
        name="tokenSeconds"
        label={t('field.life')}
        hint={t('life.hint')}
        factor={MINUTE_SECONDS}
        unit={t('minutes')}
      />
      <NumberInput name="maxUses" label={t('field.uses')} hint={t('uses.hint')} />
    </FormDialog>
  );
}

interface TextOfProps {
  readonly name: string;
  readonly label: string;
  readonly hint: string;
  /** What a text stands for; undefined: for nothing. */
  readonly parse: (text: string) => unknown;
  readonly empty: unknown;
}

/** Several lines that stand for a value: they stay as they were typed, and are wrong while they stand for nothing. */
function TextOf({ name, label, hint, parse, empty }: TextOfProps) {
  const [text, setText] = useState('');
  const { field, fieldState } = useController({ name });
  return (
    <TextField
      name={name}
      inputRef={field.ref}
      label={label}
      helperText={hint}
      error={fieldState.invalid}
      value={text}
      multiline
      minRows={2}
      maxRows={8}
      onBlur={field.onBlur}
      onChange={({ target }) => {
        setText(target.value);
        // A text is no value that the schema takes.
        field.onChange(target.value.trim() === '' ? empty : (parse(target.value) ?? target.value));
      }}
      slotProps={{ htmlInput: { spellCheck: false } }}
    />
  );
}
