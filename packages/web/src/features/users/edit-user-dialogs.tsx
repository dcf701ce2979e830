import { routes, type User } from '@zeronaut/model';
import { call, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useGroups, useRoles } from '../../base/people.ts';
import type { Base } from '../../ui/form.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { ListInput, SelectInput, TextInput } from '../../ui/form-fields.tsx';
import { useDone } from '../../ui/use-done.ts';
import { userMessages } from './messages.ts';

const body = routes['users.update'].body;
const profile = body.pick({ name: true, role: true, groups: true }).required();
const secret = body.pick({ password: true }).required();
const OLD = ['users.list', 'users.get', 'sessions.list'] as const;

interface DialogProps {
  readonly user: User;
  readonly onClose: () => void;
}

function baseOf({ name, role, groups, version }: User): Base<Pick<User, 'name' | 'role' | 'groups'>> {
  return { values: { name, role, groups }, version };
}

export function EditUserDialog({ user, onClose }: DialogProps) {
  const t = useMessages(userMessages);
  const done = useDone();
  const update = useRouteMutation('users.update', OLD);
  const roles = useRoles();
  const groups = useGroups();
  return (
    <FormDialog
      title={t('edit.title', { name: user.name })}
      action={t('save')}
      schema={profile}
      base={baseOf(user)}
      reload={async () => baseOf(await call('users.get', { params: { id: user.id } }))}
      onSubmit={(values, { version }) =>
        update.mutateAsync({ params: { id: user.id }, body: values, version: version ?? user.version })
      }
      done={done('saved', user.name)}
      onClose={onClose}
    >
      <TextInput name="name" label={t('field.name')} autoFocus />
      <SelectInput
        name="role"
        label={t('column.role')}
        hint={t('role.hint')}
        options={[...new Set([...roles, user.role])].map((value) => ({ value, label: value }))}
      />
      <ListInput name="groups" label={t('column.groups')} options={groups} hint={t('groups.hint')} />
    </FormDialog>
  );
}

export function SetPasswordDialog({ user, onClose }: DialogProps) {
  const t = useMessages(userMessages);
  const update = useRouteMutation('users.update', OLD);
  const base = { values: { password: '' }, version: user.version };
  return (
    <FormDialog
      title={t('password.title', { name: user.name })}
      action={t('password.set')}
      schema={secret}
      base={base}
      reload={async () => ({ ...base, version: (await call('users.get', { params: { id: user.id } })).version })}
      onSubmit={(values, { version }) =>
        update.mutateAsync({ params: { id: user.id }, body: values, version: version ?? user.version })
      }
      onClose={onClose}
    >
      <TextInput
        name="password"
        label={t('field.password')}
        type="password"
        autoComplete="new-password"
        hint={t('password.hint')}
        autoFocus
      />
      <span>{t('password.text')}</span>
    </FormDialog>
  );
}
