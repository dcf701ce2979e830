import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { type Group, type GroupDetail, routes } from '@zeronaut/model';
import { useRef } from 'react';
import { call, routeQuery, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { TextInput } from '../../ui/form-fields.tsx';
import { ErrorState, RowsSkeleton } from '../../ui/states.tsx';
import { useDone } from '../../ui/use-done.ts';
import { groupMessages } from './messages.ts';

const OLD = ['groups.list', 'users.list', 'users.get'] as const;
const schema = routes['groups.create'].body;

export function CreateGroupDialog({ onClose }: { readonly onClose: () => void }) {
  const t = useMessages(groupMessages);
  const create = useRouteMutation('groups.create', OLD);
  return (
    <FormDialog
      title={t('create')}
      action={t('create')}
      schema={schema}
      base={{ values: { name: '', description: '' } }}
      onSubmit={(body) => create.mutateAsync({ body })}
      onClose={onClose}
    >
      <Fields />
    </FormDialog>
  );
}

interface GroupDialogProps {
  readonly group: Group;
  readonly onClose: () => void;
}

export function EditGroupDialog({ group, onClose }: GroupDialogProps) {
  const t = useMessages(groupMessages);
  const done = useDone();
  const update = useRouteMutation('groups.update', OLD);
  const name = useRef(group.name);
  return (
    <FormDialog
      title={t('edit.title', { name: group.name })}
      action={t('save')}
      schema={schema}
      base={baseOf(group)}
      reload={async () => baseOf(await call('groups.get', { params: { name: group.name } }))}
      onSubmit={async (body, { version }) => {
        const saved = await update.mutateAsync({
          params: { name: name.current },
          body,
          version: version ?? group.version,
        });
        // Renamed, it is found under its new name, by the way back too.
        name.current = saved.name;
        return saved;
      }}
      done={done('saved', group.name)}
      onClose={onClose}
    >
      <Fields />
    </FormDialog>
  );
}

function baseOf({ name, description, version }: Group) {
  return { values: { name, description }, version };
}

function Fields() {
  const t = useMessages(groupMessages);
  return (
    <>
      <TextInput name="name" label={t('column.name')} hint={t('name.hint')} autoFocus />
      <TextInput name="description" label={t('description')} maxLength={300} />
    </>
  );
}

/** Says what still names it, which the API asks before it lets a group go. */
export function RemoveGroupDialog({ group, onClose }: GroupDialogProps) {
  const t = useMessages(groupMessages);
  const remove = useRouteMutation('groups.delete', OLD);
  const params = { name: group.name };
  const { data, error } = useQuery(routeQuery('groups.get', { params }));
  return (
    <ConfirmDialog
      open
      title={t('remove.title', { name: group.name })}
      action={t('remove')}
      onConfirm={() => remove.mutateAsync({ params, version: data?.version ?? group.version })}
      onClose={onClose}
    >
      <Typography>{t('remove.text')}</Typography>
      {error === null ? null : <ErrorState error={error} />}
      {data === undefined ? error === null ? <RowsSkeleton label={t('title')} /> : null : <Known group={data} />}
    </ConfirmDialog>
  );
}

function Known({ group: { sources, usedBy } }: { readonly group: GroupDetail }) {
  const t = useMessages(groupMessages);
  return (
    <>
      {sources
        .filter(({ kind }) => kind !== 'hand')
        .map(({ kind, identityProvider, members }) => (
          <Typography key={`${kind} ${identityProvider}`}>
            {t('remove.given', { count: members, provider: identityProvider ?? '' })}
          </Typography>
        ))}
      {usedBy.length === 0 ? null : (
        <Typography>{t('remove.used', { names: usedBy.map(({ name }) => name).join(', ') })}</Typography>
      )}
    </>
  );
}
