import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { type ApiKey, routes } from '@zeronaut/model';
import { useState } from 'react';
import { routeQuery, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useRoles } from '../../base/people.ts';
import { useMay, useMe } from '../../base/session.ts';
import { CopyText } from '../../ui/copy-text.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { ListInput, SelectInput, TextInput } from '../../ui/form-fields.tsx';
import { SecretDialog } from '../../ui/secret-dialog.tsx';
import { apiKeyMessages } from './messages.ts';

const DAY_SECONDS = 86_400;
const LIVES = [30, 90, 365] as const;
const OVERLAPS = [0, 1, 24, 168] as const;
const HOUR_SECONDS = 3_600;

interface CreateProps {
  /** Preset: a service account. Null: whoever creates it. */
  readonly owner: string | null;
  readonly onClose: () => void;
}

export function CreateApiKeyDialog({ owner, onClose }: CreateProps) {
  const t = useMessages(apiKeyMessages);
  const me = useMe();
  const may = useMay();
  const roles = useRoles();
  const create = useRouteMutation('apiKeys.create', ['apiKeys.list']);
  const accounts = useQuery({
    ...routeQuery('serviceAccounts.list', { query: { limit: 500 } }),
    enabled: may('service_accounts:read'),
  });
  const [key, setKey] = useState<string | null>(null);
  if (key !== null) return <KeyDialog apiKey={key} onClose={onClose} />;
  if (accounts.isLoading) return null;
  const active = accounts.data?.items.filter(({ status }) => status === 'active') ?? [];
  const preset = active.find(({ id }) => id === owner);
  return (
    <FormDialog
      title={t('create.title')}
      action={t('create')}
      schema={routes['apiKeys.create'].body}
      base={{
        values: {
          name: '',
          role: preset?.role ?? 'member',
          scopes: null,
          serviceAccountId: preset?.id ?? null,
          expiresInSeconds: 90 * DAY_SECONDS,
        },
      }}
      onSubmit={async (body) => setKey((await create.mutateAsync({ body })).key)}
      onClose={onClose}
      keepOpen
    >
      <TextInput name="name" label={t('column.name')} hint={t('name.hint')} autoFocus />
      <SelectInput
        name="serviceAccountId"
        label={t('column.owner')}
        options={[{ value: null, label: t('owner.me') }, ...active.map(({ id, name }) => ({ value: id, label: name }))]}
      />
      <SelectInput
        name="role"
        label={t('column.role')}
        hint={t('role.hint')}
        options={roles.map((value) => ({ value, label: value }))}
      />
      <ListInput name="scopes" label={t('field.scopes')} options={me.permissions} hint={t('scopes.hint')} nullable />
      <SelectInput
        name="expiresInSeconds"
        label={t('field.life')}
        options={[
          ...LIVES.map((count) => ({ value: count * DAY_SECONDS, label: t('days', { count }) })),
          { value: null, label: t('life.never') },
        ]}
      />
    </FormDialog>
  );
}

/** A new key in the place of an old one, which goes on for a while so that nothing has to stop. */
export function RotateApiKeyDialog({ apiKey, onClose }: { readonly apiKey: ApiKey; readonly onClose: () => void }) {
  const t = useMessages(apiKeyMessages);
  const rotate = useRouteMutation('apiKeys.rotate', ['apiKeys.list']);
  const [key, setKey] = useState<string | null>(null);
  if (key !== null) return <KeyDialog apiKey={key} onClose={onClose} />;
  return (
    <FormDialog
      title={t('rotate.title', { name: apiKey.name })}
      action={t('rotate')}
      schema={routes['apiKeys.rotate'].body.unwrap()}
      base={{ values: { overlapSeconds: 24 * HOUR_SECONDS } }}
      onSubmit={async (body) => setKey((await rotate.mutateAsync({ params: { id: apiKey.id }, body })).key)}
      onClose={onClose}
      keepOpen
    >
      <Typography>{t('rotate.text')}</Typography>
      <SelectInput
        name="overlapSeconds"
        label={t('field.overlap')}
        options={OVERLAPS.map((count) => ({
          value: count * HOUR_SECONDS,
          label: count === 0 ? t('overlap.none') : t('hours', { count }),
        }))}
      />
    </FormDialog>
  );
}

function KeyDialog({ apiKey, onClose }: { readonly apiKey: string; readonly onClose: () => void }) {
  const t = useMessages(apiKeyMessages);
  return (
    <SecretDialog title={t('made.title')} label={t('made.key')} secret={apiKey} onClose={onClose}>
      <Typography>{t('made.text')}</Typography>
      <CopyText
        text={`curl -H "Authorization: Bearer $ZERONAUT_TOKEN" ${location.origin}/api/v1/me`}
        label={t('made.command')}
      />
    </SecretDialog>
  );
}
