import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { routes } from '@zeronaut/model';
import { useState } from 'react';
import { routeQuery, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { ListInput, SelectInput, TextInput } from '../../ui/form-fields.tsx';
import { SecretDialog } from '../../ui/secret-dialog.tsx';
import { tokenMessages } from './messages.ts';

const DAY_SECONDS = 86_400;
const LIVES = [7, 30, 90, 365] as const;

export function CreateTokenDialog({ onClose }: { readonly onClose: () => void }) {
  const t = useMessages(tokenMessages);
  const create = useRouteMutation('personalAccessTokens.create', [
    'personalAccessTokens.list',
    'personalAccessTokens.listAll',
  ]);
  const resources = useQuery(routeQuery('resources.list', { query: { limit: 500 } }));
  const [token, setToken] = useState<string | null>(null);
  if (token !== null) {
    return (
      <SecretDialog title={t('made.title')} label={t('made.token')} secret={token} onClose={onClose}>
        <Typography>{t('made.text')}</Typography>
      </SecretDialog>
    );
  }
  const http = resources.data?.items.filter(({ protocol }) => protocol === 'http') ?? [];
  return (
    <FormDialog
      title={t('create.title')}
      action={t('create')}
      schema={routes['personalAccessTokens.create'].body}
      base={{ values: { name: '', resources: [], expiresInSeconds: 90 * DAY_SECONDS } }}
      onSubmit={async (body) => setToken((await create.mutateAsync({ body })).token)}
      onClose={onClose}
      keepOpen
    >
      <TextInput name="name" label={t('column.name')} hint={t('name.hint')} autoFocus />
      <ListInput
        name="resources"
        label={t('column.resources')}
        options={http.map(({ name }) => name)}
        hint={t('resources.hint')}
      />
      <SelectInput
        name="expiresInSeconds"
        label={t('field.life')}
        options={LIVES.map((count) => ({ value: count * DAY_SECONDS, label: t('days', { count }) }))}
      />
    </FormDialog>
  );
}
