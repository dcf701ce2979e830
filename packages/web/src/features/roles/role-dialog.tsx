import { isForOwnersAlone, type RoleDefinition, routes } from '@zeronaut/model';
import { call, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useMe } from '../../base/session.ts';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { ListInput, TextInput } from '../../ui/form-fields.tsx';
import { useDone } from '../../ui/use-done.ts';
import { roleMessages } from './messages.ts';
import { usePermissionText } from './use-permission-text.ts';

const schema = routes['roles.create'].body;

function baseOf({ name, description, permissions, version }: RoleDefinition) {
  return { values: { name, description, permissions }, version };
}

interface RoleDialogProps {
  /** Null: a new one. */
  readonly definition: RoleDefinition | null;
  readonly onClose: () => void;
}

/** Nobody puts more into a role than they may themselves. */
export function RoleDialog({ definition: role, onClose }: RoleDialogProps) {
  const t = useMessages(roleMessages);
  const textOf = usePermissionText();
  const done = useDone();
  const me = useMe();
  const create = useRouteMutation('roles.create', ['roles.list']);
  const update = useRouteMutation('roles.update', ['roles.list', 'me.get']);
  return (
    <FormDialog
      title={role === null ? t('create') : t('edit.title', { name: role.name })}
      action={role === null ? t('create') : t('save')}
      schema={schema}
      base={role === null ? { values: { name: '', description: '', permissions: [] } } : baseOf(role)}
      {...(role === null
        ? {}
        : { reload: async () => baseOf(await call('roles.get', { params: { name: role.name } })) })}
      onSubmit={({ name, description, permissions }, { version }) =>
        role === null
          ? create.mutateAsync({ body: { name, description, permissions } })
          : update.mutateAsync({
              params: { name: role.name },
              body: { description, permissions },
              version: version ?? role.version,
            })
      }
      {...(role === null ? {} : { done: done('saved', role.name) })}
      onClose={onClose}
    >
      {role === null ? <TextInput name="name" label={t('name')} hint={t('name.hint')} autoFocus /> : null}
      <TextInput name="description" label={t('description')} maxLength={300} />
      <ListInput
        name="permissions"
        label={t('field.permissions')}
        hint={t('permissions.hint')}
        options={me.permissions.filter((permission) => !isForOwnersAlone(permission))}
        labelOf={(one) => `${textOf(one)} (${one})`}
        free={false}
      />
    </FormDialog>
  );
}
