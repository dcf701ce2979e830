import { useNavigate } from '@tanstack/react-router';
import { routes, type User } from '@zeronaut/model';
import { call, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useGroups, useRoles } from '../../base/people.ts';
import type { Base } from '../../ui/form.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { ListInput, SelectInput, TextInput } from '../../ui/form-fields.tsx';
import { useDone } from '../../ui/use-done.ts';
import { serviceAccountMessages } from './messages.ts';

const OLD = ['serviceAccounts.list', 'users.list'] as const;
const changeable = routes['serviceAccounts.update'].body.pick({ role: true, groups: true }).required();

/** Leads on to its first key: without one it can do nothing. */
export function CreateServiceAccountDialog({ onClose }: { readonly onClose: () => void }) {
  const t = useMessages(serviceAccountMessages);
  const create = useRouteMutation('serviceAccounts.create', OLD);
  const navigate = useNavigate();
  return (
    <FormDialog
      title={t('create.title')}
      action={t('create')}
      schema={routes['serviceAccounts.create'].body}
      base={{ values: { name: '', role: 'member', groups: [] } }}
      onSubmit={async (body) => {
        const { id } = await create.mutateAsync({ body });
        await navigate({ to: '/service-accounts/api-keys', search: { owner: id, create: '1' } });
      }}
      onClose={onClose}
      keepOpen
    >
      <TextInput name="name" label={t('column.name')} hint={t('name.hint')} autoFocus />
      <RoleAndGroups />
    </FormDialog>
  );
}

export function EditServiceAccountDialog({
  account,
  onClose,
}: {
  readonly account: User;
  readonly onClose: () => void;
}) {
  const t = useMessages(serviceAccountMessages);
  const done = useDone();
  const update = useRouteMutation('serviceAccounts.update', OLD);
  return (
    <FormDialog
      title={t('edit.title', { name: account.name })}
      action={t('save')}
      schema={changeable}
      base={baseOf(account)}
      reload={async () => baseOf(await call('users.get', { params: { id: account.id } }))}
      onSubmit={(body, { version }) =>
        update.mutateAsync({ params: { id: account.id }, body, version: version ?? account.version })
      }
      done={done('saved', account.name)}
      onClose={onClose}
    >
      <RoleAndGroups />
    </FormDialog>
  );
}

function baseOf({ role, groups, version }: User): Base<Pick<User, 'role' | 'groups'>> {
  return { values: { role, groups }, version };
}

function RoleAndGroups() {
  const t = useMessages(serviceAccountMessages);
  const roles = useRoles();
  const groups = useGroups();
  return (
    <>
      <SelectInput
        name="role"
        label={t('column.role')}
        hint={t('role.hint')}
        options={roles.map((value) => ({ value, label: value }))}
      />
      <ListInput name="groups" label={t('column.groups')} options={groups} hint={t('groups.hint')} />
    </>
  );
}
